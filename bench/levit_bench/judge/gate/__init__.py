"""The gate: two sides of one session, judged case by case and as a whole."""
