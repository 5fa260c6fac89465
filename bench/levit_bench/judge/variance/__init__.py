"""Variance components: scatter between sessions, runs and rounds, and the models that use it."""
