"""Explanation of the ratio of two cases: factors from stored figures, and profiles."""
