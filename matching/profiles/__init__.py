"""Profiles that ship with the library, as TOML."""
