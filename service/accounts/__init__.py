"""Authorities, their officials and their machine clients."""
