"""Facts of a runtime for the parent: a constant in the runtime's own file, which imports torch late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from levit_bench.measuring.runtimes import requirements
from levit_bench.paths.model_files import Kind


class Facts(NamedTuple):
    """Facts of a runtime that are known without loading its libraries."""

    about: str
    """Description, a few words for the help text."""
    devices: tuple[str, ...] | None = None
    """Where it runs; None: on every device that holds a module of torch."""
    precisions: tuple[str, ...] | None = None
    """Number formats that it computes in; None: in all that its device does."""
    artifact_of: tuple[str, ...] = ()
    """Fields that its artifact is made for, of `batch` and `threads`; one serves all cases that differ in others."""
    making_s: float = 0.0
    """Seconds in which the artifact of a network of usual size is made; used until the store has measured ones."""
    builds_network: bool = False
    """Whether loading builds the network by its code, for which its library is imported."""
    own_threads: bool = False
    """Whether it computes in threads of its own, beside those of torch, which lie between passes."""
    extensions: Mapping[str, tuple[str, ...]] = {}
    """By number format: instruction-set extensions of which its kernels need one to compute in it."""
    asked_about: tuple[str, ...] = ()
    """Number formats that the library itself is asked about, once it is loaded; see `lacks` of its module."""
    distribution: str | None = None
    """Name of the installed distribution whose version is part of the setting; None: torch's, which is anyway."""
    model_files: tuple[Kind, ...] = ()
    """Formats of model files that it runs as they are; its module then has a function `open_file`, or its `prepare`
    takes the module that is in the file."""
    converts_files: bool = False
    """Whether it computes on such a file in each of its number formats, and not only in those that the file has."""
    missing: Callable[[], str | None] = requirements.nothing
    """Why it cannot run here and what would make it run, or None; looked up without loading anything."""


UNKNOWN = Facts(about="of an installed package", artifact_of=("batch", "threads"), own_threads=True)
"""Assumptions about a package's runtime: it shares no artifacts between cases, and may start threads."""
