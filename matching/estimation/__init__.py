"""Weights from data: m and u without labels or from verdicts, probabilities from held-out truth."""
