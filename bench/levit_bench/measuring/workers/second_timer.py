"""The second timer: torch's own benchmark timer on passes of the same case, in the same process and turn."""

from __future__ import annotations

from collections.abc import Callable

import torch

WARM_UP = 2
"""Passes that `Timer.timeit` takes before it looks at its clock, when it is asked for fewer than 300."""


def witness_s(run: Callable[[], object], synchronise: Callable[[], None], passes: int) -> float:
    """Seconds a pass, the mean of so many back to back, as `torch.utils.benchmark.Timer.timeit` measures them.

    The timer sets the number of threads while it measures; it is passed the current number.
    """
    from torch.utils.benchmark import Timer  # With its C++ timer it brings setuptools: a fifth of a second.

    timer = Timer(
        stmt="run(); synchronise()",
        globals={"run": run, "synchronise": synchronise},
        num_threads=torch.get_num_threads(),
    )
    return float(timer.timeit(passes).mean)
