"""From a user's request, on the command line, in Python or in pytest, to the cases that are measured."""
