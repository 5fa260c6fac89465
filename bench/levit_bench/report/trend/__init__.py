"""The trend of stored sessions as tables, pictures and data."""
