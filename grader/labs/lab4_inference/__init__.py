"""Lab 4: from symbols to a file that one can hear, and how fast."""
