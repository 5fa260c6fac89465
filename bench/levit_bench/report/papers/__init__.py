"""Figures and tables in the widths and forms of papers."""
