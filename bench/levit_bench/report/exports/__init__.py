"""Stored cases in the formats that other tools read: one file a format, and what they share."""
