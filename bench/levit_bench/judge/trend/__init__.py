"""Sessions along time: series of cases, where they change for good, and who changes with whom."""
