"""Files that a user names: what stands at a path, and text in whatever encoding."""
