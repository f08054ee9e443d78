"""Page 9: which slice of an endpoint belongs at the edge."""
