"""The files that a user's network is made of: modules that its process loaded, and data that its code opened.

Watched in processes that prepare networks, never in one that is timed. With these files unchanged, the network is the
one that was prepared before. Whatever else its code asks, such as another process or the network, cannot be compared:
then nobody knows, and it is prepared anew.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any

from levit_bench.measuring.machine.installed_packages import package_folders
from levit_bench.paths.code_files import CodeFiles, digest, names_digest

_UNKNOWABLE = frozenset({
    "socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.fork", "urllib.Request", "ctypes.dlopen", "sqlite3.connect", "mmap.__new__",
})  # fmt: skip
_OF_THE_SYSTEM = ("/proc/", "/sys/", "/dev/")
_WRITING = os.O_WRONLY | os.O_RDWR
_SUITE = Path(__file__).parents[2]

_opened: dict[str, None] = {}
_unknowable: dict[str, None] = {}
_artifacts: set[str] = set()
"""Folders of the artifacts that this process has prepared, each with a separator at its end."""
_state = {"since_ns": 0, "paused": 0}
"""When watching began, 0 before that; and how many callers have paused it."""
_CLOCK_NS = 20_000_000  # File systems tell times by a coarser clock.


def watch() -> None:
    """From now on, keep in mind what is opened in this process. Call it before the user's code is imported."""
    if _state["since_ns"]:
        return
    _state["since_ns"] = time.time_ns() - _CLOCK_NS
    sys.addaudithook(_on_event)
    _wrap_native_readers()


@contextmanager
def paused() -> Iterator[None]:
    """What happens within is the suite's or a runtime's work, such as starting a compiler."""
    _state["paused"] += 1
    try:
        yield
    finally:
        _state["paused"] -= 1


def leave_out(folder: Path) -> None:
    """Files of an artifact's folder do not count, now and later: this process writes them, and reads them again."""
    _artifacts.add(f"{folder.absolute()}{os.sep}")


def known() -> CodeFiles | None:
    """The files behind what this process has built so far; None where its code asked for more than files, or one of
    them was written since: then nobody knows whether it held the same when it was read.
    """
    if not _state["since_ns"] or _unknowable:
        return None
    modules = [Path(file) for module in list(sys.modules.values()) if (file := _file_of(module)) is not None]
    own_modules = [path for path in modules if not _is_of_a_library(path)]
    opened = [Path(name) for name in _opened if not name.startswith(tuple(_artifacts))]
    data = [path for path in opened if path.suffix != ".pyc" and not _is_of_a_library(path)]
    paths = list(dict.fromkeys([*own_modules, *data]))
    if any(_is_newer(path) for path in paths):
        return None
    files = {str(path): digest(path) for path in paths}
    folders = {path.parent for path in own_modules}
    return CodeFiles(files=files, folders={str(path): names_digest(path) for path in sorted(folders)})


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if _state["paused"]:
        return
    if event == "open":
        _note_opened(arguments)
    elif event in _UNKNOWABLE and not (event == "ctypes.dlopen" and _is_own_library(arguments)):
        _unknowable[event] = None


def _is_own_library(arguments: tuple[Any, ...]) -> bool:
    """Whether what is loaded is part of a package, such as torchvision's operators."""
    return bool(arguments) and isinstance(arguments[0], str) and _is_of_a_library(Path(arguments[0]))


def _note_opened(arguments: tuple[Any, ...]) -> None:
    path, mode, flags = (*arguments, None, None)[:3]
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str | os.PathLike):
        return  # A descriptor: it was opened before.
    writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
    name = os.path.abspath(path)  # noqa: PTH100 (Path.absolute keeps "..")
    if not writes and not name.startswith(_OF_THE_SYSTEM) and not os.path.isdir(name):  # noqa: PTH112
        _opened[name] = None


def _wrap_native_readers() -> None:
    """Files that safetensors' native code opens raise no event: its readers are asked for the name."""
    import safetensors
    import safetensors.torch

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(read, updated=())
        def wrapper(filename: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (any reader's)
            if not _state["paused"]:
                _note_opened((filename, "rb"))
            return read(filename, *args, **kwargs)

        return wrapper

    for module in (safetensors, safetensors.torch):
        module.safe_open = noting(module.safe_open)  # type: ignore[attr-defined]


def _file_of(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    # Some of torch's modules are objects with a file's name alone.
    return os.path.normpath(file) if isinstance(file, str) and os.path.isabs(file) else None  # noqa: PTH117


def _is_newer(path: Path) -> bool:
    """Whether a file was written or put in its place since watching began."""
    try:
        state = path.stat()
    except OSError:
        return False
    return max(state.st_mtime_ns, state.st_ctime_ns) > _state["since_ns"]


def _is_of_a_library(path: Path) -> bool:
    """Whether a file is Python's, the suite's, or of a package that the artifact's key holds."""
    packages, standard = _library_folders()
    name = str(path)  # Texts: a process has thousands of files, and to compare paths costs more than to prepare.
    if name.startswith(packages):
        return True
    third_party = "site-packages" in path.parts or "dist-packages" in path.parts
    return not third_party and name.startswith(standard)


@cache
def _library_folders() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folders of the suite and of the packages that an artifact's key holds, and of Python's own library.

    Each ends with a separator, so that a name that begins with one lies within.
    """
    paths = sysconfig.get_paths()
    packages = (_SUITE, *package_folders())
    standard = (Path(paths["stdlib"]), Path(paths["platstdlib"]))
    return tuple(f"{folder}{os.sep}" for folder in packages), tuple(f"{folder}{os.sep}" for folder in standard)
