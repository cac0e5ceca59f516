"""What students see below a task, from the judge's comparison on the public cases."""
