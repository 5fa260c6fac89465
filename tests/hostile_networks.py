"""Networks that misbehave, each in one way: what the engine must survive. Built as `tests.hostile_networks:NAME`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import torch
from torch import nn

_REHEARSED = 12  # Passes of a seat that a case has had before its first run, and some.


class _Small(nn.Module):
    """A tiny sound classifier of 32 px images; `trouble` is called in every pass with the number of passes so far.

    Passes are counted where networks are timed, and not where they are prepared: there the number is 0.
    """

    def __init__(self, trouble: Callable[[torch.Tensor, int], torch.Tensor] | None = None) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 10)
        self._trouble = trouble
        self._passes = 0
        # Seats load and run networks for inference alone; what prepares them builds them as one does who may train.
        self._in_seat = torch.is_inference_mode_enabled()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.head(self.features(x).mean((2, 3)))
        self._passes += self._in_seat
        return self._trouble(logits, self._passes) if self._trouble else logits


def _builder(trouble: Callable[[torch.Tensor, int], torch.Tensor] | None = None) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return _Small(trouble)

    build.resolution = 32  # type: ignore[attr-defined]
    return build


def _raise(logits: torch.Tensor, passes: int) -> torch.Tensor:
    raise RuntimeError(f"shapes do not match in /home/somebody/secret/model.py\x1b[31m after {passes} passes")


def _late(what: Callable[[], None]) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """Sound through preparation, loading and rehearsal, which is eight passes; trouble in the runs, which are more."""

    def trouble(logits: torch.Tensor, passes: int) -> torch.Tensor:
        if passes > _REHEARSED:
            what()
        return logits

    return trouble


def _hang() -> None:
    time.sleep(600)


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _out_of_memory() -> None:
    torch.empty(1 << 50)


def _die_beside_a_child() -> None:
    subprocess.Popen(["sleep", "25"], close_fds=False)  # It holds the seat's pipes open.
    os._exit(3)


def _after(what: Callable[[], None]) -> Callable[[torch.Tensor, int], torch.Tensor]:
    def trouble(logits: torch.Tensor, passes: int) -> torch.Tensor:
        what()
        return logits

    return trouble


def _late_nan(logits: torch.Tensor, passes: int) -> torch.Tensor:
    return logits * float("nan") if passes > _REHEARSED else logits


sound = _builder()
raises = _builder(_raise)
nan = _builder(lambda logits, _passes: logits * float("nan"))
constant = _builder(lambda logits, _passes: torch.linspace(-1, 1, 10).expand_as(logits).clone())
zeros = _builder(lambda logits, _passes: logits * 0)
no_logits = _builder(lambda logits, _passes: {"features": logits, "out": logits})  # type: ignore[arg-type, return-value]
hangs = _builder(_after(_hang))
segfaults = _builder(_after(_segfault))
killed = _builder(_after(_killed))
out_of_memory = _builder(_after(_out_of_memory))
nan_late = _builder(_late_nan)
hangs_late = _builder(_late(_hang))
segfaults_late = _builder(_late(_segfault))
killed_late = _builder(_late(_killed))


dies_beside_a_child = _builder(_after(_die_beside_a_child))
other_dtype = _builder(_after(lambda: torch.set_default_dtype(torch.float64)))
more_threads_late = _builder(_late(lambda: torch.set_num_threads(7)))


def _raise_memory_error() -> None:
    raise MemoryError


class _InSeat(_Small):
    """Sound where it is prepared; trouble in a seat, while it is loaded or in its first pass there."""

    def __init__(self, *, at_load: Callable[[], None] | None, at_first_pass: Callable[[], None] | None) -> None:
        super().__init__()
        self._at_first_pass = at_first_pass
        if self._in_seat and at_load:
            at_load()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self._in_seat and self._at_first_pass:
            self._at_first_pass()
        return super().forward(x)


def _in_seat(
    at_load: Callable[[], None] | None = None, at_first_pass: Callable[[], None] | None = None
) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return _InSeat(at_load=at_load, at_first_pass=at_first_pass)

    build.resolution = 32  # type: ignore[attr-defined]
    return build


hangs_at_load = _in_seat(_hang)
segfaults_at_load = _in_seat(_segfault)
killed_at_load = _in_seat(_killed)
out_of_memory_at_load = _in_seat(_raise_memory_error)
hangs_at_first_pass = _in_seat(None, _hang)
segfaults_at_first_pass = _in_seat(None, _segfault)
killed_at_first_pass = _in_seat(None, _killed)
out_of_memory_at_first_pass = _in_seat(None, _out_of_memory)
out_of_memory_late = _builder(_late(_out_of_memory))


class _ChangesImages(_Small):
    """Writes into what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = super().forward(x)
        x.clamp_(-0.1, 0.1)
        return logits


class _Remembers(_Small):
    """Computes nothing when it is shown the same images again."""

    def __init__(self) -> None:
        super().__init__()
        self.computed = 0
        self._last = torch.empty(0), torch.empty(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        images, logits = self._last
        if not torch.equal(x, images) or not torch.is_inference_mode_enabled():
            self.computed += 1
            logits = super().forward(x)
            self._last = x.clone(), logits
        return logits


def changes_images() -> nn.Module:
    """Built anew."""
    return _ChangesImages()


def remembers() -> nn.Module:
    """Built anew."""
    return _Remembers()


class _Decides(_Small):
    """What it computes depends on the brightness of its images: one recorded pass has one branch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = super().forward(x)
        return logits if x.mean() > -0.05 else logits.flip(1)


def decides() -> nn.Module:
    """Built anew."""
    return _Decides()


decides.resolution = changes_images.resolution = remembers.resolution = 32  # type: ignore[attr-defined]


def no_module() -> object:
    """Returns something else."""
    return "not a network"
