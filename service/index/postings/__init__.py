"""Which cases hold a term of the index."""
