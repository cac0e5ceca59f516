"""What lab 1 shows: a toy that reads with the attention of the student."""

# what labkit.notebook offers of it, and the module that it stands in
VIEWS = {
    "compare_attention": "comparison",
    "draw_attention_idea": "idea",
    "explore_attention": "views",
    "explore_location": "views",
    "hear_attention": "hearing",
}
