"""Where the ratio between two cases comes from: factors, and what a profile says."""
