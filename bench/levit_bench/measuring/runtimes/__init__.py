"""What executes a network: the contract, and the runtimes by name.

Refuses to know any runtime in particular: one file each, third parties under the entry-point group
`levit_bench.runtimes`. What the parent must know of one of the suite's own stands in its file as `FACTS`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring import precisions as formats
from levit_bench.measuring.extensions import ExtensionPoint
from levit_bench.measuring.loaded_network import InProcess, Loaded
from levit_bench.measuring.runtimes.facts import UNKNOWN, Facts
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
    "facts",
    "get",
    "most_threads",
    "names",
    "of_an_artifact",
    "precisions_of",
    "unavailable",
    "version_of",
]

ENTRY_POINTS = "levit_bench.runtimes"


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


_OWN = ("eager", "channels-last", "torchscript", "compile", "onnxruntime", "openvino", "cuda-graphs")


def _module(name: str) -> Runtime:
    runtime: Runtime = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return runtime


POINT: ExtensionPoint[Runtime] = ExtensionPoint(
    "runtime",
    ENTRY_POINTS,
    own=_OWN,
    load=_module,
    attributes=("unavailable", "prepare", "load", "threads", "versions"),
)


def names() -> tuple[str, ...]:
    """Registered runtimes, the suite's own first."""
    return POINT.names()


def get(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        LookupError: there is none, or the package that offers it cannot be used.
    """
    return POINT.get(name)


def facts(name: str) -> Facts:
    """What is known of a runtime without loading what executes networks; a package's is not asked."""
    if not POINT.is_own(name):
        return UNKNOWN
    found: Facts = vars(_module(name))["FACTS"]
    return found


def devices_of(name: str) -> tuple[str, ...]:
    """Devices that a runtime of the suite runs on; empty where it is not of the suite, and says so itself."""
    if not POINT.is_own(name):
        return ()
    known = facts(name).devices
    return devices.of_cases() if known is None else known


def precisions_of(name: str) -> tuple[str, ...]:
    """Number formats that a runtime of the suite computes in; empty where it is not of the suite."""
    there = {one for device in devices_of(name) for one in formats.on(device)}
    return tuple(one for one in formats.names() if one in there and _computes_in(name, one))


def _computes_in(name: str, precision: str) -> bool:
    known = facts(name).precisions
    return known is None or precision in known


def serves_all_batches(name: str) -> bool:
    """Whether an artifact of the runtime serves every batch."""
    return "batch" not in facts(name).artifact_of


def captures(name: str) -> bool:
    """Whether the runtime records the network rather than run its code, and leaves out what its logits do not need."""
    return not serves_all_batches(name)


def unavailable(name: str) -> str | None:
    """Why a runtime of the suite cannot run here and what would make it run; None for others: a seat asks them."""
    return facts(name).missing()


def check(name: str, device: str, precisions: tuple[str, ...]) -> None:
    """Refuse what a runtime of the suite cannot do; others say so themselves, in `load`.

    Raises:
        UsageError: with what it can do, or what is missing here.
    """
    if POINT.is_own(name) and device not in devices_of(name):
        able = [other for other in _OWN if device in devices_of(other)]
        raise UsageError(f"runtime {name!r} does not run on {device}. Choose from {', '.join(able)}.")
    for precision in precisions:
        if not _computes_in(name, precision):
            able = [other for other in _OWN if device in devices_of(other) and _computes_in(other, precision)]
            raise UsageError(
                f"runtime {name!r} does not compute in {precision}, but in {', '.join(precisions_of(name))}. Choose "
                f"that, or a runtime that does: {', '.join(able)}."
            )
    why = unavailable(name)
    if why is not None:
        raise UsageError(f"runtime {name!r} cannot run here: {why}.")


def of_an_artifact(case: Case) -> Case:
    """The case without what does not change its artifact: cases that are equal here share one."""
    kept = facts(case.runtime).artifact_of
    usual = {"batch": 1, "threads": 1, "allocator": "n/a", "streams": 1}
    return msgspec.structs.replace(case, **{field: value for field, value in usual.items() if field not in kept})


def most_threads(case: Case) -> int:
    """Threads that may be at work from the first pass of a case to its last, what is done between them included."""
    return 2 * case.threads - 1 if facts(case.runtime).own_threads else case.threads


def version_of(name: str) -> str | None:
    """What makes the runtime, with its version, which is part of the setting; None where that is torch, or unknown.

    The version alone where the distribution is called like the runtime, such as `1.27.0` of `onnxruntime`; else both,
    such as `levit-bench-traced 1.0`.
    """
    distribution = facts(name).distribution
    if POINT.is_own(name):
        if distribution is None:
            return None
        try:
            made_by = f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            return None
    else:
        made_by = POINT.made_by(name) or ""
    return made_by.removeprefix(f"{name} ") or None
