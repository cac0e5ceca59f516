"""What a notebook means: its solution cells, its written answers, and what they reach for."""
