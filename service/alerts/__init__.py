"""Possible links between cases, verdicts on them, and clusters."""
