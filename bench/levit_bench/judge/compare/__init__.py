"""Two sides against each other: sessions, networks of one session, a row of sessions, and equals against equals."""
