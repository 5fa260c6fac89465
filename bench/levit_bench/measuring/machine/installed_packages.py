"""Packages whose code decides what a preparation makes, identified without importing them."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from levit_bench.paths.code_files import digest, tree_digest

_OF_ALL = ("torch", "timm", "torchvision", "numpy", "safetensors")
OF_RUNTIMES = ("onnx", "onnxscript", "onnxruntime", "openvino")
"""Packages of the runtimes that have engines of their own."""
_SUITE = Path(__file__).parents[2]
_CODE = (".py", ".so", ".dylib", ".dll", ".pyd")
_NO_CODE = frozenset({"include", "share", "__pycache__", "test", "tests", "testing"})


def identities(more: Iterable[str] = ()) -> dict[str, str]:
    """Version and digest of the code of each package by its name; those that are missing are left out.

    Args:
        more: packages of a runtime, beside those of all networks.
    """
    return {name: identity for name in (*_OF_ALL, *more) if (identity := _identity(name)) is not None}


def suite_identity() -> str:
    """Digest of this package's own code: a changed recipe is another one, whatever its version says."""
    return tree_digest(_SUITE, "*.py")


@cache
def package_folders() -> tuple[Path, ...]:
    """The folders of these packages."""
    folders = [_folder(name) for name in (*_OF_ALL, *OF_RUNTIMES)]
    return tuple(folder for folder in folders if folder is not None)


@cache
def _identity(name: str) -> str | None:
    folder = _folder(name)
    if folder is None:
        return None
    try:
        found = distribution(name)
    except PackageNotFoundError:
        text, listed = "?", None
    else:
        text, listed = found.version, found.read_text("RECORD")
    installed_ns = _installed_ns(folder, name) if listed else 0
    recorded = dict(_recorded(listed or "", folder.name))
    state = hashlib.sha256()
    # Digests by the installer, which are those of every other installation of that version, and what came later.
    for line in (*map(" ".join, sorted(recorded.items())), *sorted(_changed_since(installed_ns, folder, recorded))):
        state.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    is_installed = "site-packages" in folder.parts or "dist-packages" in folder.parts
    # What lies where somebody works may import more from there, and another copy of it is another library.
    return f"{text} {state.hexdigest()[:16]}" + ("" if is_installed else f" {folder}")


def _folder(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin and spec.origin.endswith(".py") else None


def _installed_ns(folder: Path, name: str) -> int:
    """When the installer wrote the list of a package's files, which it does last; 0 where it wrote none."""
    times = [_changed_ns(path.stat()) for path in folder.parent.glob(f"{name}-*.dist-info/RECORD")]
    return max(times, default=0)


def _changed_ns(state: os.stat_result) -> int:
    """When a file was written or put in its place: a copy may bring an older time of writing with it."""
    return max(state.st_mtime_ns, state.st_ctime_ns)


def _recorded(listed: str, folder: str) -> Iterator[tuple[str, str]]:
    """Names and digests of a package's files of code in its list."""
    for line in listed.splitlines():
        name, _, rest = line.partition(",")
        if name.startswith(f"{folder}/") and name.endswith(_CODE):
            yield name, rest.partition(",")[0]


def _changed_since(installed_ns: int, folder: Path, recorded: Mapping[str, str]) -> Iterator[str]:
    """Name and state of each file of code below a folder that is not as the installer has put it there.

    Only those are looked at that were written or put in their place later. Of modules the content counts; libraries,
    which are large, are told by their size and time.
    """
    root = folder.parent
    for path, state in _code_below(folder):
        name = path.relative_to(root).as_posix()
        if _changed_ns(state) <= installed_ns:
            continue
        if not name.endswith(".py"):
            yield f"{name} {state.st_size} {state.st_mtime_ns}"
        elif (content := _recorded_form(digest(path))) != recorded.get(name):
            yield f"{name} {content}"


def _code_below(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NO_CODE:
                yield from _code_below(Path(entry.path))
        elif entry.name.endswith(_CODE):
            yield Path(entry.path), entry.stat()


def _recorded_form(hexadecimal: str | None) -> str:
    """A digest as installers write it."""
    content = bytes.fromhex(hexadecimal or "")
    return f"sha256={base64.urlsafe_b64encode(content).decode().rstrip('=')}"
