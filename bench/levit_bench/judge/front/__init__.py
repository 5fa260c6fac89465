"""The front: who nothing beats in speed and top-1 at once, how sure that is, and what changes with the setting."""
