"""The store of results: reads, writes and names sessions, stored as JSON lines."""
