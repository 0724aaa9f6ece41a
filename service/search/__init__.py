"""Investigator search: explained hits over what the actor may know."""
