"""Lab 3: the decoder, and the whole model around it."""
