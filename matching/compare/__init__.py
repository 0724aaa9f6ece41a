"""Comparisons: one field each, records and settings in, evidence out."""
