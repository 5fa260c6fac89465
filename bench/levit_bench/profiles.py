"""What watching one case operator by operator tells: the nouns that the workshop fills in and the study reads.

Refuses to know how operators are watched and what the numbers mean. Never stored in a session.
"""

from __future__ import annotations

import msgspec

VIEWS = "views and allocation"
"""Operators that move no number: they make tensors of memory that is there, or ask for some."""
OUTSIDE = "outside operators"
"""Time of a pass in which no operator was at work: Python, modules and the profiler itself."""


class _Noun(msgspec.Struct, frozen=True, kw_only=True):
    """A value: compared by content, never changed."""


class KindShare(_Noun, frozen=True, kw_only=True):
    """The operators of one kind in one pass."""

    kind: str
    """Such as `convolution depthwise`; `VIEWS` and `OUTSIDE` are no arithmetic."""
    calls: int = 0
    """How often one was called."""
    macs: int = 0
    """Multiply-accumulates, the whole batch."""
    moved_bytes: int = 0
    """Sizes of all inputs and outputs: what has to be read and written at least, from cache or memory."""
    seconds: float = 0.0
    """Self time under the profiler, callees that are no operators of their own included."""


class LayerShare(_Noun, frozen=True, kw_only=True):
    """One module of the network in one pass."""

    path: str
    """Name of the module; what no module of the list holds stands under the empty name."""
    seconds: float
    """Time inside it under the profiler."""


class Profile(_Noun, frozen=True, kw_only=True):
    """One case, watched in a fresh seat of its own."""

    pass_s: float
    """Median pass in seconds, undisturbed."""
    passes: int
    """Passes behind it."""
    matrix_flops: float
    """Floating-point operations a second of the best square matrix product with the case's threads and format."""
    matrix_size: int
    """Rows of that product."""
    matrix_format: str = "float32"
    """Number format of that product."""
    kinds: tuple[KindShare, ...] = ()
    """By kind, slowest first; empty when there is nothing to watch."""
    layers: tuple[LayerShare, ...] = ()
    """By module, in the order of execution."""
    profiled_s: float | None = None
    """Seconds of a pass under the profiler, the sum over kinds and the sum over layers."""
    missing: str | None = None
    """Why there are no operators to show."""

    @property
    def kernels(self) -> int:
        """Operators of a pass that read or write numbers."""
        return sum(share.calls for share in self.kinds if share.kind != VIEWS)

    @property
    def moved_bytes(self) -> int:
        """Bytes that the operators of a pass read and write at least."""
        return sum(share.moved_bytes for share in self.kinds)
