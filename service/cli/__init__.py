"""The command line `empd`."""
