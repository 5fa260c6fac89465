"""What pytest needs before it collects; imports nothing of the suite, so that a test run starts at once."""
