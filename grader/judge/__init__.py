"""The judge: stored cases, the order of questions, what is compared and what is said of it."""
