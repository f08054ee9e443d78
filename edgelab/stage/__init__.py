"""What pages are made of, with no topic in it: plots, the live board, the panel, export."""
