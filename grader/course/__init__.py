"""A class: who has handed in, what it earned, where it is kept, and what students are told."""
