"""Speech corpora: made from our own sentences, prepared for training, checked for faults."""
