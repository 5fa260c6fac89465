"""Comparisons: two sessions, two networks of one session, the newest of a series of sessions, and A/A."""
