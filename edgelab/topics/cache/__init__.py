"""Page 5: the cache and the origin."""
