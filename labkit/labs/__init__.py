"""What the labs are, and what each of their notebooks shows."""
