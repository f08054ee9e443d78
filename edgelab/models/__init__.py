"""Models: one module a topic, each a noun that a student knows."""
