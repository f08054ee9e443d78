"""Page 2: the request chain."""
