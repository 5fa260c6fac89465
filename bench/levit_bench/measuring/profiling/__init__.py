"""Profile of one pass: time by kind of operator and by layer, bytes, and the machine's own matrix rate.

`profiled_cases.py` runs in the parent, without torch; the other modules run in a worker process.
"""
