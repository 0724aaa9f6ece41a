"""How the letters of each script are read in Latin, one script a file."""
