"""Files that a user names: the kind of file at a path, and decoding of text."""
