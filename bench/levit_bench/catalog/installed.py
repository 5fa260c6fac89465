"""Which libraries are missing here, and which networks of the catalog cannot be built without them.

Libraries are looked up in their folders without being imported, so that lists and suggestions appear at once.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from levit_bench.catalog.entries import Entry

_MARK = "\n@register_model"
_REGISTERED = re.compile(r"(?!\w)[^\n]*\n(?:@[^\n]*\n)*def (\w+)\(")
"""What follows the mark of a registered function: further decorators, and its name."""


def unavailable(entries: Iterable[Entry]) -> dict[str, str]:
    """Names of the entries that cannot be built here, each with the reason and the remedy."""
    listed = list(entries)
    for library, remedy in (("torch", "see pytorch.org for the build that fits"), ("timm", "pip install timm")):
        if _folder(library) is None:
            return {entry.name: f"{library} is not installed: {remedy}" for entry in listed}
    architectures = timm_architectures()
    if architectures is None:
        return {}
    reason = f"unknown to timm {_version('timm')}: pip install --upgrade timm"
    needed = {entry.name: entry.timm_name or entry.name for entry in listed if entry.built_by == "timm"}
    return {name: reason for name, timm_name in needed.items() if timm_name.partition(".")[0] not in architectures}


def is_installed(library: str) -> bool:
    """Whether a library is installed; it is not imported."""
    return _folder(library) is not None


def timm_architectures() -> frozenset[str] | None:
    """Names that the installed timm registers; None when timm is missing or its source cannot be read."""
    folder = _folder("timm")
    if folder is None:
        return None
    sources = sorted((folder / "models").glob("*.py"))
    return frozenset(name for path in sources for name in _registered(path)) or None


def _registered(source: Path) -> list[str]:
    """Names that a module of timm registers; cut at the mark, for a search by pattern takes ten times as long."""
    text = "\n" + source.read_text(encoding="utf-8", errors="replace")
    return [match[1] for rest in text.split(_MARK)[1:] if (match := _REGISTERED.match(rest))]


def _folder(library: str) -> Path | None:
    """The folder of an installed package. A bare folder of that name in the path is not a package."""
    try:
        spec = importlib.util.find_spec(library)
    except (ImportError, ValueError):  # Barred by an import hook or by `sys.modules[library] = None`, or half-loaded.
        return None
    return Path(spec.origin).parent if spec and spec.origin and spec.submodule_search_locations else None


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "of unknown version"
