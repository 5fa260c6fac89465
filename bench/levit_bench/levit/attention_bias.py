"""The learned bias of attention: one number per head and distance in rows and columns, spread over queries and keys.

    table   (heads, rows · columns): a parameter, the number for each |Δrow|, |Δcolumn| in raster order
    spread  (heads, queries, keys):  what a pass needs, up to 200 times larger

The table is spread anew in every pass, except where that would be the same again: on a CPU, with gradients off, the
last result is kept together with a copy of the table it came from, and is used only if the table still holds the same
numbers. Comparing costs a few microseconds, spreading a hundred at 14×14 tokens. A version counter would be cheaper
still, but misses writes through `.data`, NumPy or another library's kernel. So loaded weights, averaged weights and
conversions need no extra call. On accelerators comparing would wait for the device, so nothing is cached there, nor in
a trace or an export, where a constant could outlive its weights.

Source: arXiv:2104.01136v2, section 4.2 on the attention bias.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from levit_bench.levit.sizes import Grid


class AttentionBias(nn.Module):
    """Bias for a grid of keys, and queries at every `stride`-th row and column of it; starts at zero.

    Distances are between positions in the keys' grid, so every distance of the table is used.
    """

    index: torch.Tensor

    def __init__(self, heads: int, grid: Grid, stride: int = 1) -> None:
        super().__init__()
        self.grid = grid
        self.stride = stride
        self.table = nn.Parameter(torch.zeros(heads, grid[0] * grid[1]))
        self.register_buffer("index", distances(grid, stride), persistent=False)
        self._last: tuple[torch.Tensor, torch.Tensor] | None = None

    def forward(self) -> torch.Tensor:
        """The bias (heads, queries, keys)."""
        if not self._may_keep():
            return self.spread()
        last = self._last  # Read once: another thread may replace it meanwhile.
        if last is None or last[0].dtype != self.table.dtype or not torch.equal(last[0], self.table):
            last = self._last = (self.table.detach().clone(), self.spread())
        return last[1]

    def spread(self) -> torch.Tensor:
        """The bias (heads, queries, keys), computed anew."""
        queries, keys = self.index.shape
        return self.table.index_select(1, self.index.flatten()).view(-1, queries, keys)

    def _may_keep(self) -> bool:
        """Whether the spread bias may be cached: on a CPU, without gradients, and outside of tracers and compilers."""
        return (
            not torch.is_grad_enabled()
            and type(self.table) is nn.Parameter  # not a substitute of a tracer or of torch.func
            and self.table.device.type == "cpu"
            and not is_traced()
            and not torch.compiler.is_compiling()
        )

    def __getstate__(self) -> dict[str, Any]:
        """The state of copies and pickles, without the cached bias."""
        return {**self.__dict__, "_last": None}

    def extra_repr(self) -> str:
        rows, columns = self.grid
        return f"heads={self.table.shape[0]}, grid={rows}×{columns}, stride={self.stride}"


def distances(grid: Grid, stride: int) -> torch.Tensor:
    """Indices into the table, (queries, keys): |Δrow| · columns + |Δcolumn| between each query and each key."""
    along_rows, along_columns = ((torch.arange(0, side, stride)[:, None] - torch.arange(side)).abs() for side in grid)
    places = along_rows[:, None, :, None] * grid[1] + along_columns[None, :, None, :]
    return places.flatten(2).flatten(0, 1)


def is_traced() -> bool:
    """Whether `torch.jit.trace` is recording, in which case branches taken in Python become constant."""
    return bool(torch.jit.is_tracing())  # type: ignore[attr-defined, no-untyped-call]  # public, and untyped
