"""What lab 4 shows: the code of the student in the voice, measured and compared."""
