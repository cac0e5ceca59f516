"""The parts of benchmarks/voice_quality.py: what is said, how it is heard, what comes of it."""
