"""Networks that answer without doing the work of the pass, each in one way: none of them may have a time.

Built as `tests.cheating_networks:NAME`, of 32 px images. What they were shown where they are prepared is known to them
only as far as a process can know it: each computes honestly there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.hostile_networks import _Small


class _Cheat(_Small):
    """Sound where it is prepared; in a seat it answers by its own method."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.cheat(x) if self._in_seat else super().forward(x)

    def honest(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


class _ByPlace(_Cheat):
    """Remembers answers by where their images lie."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[object, torch.Tensor] = {}

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        if x.data_ptr() not in self._known:
            self._known[x.data_ptr()] = self.honest(x)
        return self._known[x.data_ptr()]


class _ByObject(_ByPlace):
    """Remembers them by the tensor itself."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        if id(x) not in self._known:
            self._known[id(x)] = self.honest(x)
        return self._known[id(x)]


class _ByContent(_ByPlace):
    """Remembers them by all numbers of their images: never wrong, and never of use where no images come again."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        key = hash(x.numpy().tobytes())
        if key not in self._known:
            self.computed = getattr(self, "computed", 0) + 1
            self._known[key] = self.honest(x)
        return self._known[key]


class _ByFewPixels(_ByPlace):
    """Remembers them by some of their numbers."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        key = hash(tuple(x[:, 0, 0, :8].flatten().tolist()))
        if key not in self._known:
            self.computed = getattr(self, "computed", 0) + 1
            self._known[key] = self.honest(x)
        return self._known[key]


class _ByRoughPixels(_ByPlace):
    """Remembers them by one number, rounded: images of which it is alike have one answer."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        key = len(x), round(float(x[0, 0, 0, 0]))
        if key not in self._known:
            self._known[key] = self.honest(x)
        return self._known[key]


class _Lazy(torch.Tensor):
    """Computes itself when anybody reads it."""

    work: Callable[[], torch.Tensor]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def done(value: Any) -> Any:
            return value.work() if isinstance(value, _Lazy) else value

        return func(*(done(arg) for arg in args), **{k: done(v) for k, v in (kwargs or {}).items()})


class _Later(_Cheat):
    """Returns an output that is computed when it is read."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        with torch._C.DisableTorchFunctionSubclass():
            out = torch.empty(len(x), 10).as_subclass(_Lazy)
            out.work = lambda: self.honest(x)
        return out


class _InAThread(_Cheat):
    """Returns at once; a thread computes the answer and writes it where it was promised."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        out = torch.zeros(len(x), 10)

        def work() -> None:
            with torch.inference_mode():
                time.sleep(0.002)
                out.copy_(self.honest(x))

        threading.Thread(target=work, daemon=True).start()
        return out


STOPPED = threading.Event()
"""Set by whoever wants `beside_a_thread` to end its thread."""


class _BesideAThread(_Cheat):
    """Right, while a second thread computes as well."""

    def __init__(self) -> None:
        super().__init__()
        if self._in_seat:
            threading.Thread(target=self._work, daemon=True).start()

    @staticmethod
    def _work() -> None:
        ones = torch.ones(512, 512)
        with torch.inference_mode():
            while not STOPPED.is_set():
                ones @ ones

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        time.sleep(0.003)  # Python hands over; the other one works on.
        return self.honest(x)


class _FirstAlone(_Cheat):
    """Computes the first image of a batch, and says of all others the same."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        return self.honest(x[:1]).expand(len(x), -1)


class _Nothing(_Cheat):
    """Returns what was never computed."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        return torch.empty(len(x), 10)


class _AfterAWhile(_Cheat):
    """Computes the first passes, and nothing once it believes itself trusted."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        self._shown = getattr(self, "_shown", 0) + 1
        if self._shown < 12:
            self._answer = self.honest(x)
        return self._answer


class _EverySecond(_Cheat):
    """Computes every second pass."""

    def cheat(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > 1:  # Looked at before it is loaded.
            return self.honest(x)
        self._shown = getattr(self, "_shown", 0) + 1
        if self._shown % 2:
            self._answer = self.honest(x)
        return self._answer


class _MixesTheBatch(_Small):
    """Each image's answer depends on the others: what a BatchNorm left in training does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + x.mean(0, keepdim=True))


class _FirstImageAnywhere(_Small):
    """Computes the first image alone, in preparation too."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x[:1]).expand(len(x), -1)


class _NormInTraining(_Small):
    """A norm over the batch that evaluation does not switch off."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(nn.functional.batch_norm(x, None, None, training=True))


class _SaysMuch(_Small):
    """Counts as large and is small: the operators that are counted are not the ones that run."""

    def __init__(self) -> None:
        super().__init__()
        self.large = nn.Conv2d(3, 256, 31, padding=15)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self._in_seat:
            return super().forward(x) + 0.0 * self.large(x).mean((2, 3))[:, :10]
        return super().forward(x)


def _builder(network: type[nn.Module]) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return network()

    build.resolution = 32  # type: ignore[attr-defined]
    return build


by_place = _builder(_ByPlace)
by_object = _builder(_ByObject)
by_content = _builder(_ByContent)
by_few_pixels = _builder(_ByFewPixels)
by_rough_pixels = _builder(_ByRoughPixels)
later = _builder(_Later)
in_a_thread = _builder(_InAThread)
beside_a_thread = _builder(_BesideAThread)
first_alone = _builder(_FirstAlone)
nothing = _builder(_Nothing)
after_a_while = _builder(_AfterAWhile)
every_second = _builder(_EverySecond)
mixes_the_batch = _builder(_MixesTheBatch)
first_image_anywhere = _builder(_FirstImageAnywhere)
norm_in_training = _builder(_NormInTraining)
says_much = _builder(_SaysMuch)
