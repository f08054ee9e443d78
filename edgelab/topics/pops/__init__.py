"""Page 3: how many PoPs, and where."""
