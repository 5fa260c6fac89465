"""Where the time of one pass goes: operators by kind, layers, bytes, and what the machine can do at most.

Refuses to know what anybody concludes from it. `seats.py` is the parent's side and knows no torch; the others run in a
seat.
"""
