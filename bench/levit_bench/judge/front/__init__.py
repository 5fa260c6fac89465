"""The Pareto front of speed and top-1: its members, how sure they are, and how they change with the setting."""
