"""What lab 2 shows: the memory that the encoder of the student makes."""
