"""Summaries of cases: what lists and links show of many at a time."""
