"""Report cards: what is on them, how they look, and the one of one's own notebooks."""
