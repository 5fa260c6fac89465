"""Measures how often the trend cries wolf, and how it and other rules find planted changes."""
