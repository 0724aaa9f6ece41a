"""Dates of birth: how two partial dates relate, and what that is worth."""
