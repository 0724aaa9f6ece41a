"""The indicator matrix and signs computed across records; never a verdict."""
