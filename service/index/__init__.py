"""The port of the candidate index and its adapters."""
