"""How a session's time is planned and spent, and how long it would take."""
