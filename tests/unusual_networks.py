"""Sound networks that are unlike the catalog's, each in one way: `tests.unusual_networks:keeps(style="lazy")`.

All take 32 px images. What is wrong with some of them is wrong with the way they are built, and must be told.
"""

from __future__ import annotations

import os
import random
import warnings
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_WIDTH = 16


def _small(builder: Any) -> Any:
    builder.resolution = 32
    return builder


def _body() -> list[nn.Module]:
    return [nn.Conv2d(3, _WIDTH, 8, 8), nn.BatchNorm2d(_WIDTH), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]


class _Net(nn.Module):
    """Features and a head, with something in between and something behind."""

    def __init__(self, between: Callable[[torch.Tensor], torch.Tensor] = lambda x: x) -> None:
        super().__init__()
        self.body = nn.Sequential(*_body())
        self.head = nn.Linear(_WIDTH, 10)
        self.between = between

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(self.between(self.body(x)))


@_small
def plain(width: int = _WIDTH, kind: str = "usual", classes: int = 10) -> nn.Module:
    """A sound one; its arguments decide its size."""
    parts = [nn.Conv2d(3, width, 8, 8), nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    wider = [nn.Linear(width, width)] if kind == "deep" else []
    return nn.Sequential(*parts, *wider, nn.Linear(width, classes))


@_small
def needs(width: int, kind: str) -> nn.Module:
    """Cannot be built without arguments."""
    return plain(width, kind)


class _Headless(nn.Module):
    """Returns features: an identity stands where the classifier would."""

    def __init__(self, by: str) -> None:
        super().__init__()
        self.body = nn.Sequential(*_body())
        self.last = nn.Identity()
        setattr(self, by, self.last if by != "get_classifier" else lambda: self.last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.body(x))


@_small
def headless(by: str) -> nn.Module:
    """A backbone without the head that it is usually built with."""
    return _Headless(by)


class _Table(nn.Module):
    """Adds a table that is made of a parameter, and kept in evaluation mode."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.offsets = nn.Parameter(torch.zeros(_WIDTH))
        self.kept: Any = None
        self.when, _, self.holder = style.partition("-")
        if self.when == "eval":
            self.train(mode=False)

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        if self.when == "eval":
            with torch.no_grad():
                self.kept = None if mode else self._made()
        elif mode and self.when == "lazy":
            self.kept = None
        return None if self.holder == "list" else self

    def _made(self) -> Any:
        table = self.offsets.cumsum(0)
        return {"list": [table], "dict": {"table": table}}.get(self.holder, table)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            return x + self.offsets.cumsum(0)
        if self.kept is None:
            self.kept = self._made()
        held = {"list": lambda kept: kept[0], "dict": lambda kept: kept["table"]}.get(self.holder, lambda kept: kept)
        return x + held(self.kept)


@_small
def keeps(style: str) -> nn.Module:
    """`eval`: kept when the mode changes; `lazy`: in the first pass after that; `once`: in the first pass for good."""
    return nn.Sequential(*_body(), _Table(style), nn.Linear(_WIDTH, 10))


class _OwnForm(_Net):
    """Its own form for inference holds a table that no state_dict has."""

    def __init__(self) -> None:
        super().__init__(self._shifted)
        self.offsets = nn.Parameter(torch.zeros(_WIDTH))
        self.table: torch.Tensor | None = None

    def _shifted(self, x: torch.Tensor) -> torch.Tensor:
        return x + (self.offsets.cumsum(0) if self.table is None else self.table)

    def for_inference(self) -> None:
        self.table = self.offsets.detach().cumsum(0).clone()


@_small
def own_form() -> nn.Module:
    """Built anew."""
    return _OwnForm()


class _Silent(nn.Sequential):
    """Nothing that changes it returns anything."""

    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)
        self[0].requires_grad_(requires_grad=False)

    def eval(self) -> None:  # type: ignore[override]
        super().eval()

    def requires_grad_(self, requires_grad: bool = True) -> None:  # type: ignore[override]
        super().requires_grad_(requires_grad)

    def to(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        super().to(*args, **kwargs)


@_small
def silent() -> nn.Module:
    """Built anew."""
    return _Silent(*_body(), nn.Linear(_WIDTH, 10))


class _Training(nn.Sequential):
    """Its layers never hear that the mode changed."""

    def train(self, mode: bool = True) -> _Training:
        self.training = mode
        return self


@_small
def stays_in_training() -> nn.Module:
    """Built anew."""
    return _Training(*_body(), nn.Linear(_WIDTH, 10))


def _order(by: str) -> list[int]:
    draws: dict[str, Callable[[], list[int]]] = {
        "torch": lambda: torch.randperm(_WIDTH).tolist(),
        "numpy": lambda: np.random.permutation(_WIDTH).tolist(),
        "python": lambda: random.sample(range(_WIDTH), _WIDTH),
        "system": lambda: random.Random(os.urandom(16)).sample(range(_WIDTH), _WIDTH),
        "own generator": lambda: np.random.default_rng().permutation(_WIDTH).tolist(),
    }
    return draws[by]()


@_small
def drawn(by: str) -> nn.Module:
    """Its channels in an order that is drawn while it is built, and that no state_dict has."""
    order = _order(by)
    return _Net(lambda x: x[:, order])


@_small
def projected() -> nn.Module:
    """A fixed random projection as a plain tensor."""
    matrix = torch.randn(_WIDTH, _WIDTH)
    return _Net(lambda x: x @ matrix)


@_small
def noisy(by: str) -> nn.Module:
    """Not the same in two passes."""
    kinds: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "dropout": lambda x: functional.dropout(x, 0.3, training=True),
        "torch": lambda x: x + 0.1 * torch.rand_like(x),
        "numpy": lambda x: x + 0.1 * torch.from_numpy(np.random.rand(_WIDTH)).float(),
    }
    return _Net(kinds[by])


class _NotFinite(nn.Module):
    """Has no parameters to calibrate, and logits that are no numbers from one pass on."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first, self.passes = first, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        logits = x.flatten(1)[:, :10]
        return logits * float("nan") if self.passes >= self.first else logits


@_small
def not_finite(first: int) -> nn.Module:
    """Not finite from one pass on."""
    return _NotFinite(first)


class _Behind(nn.Module):
    """A network, and what is made of its logits."""

    def __init__(self, network: nn.Module, made: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.network, self.made = network, made

    def forward(self, x: torch.Tensor) -> Any:
        return self.made(self.network(x))


@_small
def ends(kind: str, classes: int = 10) -> nn.Module:
    """Makes something of its logits."""
    made: dict[str, Callable[[torch.Tensor], Any]] = {
        "softmax": lambda x: x.softmax(1),
        "sharp softmax": lambda x: (1000 * x).softmax(1),
        "log-softmax": lambda x: x.log_softmax(1),
        "sigmoid": torch.sigmoid,
        "wrapped softmax": lambda x: {"logits": x.softmax(1)},
        "relu": torch.relu,
        "softplus": functional.softplus,
        "squeeze": lambda x: x.squeeze(),
        "classes": lambda x: x.argmax(1),
        "one-hot": lambda x: functional.one_hot(x.argmax(1), x.shape[1]).float(),
    }
    return _Behind(plain(classes=classes), made[kind])


@dataclass
class _Logits:
    logits: torch.Tensor
    aux: torch.Tensor


@dataclass
class _Other:
    main: torch.Tensor
    aux: torch.Tensor


_Named = namedtuple("_Named", "features logits")


class _Several(nn.Module):
    def __init__(self, made: Callable[..., Any]) -> None:
        super().__init__()
        self.body = nn.Sequential(*_body())
        self.first, self.second = nn.Linear(_WIDTH, 10), nn.Linear(_WIDTH, 7)
        self.made = made

    def forward(self, x: torch.Tensor) -> Any:
        features = self.body(x)
        return self.made(self.first(features), self.second(features), features[:, :, None, None])


@_small
def several(kind: str) -> nn.Module:
    """Returns more than logits; `a` has ten classes and `b` seven."""
    made: dict[str, Callable[..., Any]] = {
        "tuple": lambda a, b, f: (a, b),
        "list": lambda a, b, f: [a, b, f],
        "nested": lambda a, b, f: ([a, b], f),
        "features first": lambda a, b, f: (f, a),
        "logits and aux": lambda a, b, f: {"logits": a, "aux": b},
        "out and aux": lambda a, b, f: {"out": a, "aux": b},
        "out alone": lambda a, b, f: {"out": a},
        "one": lambda a, b, f: (a, None),
        "object": lambda a, b, f: _Logits(a, b),
        "other object": lambda a, b, f: _Other(a, b),
        "named tuple": lambda a, b, f: _Named(f, a),
    }
    return _Several(made[kind])


_doubled: list[Any] = []


def _compiled_in_place(network: nn.Module) -> nn.Module:
    network.compile()
    return network


def _compiled_forward(network: nn.Module) -> nn.Module:
    network.forward = torch.compile(network.forward)  # type: ignore[method-assign]
    return network


def _int8(network: nn.Module) -> nn.Module:
    network[0].weight = nn.Parameter(torch.zeros(_WIDTH, 3, 8, 8, dtype=torch.int8), requires_grad=False)  # type: ignore[index]
    return network


def _observed(network: nn.Module) -> nn.Module:
    from torch.ao.quantization import MinMaxObserver

    return nn.Sequential(network, MinMaxObserver())


def _exported(network: nn.Module) -> Any:
    return torch.export.export(network.eval(), (torch.zeros(2, 3, 32, 32),))


def _quantised(network: nn.Module) -> nn.Module:
    out: nn.Module = torch.ao.quantization.quantize_dynamic(network, {nn.Linear})
    return out


_WRAPPERS: dict[str, Callable[[nn.Module], Any]] = {
    "compile": torch.compile,
    "compile in place": _compiled_in_place,
    "compiled forward": _compiled_forward,
    "parallel": nn.DataParallel,
    "parallel compile": lambda network: nn.DataParallel(torch.compile(network)),  # type: ignore[arg-type]
    "script": torch.jit.script,
    "trace": lambda network: torch.jit.trace(network.eval(), torch.zeros(1, 3, 32, 32)),
    "quantised": _quantised,
    "observed": _observed,
    "int8": _int8,
    "exported": lambda network: _exported(network).module(),
    "program": _exported,
    "graph": torch.fx.symbolic_trace,
    "meta": lambda network: network.to("meta"),
}


@_small
def wrapped(by: str) -> Any:
    """All of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _WRAPPERS[by](plain())


@_small
def holds_wrapped(by: str) -> nn.Module:
    """A layer of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(_WRAPPERS[by](plain()), nn.Linear(10, 10))


@_small
def compiles_its_forward() -> nn.Module:
    """By a decorator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Compiled(_Net):
            @torch.compile
            def forward(self, x: torch.Tensor) -> Any:
                return super().forward(x)

    return Compiled()


@_small
def calls_compiled() -> nn.Module:
    """A function beside it, which nothing of the module tells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _doubled.append(torch.compile(lambda x: 2 * x))
    return _Net(lambda x: _doubled[-1](x))  # noqa: PLW0108 (no attribute of the module holds it)


class _Grows(_Net):
    """Makes a parameter in its first pass."""

    def __init__(self) -> None:
        super().__init__(self._placed)
        self.place: nn.Parameter | None = None

    def _placed(self, x: torch.Tensor) -> torch.Tensor:
        if self.place is None:
            self.place = nn.Parameter(torch.randn(x.shape[1]))
        return x + self.place


@_small
def grows() -> nn.Module:
    """Built anew."""
    return _Grows()


@_small
def lazy() -> nn.Module:
    """Torch's own layers that take their sizes from the first pass."""
    return nn.Sequential(
        nn.LazyConv2d(_WIDTH, 8, 8), nn.LazyBatchNorm2d(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.LazyLinear(10),
    )  # fmt: skip
