"""Page 11: design the final, and defend the design."""
