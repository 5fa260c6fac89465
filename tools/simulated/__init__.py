"""Simulated machines, sessions and stores with known truth, against which tests and pages check the statistics."""
