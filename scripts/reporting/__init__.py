"""Reports as pure functions of stored runs."""
