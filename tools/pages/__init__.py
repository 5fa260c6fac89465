"""Writes pages, tables and pictures of docs/ and the README from stored sessions and the source; tests compare them."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The folder of the repository."""
WAY_BACK = "[All pages](README.md)"
"""The last line of every page of docs/."""
