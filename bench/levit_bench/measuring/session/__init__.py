"""A session: rehearsed, measured in runs of rounds of turns, and written line by line."""
