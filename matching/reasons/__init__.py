"""Reason codes, and what they say in the languages of officers."""
