"""Preparation of networks before they are timed: weights, artifacts, the largest batch that fits."""
