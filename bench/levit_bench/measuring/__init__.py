"""Measuring: prepares networks, times them in worker processes (seats) and checks their outputs.

The only package beside `levit` that imports torch. Refuses to know what the numbers mean: `judge` and `report` read
the session files that it writes.
"""
