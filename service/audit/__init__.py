"""The append-only, hash-chained trail of every access and decision."""
