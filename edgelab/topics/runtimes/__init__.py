"""Page 4: isolates and containers."""
