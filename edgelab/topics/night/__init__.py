"""Page 1: the night of the final."""
