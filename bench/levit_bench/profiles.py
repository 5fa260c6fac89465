"""Data types of an operator profile of one case: filled in by `levit_bench.measuring`, read by `levit_bench.judge`.

Profiles are never stored in a session.
"""

from __future__ import annotations

import msgspec

VIEWS = "views and allocation"
"""Operators that move no data: they make views of memory, or allocate it."""
OUTSIDE = "outside operators"
"""Time of a pass outside of operators: Python, modules and the profiler itself."""


class _Noun(msgspec.Struct, frozen=True, kw_only=True):
    """A value: compared by content, never changed."""


class KindShare(_Noun, frozen=True, kw_only=True):
    """The operators of one kind in one pass."""

    kind: str
    """Such as `convolution depthwise`; `VIEWS` and `OUTSIDE` are not arithmetic."""
    calls: int = 0
    """Number of calls."""
    macs: int = 0
    """Multiply-accumulates of the whole batch."""
    moved_bytes: int = 0
    """Bytes of all inputs and outputs: the least that is read and written, from cache or memory."""
    seconds: float = 0.0
    """Self time under the profiler, including callees that are not operators themselves."""


class LayerShare(_Noun, frozen=True, kw_only=True):
    """One module of the network in one pass."""

    path: str
    """Name of the module; time outside of all listed modules has the empty name."""
    seconds: float
    """Time inside it under the profiler."""


class Profile(_Noun, frozen=True, kw_only=True):
    """The profile of one case, taken in a fresh worker process of its own."""

    pass_s: float
    """Median pass in seconds, without the profiler."""
    passes: int
    """Number of passes behind it."""
    matrix_flops: float
    """Floating-point operations a second of the best square matrix product with the case's threads and format."""
    matrix_size: int
    """Rows of that product."""
    matrix_format: str = "float32"
    """Number format of that product."""
    kinds: tuple[KindShare, ...] = ()
    """By kind, slowest first; empty when there are no operators to profile."""
    layers: tuple[LayerShare, ...] = ()
    """By module, in the order of execution."""
    profiled_s: float | None = None
    """Seconds of a pass under the profiler, the sum over kinds and the sum over layers."""
    missing: str | None = None
    """Why there are no operators to show; absent where there are."""

    @property
    def kernels(self) -> int:
        """Operators of a pass that read or write numbers."""
        return sum(share.calls for share in self.kinds if share.kind != VIEWS)

    @property
    def moved_bytes(self) -> int:
        """Bytes that the operators of a pass read and write at least."""
        return sum(share.moved_bytes for share in self.kinds)
