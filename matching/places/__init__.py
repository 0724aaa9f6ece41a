"""Places in other languages, and where countries lie."""
