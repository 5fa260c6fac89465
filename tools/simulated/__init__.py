"""Simulated machines, sessions and stores whose truth is known: what tests and pages hold the statistics against."""
