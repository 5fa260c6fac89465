"""A second count of multiply-accumulates, by other means: what a network's code calls, before torch takes it apart.

Holds the functions of torch that networks call against the shapes that they are given. Shares nothing with the count
under test: that one sees what torch dispatches.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


def count_calls(run: Callable[[], object]) -> int:
    """Multiply-accumulates of what `run` calls."""
    with _Calls() as calls:
        run()
    return calls.macs


class _Calls(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if func in _MADE_OF_OTHERS:
            with self:  # Written in Python: what it calls is counted.
                return func(*args, **named)
        out = func(*args, **named)
        counting = _COUNTED.get(func)
        if counting is not None:
            self.macs += counting(out, *args, **named)
        return out


def _matmul(out: Tensor, left: Tensor, right: Tensor, **_: object) -> int:
    return out.numel() * left.shape[-1]


def _reversed(out: Tensor, right: Tensor, left: Tensor) -> int:
    return _matmul(out, left, right)


def _added(out: Tensor, _sum: Tensor, left: Tensor, right: Tensor, **_: object) -> int:
    return left.numel() * right.shape[-1]


def _linear(out: Tensor, given: Tensor, weight: Tensor, bias: Tensor | None = None) -> int:
    return out.numel() * given.shape[-1]


def _convolution(out: Tensor, given: Tensor, weight: Tensor, *_: object, **__: object) -> int:
    return out.numel() * prod(weight.shape[1:])


def _transposed(out: Tensor, given: Tensor, weight: Tensor, *_: object, **__: object) -> int:
    return given.numel() * prod(weight.shape[1:])


def _attention(out: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: object, **__: object) -> int:
    return query.shape[:-1].numel() * key.shape[-2] * (key.shape[-1] + value.shape[-1])


def _einsum(out: Tensor, equation: str, *operands: Any) -> int:
    given = operands[0] if isinstance(operands[0], list | tuple) else operands
    terms = equation.replace(" ", "").split("->")[0].split(",")
    assert len(terms) == 2
    sizes = {
        letter: size
        for term, one in zip(terms, given, strict=True)
        for letter, size in zip(term, one.shape, strict=True)
    }
    return prod(sizes.values())


def _lstm(out: Any, given: Tensor, _state: object, weights: list[Tensor], *_: object) -> int:
    """Every matrix once a token; biases are vectors."""
    return prod(given.shape[:-1]) * sum(one.numel() for one in weights if one.ndim == 2)


_MADE_OF_OTHERS = {functional.multi_head_attention_forward}
_COUNTED: dict[Any, Callable[..., int]] = {
    **dict.fromkeys(
        (torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.mm, Tensor.mm, torch.bmm, Tensor.bmm), _matmul
    ),
    Tensor.__rmatmul__: _reversed,
    **dict.fromkeys((torch.baddbmm, torch.addmm, Tensor.baddbmm, Tensor.addmm), _added),
    functional.linear: _linear,
    **dict.fromkeys((torch.conv1d, torch.conv2d, torch.conv3d), _convolution),
    **dict.fromkeys((torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d), _transposed),
    functional.scaled_dot_product_attention: _attention,
    torch.einsum: _einsum,
    **dict.fromkeys((torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu), _lstm),
}
