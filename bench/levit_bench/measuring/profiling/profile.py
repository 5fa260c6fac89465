"""Profile of one loaded case: the machine's matrix rate, the operators of a pass, and the time of each.

Independent of the network and the runtime: the loaded object says whether there is a module to profile.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from msgspec.structs import replace

from levit_bench.measuring.loaded_network import Loaded, module_of
from levit_bench.measuring.profiling.matrix_rate import best_rate, format_like
from levit_bench.measuring.profiling.operators import counted
from levit_bench.measuring.profiling.profiler_times import times
from levit_bench.measuring.workers.passes import time_passes
from levit_bench.profiles import KindShare, Profile

NOTHING_INSIDE = (
    "its runtime holds no module that calls operators one by one on the processor, so there is nothing to watch"
)
_SETTLE = 2
_MOST_WATCHED = 9  # Each leaves some thousand events to sort.


def watched(loaded: Loaded, images: Callable[[], torch.Tensor], passes: int) -> Profile:
    """The profile of a case, under inference mode.

    Args:
        loaded: the case.
        images: the placed images of the next pass.
        passes: without the profiler, at least one; some of as many are repeated under the profiler.
    """

    def run() -> None:
        loaded.run(images())
        loaded.synchronise()

    module = module_of(loaded)
    time_passes(run, _nothing, _SETTLE)
    plain = sorted(time_passes(run, _nothing, passes))
    like = _numbers(images(), module)
    rate = best_rate(like, loaded.synchronise)
    profile = Profile(
        pass_s=plain[len(plain) // 2],
        passes=passes,
        matrix_flops=rate.flops,
        matrix_size=rate.size,
        matrix_format=str(format_like(like)).removeprefix("torch."),
    )
    if module is None:
        return replace(profile, missing=NOTHING_INSIDE)
    counts, profiled = counted(run), times(module, run, min(passes, _MOST_WATCHED))
    kinds = [
        replace(counts.get(kind, KindShare(kind=kind)), seconds=profiled.kinds.get(kind, 0.0))
        for kind in {**counts, **profiled.kinds}
    ]
    kinds.sort(key=lambda share: share.seconds, reverse=True)
    return replace(profile, kinds=tuple(kinds), layers=profiled.layers, profiled_s=profiled.seconds)


def _numbers(images: torch.Tensor, module: torch.nn.Module | None) -> torch.Tensor:
    """A tensor in the network's number format: the images, or a weight where the images are bytes."""
    if images.is_floating_point() or module is None:
        return images
    return next((parameter for parameter in module.parameters() if parameter.is_floating_point()), images)


def _nothing() -> None:
    """Nothing to wait for: `run` synchronises itself."""
