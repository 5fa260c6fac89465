"""What is made of a network before it is timed: weights, artifacts, the largest batch that fits."""
