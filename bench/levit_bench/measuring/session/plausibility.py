"""Plausibility check of pass times against the machine's matrix rate.

A network cannot multiply much faster than the fastest product of matrices here; some kernels save a few products.
"""

from __future__ import annotations

from levit_bench.numbers.units import format_latency
from levit_bench.records import CaseLine

MOST = 4.0
"""Upper limit of a pass's rate, in multiples of the fastest product of matrices: Winograd's tiles of 4 by 4 save that
factor in a 3 by 3 convolution, if nothing else took time."""


def too_fast(line: CaseLine, pass_s: float) -> str | None:
    """Why a pass of that length cannot be one of this case, or None.

    Args:
        line: with the multiply-accumulates of its network and the matrix rate here; without them the result is None.
        pass_s: seconds.
    """
    if not line.macs or not line.matrix_macs_s or pass_s <= 0:
        return None
    macs = line.macs * line.case.batch
    rate = macs / pass_s
    if rate <= MOST * line.matrix_macs_s:
        return None
    return (
        f"computes nothing: a pass took {format_latency(pass_s)} for {macs / 1e6:,.0f} million multiply-accumulates, "
        f"{rate / line.matrix_macs_s:,.0f} times as many a second as the fastest product of matrices here. What it "
        "returned is not the work of this pass"
    )
