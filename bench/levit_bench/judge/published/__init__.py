"""Figures that others published: which network an accuracy belongs to, and speeds as panels of their own."""
