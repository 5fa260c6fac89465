"""Gates that are measured to find out how often a gate is wrong: of unchanged code, and of planted slowdowns."""
