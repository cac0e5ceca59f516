"""What nbgrader is given: intake, marking, pages, and readers of platforms' downloads."""
