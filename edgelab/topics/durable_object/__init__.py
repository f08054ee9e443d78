"""Page 8: durable objects."""
