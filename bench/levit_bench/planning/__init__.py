"""Plans of how a session's budget is spent, stopping rules, and forecasts of how long a session takes."""
