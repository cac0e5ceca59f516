"""How fast a student's pipeline is: timed from the judge's side, beside the reference."""
