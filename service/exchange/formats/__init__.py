"""Files of persons: CSV and JSON Lines, in and out."""
