"""What executes a network: the contract, and the runtimes by name.

Refuses to know any runtime in particular: one file each, third parties under the entry-point group
`levit_bench.runtimes`. What the parent must know of a runtime stands in the table below, so that it need not load it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from levit_bench.errors import UsageError
from levit_bench.measuring.loaded_network import InProcess, Loaded
from levit_bench.measuring.precisions import FORMATS, ON_GPUS_ALONE
from levit_bench.measuring.runtimes import requirements
from levit_bench.records import Case

if TYPE_CHECKING:
    # The parent asks for names only, and must stay light.
    import torch
    from torch import nn

__all__ = [
    "ENTRY_POINTS",
    "InProcess",
    "Loaded",
    "Runtime",
    "check",
    "devices_of",
    "get",
    "most_threads",
    "names",
    "of_an_artifact",
    "precisions_of",
    "unavailable",
]

ENTRY_POINTS = "levit_bench.runtimes"


_ON_PROCESSORS = tuple(name for name in FORMATS if name not in ON_GPUS_ALONE)


class _Known(NamedTuple):
    """What the parent knows of a runtime of the suite."""

    devices: tuple[str, ...] = ("cpu",)
    """Where it runs."""
    precisions: tuple[str, ...] = tuple(FORMATS)
    """Number formats that it computes in, as far as its device does."""
    artifact_of: tuple[str, ...] = ()
    """Fields that its artifact is made for, of `batch` and `threads`; one serves all cases that differ in others."""
    own_threads: bool = False
    """Whether it computes in threads of its own, beside those of torch, which lie between passes."""
    missing: Callable[[], str | None] = requirements.nothing
    """Why it cannot run here and what would make it run, or None."""


_BUILT_IN = {
    "eager": _Known(devices=("cpu", "cuda", "mps")),
    "channels-last": _Known(devices=("cpu", "cuda", "mps")),
    "torchscript": _Known(precisions=_ON_PROCESSORS, artifact_of=("batch",)),
    "compile": _Known(devices=("cpu", "cuda"), artifact_of=("batch", "threads"), missing=requirements.compiler),
    "onnxruntime": _Known(
        precisions=("fp32",), artifact_of=("batch",), own_threads=True, missing=requirements.onnxruntime
    ),
    "openvino": _Known(
        precisions=_ON_PROCESSORS, artifact_of=("batch",), own_threads=True, missing=requirements.openvino
    ),
    "cuda-graphs": _Known(devices=("cuda",), missing=requirements.gpu),
}
"""Those of the suite."""
_FOREIGN = _Known(artifact_of=("batch", "threads"), own_threads=True)
"""Of others nothing is known: they say everything themselves, and are given no artifact of another case."""


class Runtime(Protocol):
    """What a runtime module or object offers."""

    def unavailable(self) -> str | None:
        """Why it cannot run here and what would make it run, or None."""

    def prepare(self, case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
        """Do what is expensive, once a session; return the file or folder that `load` reads.

        May use any number of threads.

        Args:
            case: says batch, precision, device and threads. Cases that differ in the allocator share an artifact.
            network: in evaluation mode, with its weights, in the form that its case asks for; may be changed.
            example: images of one pass (batch, channels, r, r), on the processor in fp32.
            folder: where the artifact goes.
        """

    def load(self, case: Case, artifact: Path) -> Loaded:
        """Load in a fresh process, under `torch.inference_mode`, with threads and allocator already set.

        `levit_bench.measuring.devices.get(case.device).hold` puts a module on the device of its case.

        Args:
            case: names the network, its form, resolution and precision, should the artifact not hold everything.
            artifact: what `prepare` returned.
        """

    def threads(self) -> int:
        """Intra-operator threads that it really uses."""

    def versions(self) -> dict[str, str]:
        """Versions and build flags that can change its speed."""


def names() -> tuple[str, ...]:
    """Registered runtimes, built-in ones first."""
    return (*_BUILT_IN, *sorted(point.name for point in entry_points(group=ENTRY_POINTS)))


def devices_of(name: str) -> tuple[str, ...]:
    """Devices that a runtime of the suite runs on; empty where it is not of the suite, and says so itself."""
    return _BUILT_IN[name].devices if name in _BUILT_IN else ()


def precisions_of(name: str) -> tuple[str, ...]:
    """Number formats that a runtime of the suite computes in; empty where it is not of the suite."""
    return _BUILT_IN[name].precisions if name in _BUILT_IN else ()


def serves_all_batches(name: str) -> bool:
    """Whether an artifact of the runtime serves every batch."""
    return "batch" not in _BUILT_IN.get(name, _FOREIGN).artifact_of


def captures(name: str) -> bool:
    """Whether the runtime records the network rather than run its code, and leaves out what its logits do not need."""
    return not serves_all_batches(name)


def unavailable(name: str) -> str | None:
    """Why a runtime of the suite cannot run here and what would make it run; None for others: a seat asks them."""
    return _BUILT_IN.get(name, _FOREIGN).missing()


def check(name: str, device: str, precisions: tuple[str, ...]) -> None:
    """Refuse what a runtime of the suite cannot do; others say so themselves, in `load`.

    Raises:
        UsageError: with what it can do, or what is missing here.
    """
    known = _BUILT_IN.get(name, _FOREIGN._replace(devices=(device,)))
    if device not in known.devices:
        able = [other for other, one in _BUILT_IN.items() if device in one.devices]
        raise UsageError(f"runtime {name!r} does not run on {device}. Choose from {', '.join(able)}.")
    for precision in precisions:
        if precision not in known.precisions:
            able = [other for other, one in _BUILT_IN.items() if device in one.devices and precision in one.precisions]
            raise UsageError(
                f"runtime {name!r} does not compute in {precision}, but in {', '.join(known.precisions)}. Choose that, "
                f"or a runtime that does: {', '.join(able)}."
            )
    why = known.missing()
    if why is not None:
        raise UsageError(f"runtime {name!r} cannot run here: {why}.")


def of_an_artifact(case: Case) -> Case:
    """The case without what does not change its artifact: cases that are equal here share one."""
    kept = _BUILT_IN.get(case.runtime, _FOREIGN).artifact_of
    usual = {"batch": 1, "threads": 1, "allocator": "n/a", "streams": 1}
    return msgspec.structs.replace(case, **{field: value for field, value in usual.items() if field not in kept})


def most_threads(case: Case) -> int:
    """Threads that may be at work from the first pass of a case to its last, what is done between them included."""
    known = _BUILT_IN.get(case.runtime, _FOREIGN)
    return 2 * case.threads - 1 if known.own_threads else case.threads


def get(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        LookupError: there is none.
    """
    if name in _BUILT_IN:
        runtime: Runtime = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
        return runtime
    for point in entry_points(group=ENTRY_POINTS, name=name):
        found: Runtime = point.load()
        return found
    raise LookupError(f"unknown runtime {name!r}; known are {', '.join(names())}")
