"""The front as tables, figures and files."""
