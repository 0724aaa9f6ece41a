"""Counts for the study and for oversight; no person can be told from them."""
