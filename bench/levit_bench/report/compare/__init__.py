"""Comparisons as tables, sentences and documents."""
