"""The store of results: sessions as JSON lines, read, written and named."""
