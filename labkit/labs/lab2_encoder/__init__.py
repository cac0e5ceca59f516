"""What lab 2 shows: the memory that the encoder of the student makes."""

# what labkit.notebook offers of it, and the module that it stands in
VIEWS = {
    "compare_hiding": "convolutions",
    "compare_packing": "memory",
    "draw_encoder_idea": "idea",
    "explore_convolutions": "convolutions",
    "explore_halves": "memory",
    "hear_encoder": "hearing",
}
