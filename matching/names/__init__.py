"""Names: tokens, scripts, folding, skeletons, alignment; one concern a file."""
