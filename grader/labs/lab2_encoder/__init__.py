"""Lab 2: the encoder, convolutions and a bidirectional LSTM."""
