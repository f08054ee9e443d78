"""Page 6: KV and what eventual costs."""
