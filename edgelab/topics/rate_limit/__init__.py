"""Page 7: rate limits."""
