"""Early stopping of a session at declared looks (sequential tests): races for the front, and target errors."""
