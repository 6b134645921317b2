"""Training: data, steps and the loop."""
