"""What lab 4 shows: the code of the student in the voice, measured and compared."""

# what labkit.notebook offers of it, and the module that it stands in
VIEWS = {
    "OwnModel": "grafting",
    "compare_precisions": "precision",
    "compare_scoring": "scoring",
    "draw_pipeline": "pipeline",
    "explore_reading": "pipeline",
    "gradient_cost": "pipeline",
    "hear_speech": "speech_comparison",
    "hear_vocoders": "speech_comparison",
    "latency_report": "benchmark_report",
    "own_model": "grafting",
    "watch_benchmark": "benchmark_view",
}
