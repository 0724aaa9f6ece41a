"""Indicator lists as data."""
