"""Worker processes: starting, requests, timing and ending, with process-wide settings."""
