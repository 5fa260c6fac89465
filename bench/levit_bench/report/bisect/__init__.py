"""A bisection as a table, data and a picture."""
