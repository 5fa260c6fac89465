"""Where the scatter lies and how large it is: between sessions, runs and rounds."""
