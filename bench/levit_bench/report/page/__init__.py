"""The report page: one HTML file that holds the figures of stored sessions and what shows them, for any browser."""
