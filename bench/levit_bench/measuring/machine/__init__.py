"""The machine: its fingerprint, its state, and how much of it a process may use."""
