"""Views of stored cases: one file each, for tables and for programs."""
