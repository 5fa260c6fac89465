"""Every operator of a pass, counted where torch dispatches it: calls, multiply-accumulates and bytes by kind.

Counts depend on the network and its shapes alone; nothing is timed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from levit_bench.measuring.counting.operation_counts import SingleOperators, macs_of
from levit_bench.measuring.counting.operator_kinds import OTHER, kind_of
from levit_bench.profiles import VIEWS, KindShare


def counted(run: Callable[[], object]) -> dict[str, KindShare]:
    """Operators that one call of `run` dispatches, by kind."""
    with _Watch() as watch:
        run()
    return {
        kind: KindShare(kind=kind, calls=calls, macs=macs, moved_bytes=moved)
        for kind, (calls, macs, moved) in watch.shares.items()
    }


class _Watch(SingleOperators):
    def __init__(self) -> None:
        super().__init__()
        self.shares: dict[str, tuple[int, int, int]] = {}

    def saw(self, func: Any, args: Sequence[Any], keywords: Mapping[str, Any], out: object) -> None:  # noqa: ANN401
        inputs, outputs = _tensors((args, keywords)), _tensors(out)
        if _moves_nothing(func, inputs, outputs):
            kind, macs, moved = VIEWS, 0, 0
        else:
            kind = kind_of(func._schema.name, [tuple(tensor.shape) for tensor in inputs]) or OTHER
            # An unknown operator counts none: its kind then has no rate.
            macs, moved = macs_of(func, args, keywords, out) or 0, sum(map(_bytes, (*inputs, *outputs)))
        calls, macs_so_far, moved_so_far = self.shares.get(kind, (0, 0, 0))
        self.shares[kind] = (calls + 1, macs_so_far + macs, moved_so_far + moved)


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def _moves_nothing(func: Any, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> bool:  # noqa: ANN401
    """Whether it only allocates memory, or returns views of its inputs."""
    name: str = func._schema.name.rpartition("::")[2]
    if name.startswith(("empty", "new_empty")):
        return True
    if func._schema.is_mutable or not outputs:
        return name == "resize_"
    storages = {tensor.untyped_storage().data_ptr() for tensor in inputs}
    return all(tensor.untyped_storage().data_ptr() in storages for tensor in outputs)


def _bytes(tensor: torch.Tensor) -> int:
    """Bytes of the distinct elements: an expanded one counts once."""
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    return math.prod(size for size, stride in sizes if stride or size == 0) * tensor.element_size()
