"""Figures of published files: accuracies paired with networks, and speeds as panels of their own."""
