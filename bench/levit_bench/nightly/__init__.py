"""One night: a stored plan, measured, judged against the trend and a reference, and written down."""
