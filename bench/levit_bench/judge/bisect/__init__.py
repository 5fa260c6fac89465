"""A bisection: what was asked of each candidate, and where the first slow one is."""
