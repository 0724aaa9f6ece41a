"""Terms of the index with their keys."""
