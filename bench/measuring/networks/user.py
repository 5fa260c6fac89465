"""Networks of the user's own: `module:function` on the Python path, or `path/to/file.py:function`.

The function is called without arguments and returns a `torch.nn.Module` that takes normalised float images
(batch, 3, r, r), or those that its attributes name, and
returns logits (batch, classes), or a tuple that begins with them, or a mapping or an object that
holds them as `logits`. Refuses to know what becomes of the network, and executes nothing but what was named.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType

from torch import nn

from bench.measuring.networks.beside import imports_beside
from bench.measuring.networks.unwrap import checked
from bench.measuring.process_settings import kept
from bench.records import LARGEST_RESOLUTION, MOST_CHANNELS, Dtype, ImageShape
from bench.units import parse_size

_DEFAULT_RESOLUTION = 224
_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>\w+)(?:#(?P<digest>[0-9a-f]+))?")
# Where the seat was started, whatever the user's code does to the working folder later.
_HERE = Path.cwd()


def owns(name: str) -> bool:
    """Whether the name has the form `module:function` or `file.py:function`."""
    return ":" in name


def default_resolution(name: str) -> tuple[int, int]:
    """Height and width: the function's attribute `resolution`, one number or two or `"192x256"`; or 224 pixels.

    Raises:
        LookupError: there is no such module, file or function, it is no function without arguments, or its resolution
            is no number of pixels.
    """
    given = getattr(_maker(name), "resolution", _DEFAULT_RESOLUTION)
    size = parse_size(given, LARGEST_RESOLUTION)
    if size is None:
        raise LookupError(
            f"{name}: its resolution is {given!r}. Give whole numbers of pixels from 1 to {LARGEST_RESOLUTION}: one, "
            "or height and width, such as 224, (192, 256) or '192x256'"
        )
    return size


def channels(name: str) -> int:
    """The function's attribute `channels`, or 3.

    Raises:
        LookupError: as `default_resolution`, or it is no number of channels.
    """
    given = getattr(_maker(name), "channels", 3)
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST_CHANNELS:
        raise LookupError(
            f"{name}: its channels are {given!r}. The suite feeds images of 1 to {MOST_CHANNELS} channels"
        )
    return given


def dtype(name: str) -> Dtype:
    """The function's attribute `dtype`, also as torch's own, or float32.

    Raises:
        LookupError: as `default_resolution`, or the suite feeds no such images.
    """
    given = getattr(_maker(name), "dtype", "float32")
    known: dict[str, Dtype] = {"float32": "float32", "uint8": "uint8"}
    found = known.get(str(given).removeprefix("torch."))
    if found is None:
        raise LookupError(
            f"{name}: its dtype is {given!r}. The suite feeds 'float32', normalised, or 'uint8' from 0 to 255; number "
            "formats of weights are chosen with --precision"
        )
    return found


def build_for(name: str, shape: ImageShape) -> nn.Module:
    """Call the user's function, and see to it that what comes out of its network are logits.

    Raises:
        LookupError: there is no such module, file or function.
        TypeError: it returned no module, or a module that returns no logits.
        ValueError: the network cannot take the images that the suite feeds.
    """
    with kept():
        maker = _maker(name)
    file = _FILE.fullmatch(name)
    with kept(), imports_beside((_HERE / file["file"]).parent, _HERE) if file else nullcontext():
        network = maker()
    if not isinstance(network, nn.Module):
        raise TypeError(f"{name} returned a {type(network).__name__}, not a torch.nn.Module")
    return checked(network, shape)


def _maker(name: str) -> Callable[[], object]:
    """The function of that name.

    Raises:
        LookupError: it cannot be had, with the reason.
    """
    file = _FILE.fullmatch(name)
    if file:
        found, function = _module_of(file["file"], file["digest"] or ""), file["function"]
    else:
        module, _, function = name.partition(":")
        found = _imported(name, module, function)
    maker = getattr(found, function, None)
    where = found.__name__ if not file else file["file"]
    if maker is None:
        raise LookupError(f"cannot find {name!r}: {where} has no {function!r}. Write the name of a function in it")
    if isinstance(maker, nn.Module) or not callable(maker):
        kind = "network" if callable(maker) else type(maker).__name__
        raise LookupError(f"{name} is a {kind}. Name a function that builds and returns a network")  # noqa: TRY004 (a name)
    needed = _needed(maker)
    if needed:
        raise LookupError(
            f"{name} takes the arguments {', '.join(needed)}. It is called without any: give them defaults, or name a "
            "function that calls it"
        )
    made: Callable[[], object] = maker
    return made


def _needed(maker: Callable[..., object]) -> list[str]:
    """Names of the arguments that a call cannot leave out."""
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        return []  # Built in, without a signature: the call itself will tell.
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in variable]


def _imported(name: str, module: str, function: str) -> ModuleType:
    first, *rest = module.split(".")
    if not (module and function):
        raise LookupError(f"cannot find {name!r}: a name is missing. Write module:function or file.py:function")
    if first == "bench":
        file = "/".join(("bench", *(rest or ["__init__"])))
        raise LookupError(
            f"cannot find {name!r}: a module called bench is this suite itself. Name the file instead, such as "
            f"{file}.py:{function}"
        )
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and module.startswith(error.name or "?"):
            raise LookupError(
                f"cannot find {name!r}: {error}. Is its folder on PYTHONPATH? A file is named as path/to/nets.py:build"
            ) from error
        if isinstance(error, TypeError | ValueError) and not traceback.extract_tb(error.__traceback__)[2:]:
            raise LookupError(f"cannot find {name!r}: {error}. Write module:function or file.py:function") from error
        raise LookupError(f"cannot import {name!r}: {_said(error)}") from error


@cache
def _module_of(file: str, digest: str) -> ModuleType:
    """Execute a file as a module of its own, once a process; what it imports is looked for beside it.

    After what is installed, before the modules of other folders: see `beside`.

    Raises:
        LookupError: it is not there, has changed, or raises.
    """
    path = _HERE / file
    try:
        source = path.read_bytes()
    except OSError as error:
        raise LookupError(f"cannot read {file!r}: {error.strerror}") from error
    found = hashlib.sha256(source).hexdigest()
    if not found.startswith(digest):
        raise LookupError(
            f"{file!r} has changed: it was #{digest} when it was named and is #{found[: len(digest)]} now. Measure it "
            "in a new session"
        )
    # Equal files of two folders are two modules: what they import may differ.
    place = hashlib.sha256(file.encode()).hexdigest()[:6]
    module = ModuleType(f"levit_bench_own_{found[:12]}_{place}")
    module.__file__, module.__package__ = str(path), ""
    sys.modules[module.__name__] = module  # Dataclasses and pickles look their module up.
    try:
        # These very bytes, not a cached translation of what once had the same name, time and size.
        with imports_beside(path.parent, _HERE):
            exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 (the file that the user named)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise LookupError(f"cannot import {file!r}: {_said(error, path)}") from error
    return module


def _said(error: BaseException, path: Path | None = None) -> str:
    """What an exception says and where: its file and line, the named file's own line rather than one it called."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        where = f"{Path(error.filename or '?').name}, line {error.lineno}"
        return f"{where}: {kind}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if path is None or frame.filename == str(path)] or list(frames)
    said = f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {kind}: {error}"
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] == "bench":
        return f"{said}. A module called bench is this suite itself"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return f"{said}. Name it as package.module:function instead"
    return said
