"""Runtimes by name: their interface, and the facts of each that the parent needs.

One file for each runtime; third parties add theirs under the entry-point group `levit_bench.runtimes`. The facts of the
suite's own are the constant `FACTS` in their files.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring import precisions as formats
from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint
from levit_bench.measuring.loaded_network import InProcess, Loaded
from levit_bench.measuring.machine import processor_flags
from levit_bench.measuring.runtimes.facts import UNKNOWN, Facts
from levit_bench.paths.model_files import Kind
from levit_bench.records import Case

if TYPE_CHECKING:
    # The parent uses names only, and must not import torch.
    import torch
    from torch import nn

__all__ = [
    "ENTRY_POINTS",
    "InProcess",
    "Loaded",
    "Runtime",
    "cannot_compute",
    "check",
    "devices_of",
    "facts",
    "get",
    "lacking",
    "lacking_in_worker",
    "most_threads",
    "names",
    "of_an_artifact",
    "precisions_of",
    "unavailable",
    "unavailable_in_worker",
    "version_of",
]

ENTRY_POINTS = "levit_bench.runtimes"


class Runtime(Protocol):
    """Interface of a runtime module or object."""

    def unavailable(self) -> str | None:
        """Why it cannot run here and what would make it run, or None."""

    def prepare(self, case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
        """Do what is expensive, once a session; return the file or folder that `load` reads.

        May use any number of threads.

        Args:
            case: with batch, precision, device and threads. Cases that differ in the allocator share an artifact.
            network: in evaluation mode, with its weights, in the form of its case; may be changed.
            example: images of one pass (batch, channels, r, r), on the processor in fp32.
            folder: where the artifact goes.
        """

    def load(self, case: Case, artifact: Path) -> Loaded:
        """Load in a fresh process, under `torch.inference_mode`, with threads and allocator already set.

        `levit_bench.measuring.devices.get(case.device).hold` puts a module on the device of its case.

        Args:
            case: with the network's name, form, resolution and precision, where the artifact does not hold everything.
            artifact: the path that `prepare` returned.
        """

    # Optional: `lacks(precision: str) -> str | None`, why it cannot compute in that number format on this processor, as
    # its library says, or None. Asked before anything is prepared.

    def threads(self) -> int:
        """Number of intra-operator threads that it uses in fact."""

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
    functions=("unavailable", "prepare", "load", "threads", "versions"),
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
    """Facts of a runtime that need no library of it; defaults for a package's runtime, which is not imported."""
    if not POINT.is_own(name):
        return UNKNOWN
    known_facts: Facts = vars(_module(name))["FACTS"]
    return known_facts


def devices_of(name: str) -> tuple[str, ...]:
    """Devices that a runtime of the suite runs on; empty for a package's runtime, which checks them itself."""
    if not POINT.is_own(name):
        return ()
    own_devices = facts(name).devices
    return devices.of_cases() if own_devices is None else own_devices


def precisions_of(name: str) -> tuple[str, ...]:
    """Number formats that a runtime of the suite computes in; empty for a package's runtime."""
    there = {precision for device in devices_of(name) for precision in formats.on(device)}
    return tuple(precision for precision in formats.names() if precision in there and _computes_in(name, precision))


def _computes_in(name: str, precision: str) -> bool:
    own_formats = facts(name).precisions
    return own_formats is None or precision in own_formats


def lacking(name: str, precision: str, device: str = "cpu") -> str | None:
    """Why the processor of this machine cannot compute in a number format with a runtime of the suite, or None.

    By its extensions, without loading anything: where the system does not list these, nothing is known of it.
    """
    needed = facts(name).extensions.get(precision) if device == "cpu" else None
    present = processor_flags.flags() if needed else None
    if not needed or present is None or present & set(needed):
        return None
    return f"this processor has none of {', '.join(needed)}, one of which its kernels for {precision} need"


def lacking_in_worker(name: str, precision: str) -> str | None:
    """Why a runtime cannot compute in a number format here, as its library says, or None; the library is loaded.

    Raises:
        ExtensionError: there is none, or the package that offers it cannot be used.
    """
    lacks: Callable[[str], object] | None = getattr(get(name), "lacks", None)
    if lacks is None:
        return None
    with POINT.using(name):
        reason = lacks(precision)
    if reason is not None and not isinstance(reason, str):
        raise POINT.failed(name, f"lacks answers with {type(reason).__name__}, and not with a reason or None")
    return reason


def asked_about(name: str, precision: str) -> bool:
    """Whether a runtime's library may say that it cannot compute in a number format; packages' are asked about all."""
    return precision in facts(name).asked_about if POINT.is_own(name) else precision != "fp32"


def serves_all_batches(name: str) -> bool:
    """Whether an artifact of the runtime serves every batch."""
    return "batch" not in facts(name).artifact_of


def captures(name: str) -> bool:
    """Whether the runtime captures the network as a graph, without the parts that its logits do not need."""
    return not serves_all_batches(name)


def of_model_files(kind: Kind) -> tuple[str, ...]:
    """Runtimes that run a model file of a format as it is, the usual one first."""
    return tuple(name for name in _OWN if kind in facts(name).model_files)


def natural(kind: Kind) -> str:
    """What runs a model file of a format unless asked otherwise: the first of its runtimes that can run here.

    Raises:
        UsageError: none can, with what is missing.
    """
    names_of_kind = of_model_files(kind)
    able = [name for name in names_of_kind if unavailable(name) is None]
    if not able:
        raise UsageError(f"runtime {names_of_kind[0]!r} cannot run here: {unavailable(names_of_kind[0])}.")
    return able[0]


def unavailable(name: str) -> str | None:
    """Why a runtime cannot run here, and what would help, as far as it is known without loading it; None otherwise."""
    if POINT.is_own(name):
        return facts(name).missing()
    try:
        POINT.check(name)
    except ExtensionError as error:
        return str(error).removesuffix(".")
    return None


def unavailable_in_worker(name: str) -> str | None:
    """Why a runtime cannot run here, as it says itself; its libraries may be loaded.

    Raises:
        ExtensionError: there is none, or the package that offers it cannot be used.
    """
    runtime = get(name)
    with POINT.using(name):
        reason: object = runtime.unavailable()
    if reason is not None and not isinstance(reason, str):
        raise POINT.failed(name, f"unavailable answers with {type(reason).__name__}, and not with a reason or None")
    return reason


def check(name: str, device: str, precisions: tuple[str, ...]) -> None:
    """Refuse a device or number format that a runtime of the suite does not have; others refuse in `load`.

    Raises:
        UsageError: with the alternatives, or what is missing here.
    """
    if POINT.is_own(name) and device not in devices_of(name):
        able = [runtime for runtime in _OWN if device in devices_of(runtime)]
        raise UsageError(f"runtime {name!r} does not run on {device}. Choose from {', '.join(able)}.")
    for precision in precisions:
        if not _computes_in(name, precision):
            able = [runtime for runtime in _OWN if device in devices_of(runtime) and _computes_in(runtime, precision)]
            raise UsageError(
                f"runtime {name!r} does not compute in {precision}, but in {', '.join(precisions_of(name))}. Choose "
                f"that, or a runtime that does: {', '.join(able)}."
            )
        reason = lacking(name, precision, device)
        if reason is not None:
            raise cannot_compute(name, precision, device, reason)
    reason = unavailable(name)
    if reason is not None:
        raise UsageError(f"runtime {name!r} cannot run here: {reason}.")


def cannot_compute(name: str, precision: str, device: str, reason: str) -> UsageError:
    """The error for a number format that a runtime does not compute in here, with what else there is."""
    others = [one for one in precisions_of(name) if one != precision and lacking(name, one, device) is None]
    able = [
        runtime
        for runtime in _OWN
        if runtime != name
        and device in devices_of(runtime)
        and _computes_in(runtime, precision)
        and lacking(runtime, precision, device) is None
    ]
    instead = f"Choose {', '.join(others)}" if others else "Leave it out"
    also = f", or a runtime that does: {', '.join(able)}" if able else ""
    return UsageError(f"runtime {name!r} does not compute in {precision} here: {reason}. {instead}{also}.")


def of_an_artifact(case: Case) -> Case:
    """The case with usual values on axes that do not change its artifact: cases that are equal then share one."""
    fields = facts(case.runtime).artifact_of
    defaults = {"batch": 1, "threads": 1, "allocator": "n/a", "streams": 1, "side": ""}
    return msgspec.structs.replace(case, **{field: value for field, value in defaults.items() if field not in fields})


def most_threads(case: Case) -> int:
    """Most threads that may be at work from the first pass of a case to its last, work between passes included."""
    return 2 * case.threads - 1 if facts(case.runtime).own_threads else case.threads


def version_of(name: str) -> str | None:
    """The runtime's distribution and version, which are part of the setting; None where it is torch, or unknown.

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
