"""Explanations as tables and figures."""
