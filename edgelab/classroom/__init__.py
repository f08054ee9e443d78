"""For who teaches: pages to hand out, and submissions to collect."""
