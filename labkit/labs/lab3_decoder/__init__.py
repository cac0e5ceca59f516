"""What lab 3 shows: the decoder of the student, step by step, and how readings fail."""

# what labkit.notebook offers of it, and the module that it stands in
VIEWS = {
    "compare_dropout": "dropout",
    "draw_decoder_idea": "idea",
    "explore_gate": "gate",
    "name_failures": "gallery",
    "say_with": "speaking",
    "show_failures": "gallery",
    "show_postnet": "speaking",
    "show_start": "start",
    "step_decoder": "stepper",
    "watch_decoder": "live",
}
