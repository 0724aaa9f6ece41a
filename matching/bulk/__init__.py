"""Scores of many pairs at once over arrays; the same numbers as the explained comparison."""
