"""A session: the rehearsal, runs of rounds of turns, and the file that they are written to."""
