"""What lab 3 shows: the decoder of the student, step by step, and how readings fail."""
