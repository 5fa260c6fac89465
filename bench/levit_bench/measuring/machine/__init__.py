"""The machine: what it is, the state it is in, and how much of it a process may use."""
