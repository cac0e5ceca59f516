"""Where student code runs: the confined worker, and the frame that crosses the line."""
