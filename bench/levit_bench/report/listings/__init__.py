"""Lists for a terminal: plans, networks, runtimes, machines, tags."""
