"""Use cases over stored sessions, shared by the command line and Python: front page, pick, comparison, views."""
