"""What lab 1 shows: a toy that reads with the attention of the student."""
