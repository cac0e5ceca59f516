"""What only the instructor has of this lab: its cases, and its slips as code."""
