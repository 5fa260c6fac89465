"""Doubts about the state of the machine while a session was taken: each is said once a session.

Knows what was recorded before and after the runs; refuses to know single cases, save to see that all of them agree.
"""

from __future__ import annotations

import math
from statistics import median

from bench.judge.doubts.shapes import step
from bench.judge.doubts.sight import Sight
from bench.records import Finding
from bench.units import format_bytes, format_latency

NULL_S = 50e-6
"""A null pass that takes longer has something in its way."""
FELL = 0.07
"""Share by which the clock must have fallen from the first half of the runs to the second."""
ROSE = 0.10
"""Log units by which all cases together must have become slower in one step."""
ROUNDS = 6
"""Fewest rounds of a session that show a step."""
TOGETHER = 0.8
"""Share of the cases that must have taken part."""
STOLEN = 0.05
"""Share of one processor's time that a hypervisor may take."""
SWAPPED = 16 << 20
"""Bytes of swap that a run may add: less is housekeeping."""


def frequency_fell(sight: Sight) -> Finding | None:
    """The clock at the ends of later runs against earlier ones: read while the machine is still warm from work."""
    clocks = [stage.after.clock_hz for stage in sight.stages if stage.after and stage.after.clock_hz]
    half = len(clocks) // 2
    if half < 1 or (now := median(clocks[-half:])) >= (1 - FELL) * (then := median(clocks[:half])):
        return None
    message = (
        f"the clock fell from {then / 1e9:.2f} to {now / 1e9:.2f} GHz from the first half of the runs to the second. "
        "Later runs are slower for that alone; compare within the session, cool the machine, or fix its clock."
    )
    return Finding(kind="frequency-fell", message=message)


def throttled(sight: Sight) -> Finding | None:
    """All cases, the yardstick among them, became slower in the later part of the session at once."""
    rises = {seen.record.info.id: _rise(sight, seen.record.info.id) for seen in sight.cases}
    common = step(_common(sight), max(2, len(_common(sight)) // 5)) if len(_common(sight)) >= ROUNDS else 0.0
    part = [rise >= common / 2 for rise in rises.values()]
    sticks = [rises[seen.record.info.id] >= common / 2 for seen in sight.yardsticks]
    if common < ROSE or sum(part) < TOGETHER * len(part) or not all(sticks):
        return None
    hot = _hottest(sight)
    message = (
        f"all cases, the yardstick too, became {math.expm1(common):.0%} slower in the later part of session "
        f"{sight.session}{hot}. The machine slowed down: heat, a power limit, or a neighbour. Latencies mix both "
        "states, ratios hardly; let it cool, and measure again."
    )
    return Finding(kind="throttled", message=message)
