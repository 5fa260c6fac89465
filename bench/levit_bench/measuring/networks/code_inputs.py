"""The files that a user's network is made of: modules that its process loaded, and data that its code opened.

Watched in processes that prepare networks, never in one that is timed. With these files unchanged, the network is the
one that was prepared before. Whatever else its code asks, such as another process or the network, cannot be compared:
then nobody knows whether these files are all, and it is prepared anew. Where its modules lie is known in any case.
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
from levit_bench.measuring.networks import local_modules
from levit_bench.paths.code_files import CodeFiles, digest, names_digest

_UNKNOWABLE = frozenset({
    "socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.fork", "urllib.Request", "ctypes.dlopen", "sqlite3.connect", "mmap.__new__",
})  # fmt: skip
_OF_THE_SYSTEM = ("/proc/", "/sys/", "/dev/")
_WRITING = os.O_WRONLY | os.O_RDWR
_SUITE = Path(__file__).parents[2]
_OF_ENVIRONMENTS = ("lib", "lib64", "bin", "share", "etc", "include", "pyvenv.cfg", "Lib", "Scripts")
"""What a virtual environment holds; anything else below its folder is somebody's own."""

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
    own_modules, data = _without(_is_of_a_library)
    paths = list(dict.fromkeys([*own_modules, *data]))
    if any(_is_newer(path) for path in paths):
        return None
    files = {str(path): digest(path) for path in paths}
    folders = {path.parent for path in own_modules}
    return CodeFiles(files=files, folders={str(path): names_digest(path) for path in sorted(folders)})


def noticed() -> dict[str, str | None]:
    """Digests of the files outside of every environment that this process has loaded modules from or opened, by path.

    Known of any network, the suite's and timm's included: a library may lie in a folder that somebody works in. Files
    that are read in another way are not among them; whether there may be any, `known` says.
    """
    modules, data = _without(_is_of_an_environment)
    return {str(path): digest(path) for path in dict.fromkeys([*modules, *data])}


def beyond_files() -> tuple[str, ...]:
    """Why `known` knows nothing: what the code asked for, as Python's audit events, and files written meanwhile."""
    own_modules, data = _without(_is_of_a_library)
    newer = [path.name for path in dict.fromkeys([*own_modules, *data]) if _is_newer(path)]
    return (*_unknowable, *(f"{name}, which was written meanwhile" for name in newer)) if _state["since_ns"] else ()


def _without(is_left_out: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Files of the modules that are loaded, and other files that were opened, but for those that are left out."""
    loaded = [*list(sys.modules.values()), *local_modules.set_aside()]
    modules = [Path(file) for module in loaded if (file := _file_of(module)) is not None]
    opened = [Path(name) for name in _opened if not name.startswith(tuple(_artifacts))]
    data = [path for path in opened if path.suffix != ".pyc" and not is_left_out(path)]
    return [path for path in modules if not is_left_out(path)], data


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


def _is_of_an_environment(path: Path) -> bool:
    """Whether a file is the suite's, or installed where an interpreter finds it: every side has these."""
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return True
    return str(path).startswith(_environment_folders())


@cache
def _environment_folders() -> tuple[str, ...]:
    """Folders of the suite, of Python's own library, and of the virtual environment; each ends with a separator."""
    folders = [f"{_SUITE}{os.sep}", *_library_folders()[1]]
    if sys.prefix != sys.base_prefix:
        folders += [str(Path(sys.prefix, name)) + ("" if "." in name else os.sep) for name in _OF_ENVIRONMENTS]
    return tuple(folders)


@cache
def _library_folders() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folders of the suite and of the packages that an artifact's key holds, and of Python's own library.

    Each ends with a separator, so that a name that begins with one lies within.
    """
    paths = sysconfig.get_paths()
    packages = (_SUITE, *package_folders())
    standard = (Path(paths["stdlib"]), Path(paths["platstdlib"]))
    return tuple(f"{folder}{os.sep}" for folder in packages), tuple(f"{folder}{os.sep}" for folder in standard)
