"""What is done with stored sessions, for every door: a front page, a pick, a comparison, an explanation, a view."""
