"""Every operator of a pass, counted where torch dispatches it: calls, multiply-accumulates and bytes by kind.

Counts are facts of the network and its shapes; refuses to know any clock.
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
    """What one call of `run` asks of torch, by kind."""
    with _Watch() as watch:
        run()
    return {
        kind: KindShare(kind=kind, calls=calls, macs=macs, moved_bytes=moved)
        for kind, (calls, macs, moved) in watch.found.items()
    }


class _Watch(SingleOperators):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[int, int, int]] = {}

    def saw(self, func: Any, args: Sequence[Any], named: Mapping[str, Any], out: object) -> None:  # noqa: ANN401
        given, made = _tensors((args, named)), _tensors(out)
        if _moves_nothing(func, given, made):
            kind, macs, moved = VIEWS, 0, 0
        else:
            kind = kind_of(func._schema.name, [tuple(one.shape) for one in given]) or OTHER
            # Of an operator that nobody knows, none: its kind then has no rate.
            macs, moved = macs_of(func, args, named, out) or 0, sum(map(_bytes, (*given, *made)))
        calls, macs_so_far, moved_so_far = self.found.get(kind, (0, 0, 0))
        self.found[kind] = (calls + 1, macs_so_far + macs, moved_so_far + moved)


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def _moves_nothing(func: Any, given: Sequence[torch.Tensor], made: Sequence[torch.Tensor]) -> bool:  # noqa: ANN401
    """Whether it only asks for memory, or looks at memory that is there in another way."""
    name: str = func._schema.name.rpartition("::")[2]
    if name.startswith(("empty", "new_empty")):
        return True
    if func._schema.is_mutable or not made:
        return name == "resize_"
    known = {one.untyped_storage().data_ptr() for one in given}
    return all(one.untyped_storage().data_ptr() in known for one in made)


def _bytes(tensor: torch.Tensor) -> int:
    """Of its different elements: an expanded one is read once."""
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    return math.prod(size for size, stride in sizes if stride or size == 0) * tensor.element_size()
