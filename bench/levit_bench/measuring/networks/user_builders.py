"""Networks of the user's own: `module:function` on the Python path, or `path/to/file.py:function`.

Literal arguments may follow, `nets.py:build(width=2)`, and the choice of an output, `nets.py:build["aux"]`.
The function returns a `torch.nn.Module` that takes normalised float images (batch, 3, r, r), or those that its
attributes name, and returns logits (batch, classes), or what holds them. Refuses to know what becomes of the network,
and executes nothing but what was named.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from torch import nn

from levit_bench.catalog.network_calls import Call, output_words, taken_apart
from levit_bench.errors import UsageError, one_line
from levit_bench.measuring.evaluation_mode import rest
from levit_bench.measuring.networks import seeds, sources
from levit_bench.measuring.networks.call_interface import find, is_headless, make_parameters, served
from levit_bench.measuring.networks.local_modules import imports_beside
from levit_bench.measuring.networks.plain_module import plain
from levit_bench.measuring.networks.recipe import Looked, Recipe
from levit_bench.measuring.workers.process_settings import kept
from levit_bench.records import LARGEST_RESOLUTION, MOST_CHANNELS, Dtype, ImageShape, parse_size

_DEFAULT_RESOLUTION = 224
_LONGEST_CALL = 60  # Characters; a reason has 300 for three of them.
_USUAL = Recipe()
_MORE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# What computes something else in training mode.
_MODAL = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.modules.dropout._DropoutNd)
_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>\w+)(?:#(?P<digest>[0-9a-f]+))?")
# Where the seat was started, whatever the user's code does to the working folder later.
_HERE = Path.cwd()


def owns(name: str) -> bool:
    """Whether the name has the form `module:function` or `file.py:function`."""
    return ":" in name


def default_resolution(name: str) -> tuple[int, int]:
    """Height and width: the function's attribute `resolution`, one number or two or `"192x256"`; or 224 pixels.

    Raises:
        LookupError: there is no such module, file or function, it is no function or takes other arguments, or its
            resolution is no number of pixels.
    """
    given = getattr(_maker(name).function, "resolution", _DEFAULT_RESOLUTION)
    size = parse_size(given)
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
    given = getattr(_maker(name).function, "channels", 3)
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
    given = getattr(_maker(name).function, "dtype", "float32")
    known: dict[str, Dtype] = {"float32": "float32", "uint8": "uint8"}
    found = known.get(str(given).removeprefix("torch."))
    if found is None:
        raise LookupError(
            f"{name}: its dtype is {given!r}. The suite feeds 'float32', normalised, or 'uint8' from 0 to 255; number "
            "formats of weights are chosen with --precision"
        )
    return found


def look(name: str, shape: ImageShape, seed: int) -> Looked:
    """Build the network once to find out what it returns; nothing else runs that build.

    Raises:
        LookupError: there is no such module, file or function.
        TypeError: it returned no module, or a module that returns no logits.
        ValueError: the network cannot take the images that the suite feeds, or is no plain one.
    """
    with kept():
        maker = _maker(name)
    network, taken = _built(name, maker, seed)
    serving, outputs = find(network, shape, maker.call.output, _called(name, maker.call))
    return Looked(serving, outputs, output_words(maker.call.output), taken, is_headless(network))


def build_for(name: str, shape: ImageShape) -> nn.Module:
    """As `build_by`, by the usual recipe."""
    return build_by(name, shape, _USUAL)


def build_by(name: str, shape: ImageShape, recipe: Recipe) -> nn.Module:
    """Call the user's function, and see to it that what comes out of its network are logits.

    No pass is made on what is returned, unless its parameters come of one: what a network keeps of a pass would outlive
    the weights that are loaded into it.

    Raises:
        LookupError, TypeError, ValueError: as `look`.
    """
    serving = look(name, shape, recipe.seed).serving if recipe.serving is None else recipe.serving
    with kept():
        maker = _maker(name)
    network, _ = _built(name, maker, recipe.seed)
    if serving.grows:
        rest(network)
        make_parameters(network, shape)
    network = served(network, serving)
    _refuse_training(network)
    return network


class _Maker(NamedTuple):
    """A function of the user's, and how it is called."""

    function: Callable[..., object]
    call: Call
    name: str
    """Of the network."""
    file: Path | None
    """Of the function; None where it is of a module on the Python path."""

    def _beside(self) -> AbstractContextManager[None]:
        """What it imports meanwhile is looked for beside its file."""
        return nullcontext() if self.file is None else imports_beside(self.file.parent, _HERE)

    def __call__(self) -> object:
        with kept(), self._beside():
            network = self.function(*self.call.args, **dict(self.call.kwargs))
            sources.note(self.name, self.file)
            return network


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"


def _called(name: str, call: Call) -> str:
    """The function as it is named where no output is chosen: `nets.py:build(width=2)`."""
    target, _, _ = taken_apart(name)[0].partition("#")
    called = f"{target}{call._replace(output=())}"
    return called if len(called) <= _LONGEST_CALL else f":{target.rpartition(':')[2]}"


def _built(name: str, maker: _Maker, seed: int) -> tuple[nn.Module, tuple[str, ...]]:
    """The plain module, and what was taken off it. Equal in every process, as far as seeds reach."""
    seeds.seed_all(seed)
    before = set(sys.modules)
    try:
        network = maker()
        if set(sys.modules) - before:
            # Modules that were imported meanwhile may have drawn numbers; the next build imports nothing.
            seeds.seed_all(seed)
            network = maker()
    except OSError as error:
        # Most often a file of weights, or a server that cannot be reached.
        raise ValueError(
            f"raised {type(error).__name__}: {one_line(str(error))[:150]}. If it loads weights, leave that out: they "
            "are drawn anew in any case, so that no file is needed"
        ) from error
    if not isinstance(network, nn.Module):
        hint = ""
        if isinstance(network, Mapping):
            hint = ". Return the network itself; weights are drawn anew"
        if type(network).__name__ == "ExportedProgram":
            hint = ". Give the module that was exported, and name --runtime compile"
        raise TypeError(f"returned {_article(type(network).__name__)}, not a torch.nn.Module{hint}")
    return plain(network)


def _refuse_training(network: nn.Module) -> None:
    """Refuse a network whose `eval()` leaves a layer in training mode that computes something else there.

    Raises:
        ValueError: naming the layer.
    """
    for name, module in network.named_modules():
        if module.training and isinstance(module, _MODAL):
            raise ValueError(
                f"its {type(module).__name__} {name.removeprefix('network.')} is in training mode after eval(): a "
                "train() of its own must call super().train(mode)"
            )


def _maker(name: str) -> _Maker:
    """The function of that name, and the arguments that it is given.

    Raises:
        LookupError: it cannot be had or does not take them, with the reason.
    """
    try:
        target, call = taken_apart(name)
    except UsageError as error:
        raise LookupError(str(error)) from error
    file = _FILE.fullmatch(target)
    if file:
        found, function = _module_of(file["file"], file["digest"] or ""), file["function"]
    else:
        module, _, function = target.partition(":")
        found = _imported(target, module, function)
    made = getattr(found, function, None)
    where = found.__name__ if not file else file["file"]
    if made is None:
        raise LookupError(f"cannot find {name!r}: {where} has no {function!r}. Write the name of a function in it")
    if isinstance(made, nn.Module) or not callable(made):
        kind = "network" if callable(made) else type(made).__name__
        raise LookupError(f"{name} is a {kind}. Name a function that builds and returns a network")  # noqa: TRY004 (a name)
    problem = _problem_with(made, call)
    if problem:
        raise LookupError(f"{name} {problem}")
    return _Maker(made, call, name, _HERE / file["file"] if file else None)


def _problem_with(function: Callable[..., object], call: Call) -> str | None:
    """Why a function cannot be called so, with what it takes; None where it can."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # Built in, without a signature: the call itself will tell.
    try:
        signature.bind(*call.args, **dict(call.kwargs))
    except TypeError as error:
        needed = [
            one.name for one in signature.parameters.values() if one.default is one.empty and one.kind not in _MORE
        ]
        if needed and not call.args and not call.kwargs:
            written = ", ".join(f"{one}=…" for one in needed)
            return (
                f"takes the arguments {', '.join(needed)}. Give them as literals, such as :{function.__name__}"
                f"({written}), or give them defaults"
            )
        return f"cannot be called so: {error}. It takes {_takes(signature)}"
    return None


def _takes(signature: inspect.Signature) -> str:
    """The arguments of a function in a few words."""
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    said = str(inspect.Signature(bare))
    return said if len(said) <= 100 else f"{said[:99]}…"


def _imported(name: str, module: str, function: str) -> ModuleType:
    first, *rest = module.split(".")
    if not (module and function):
        raise LookupError(f"cannot find {name!r}: a name is missing. Write module:function or file.py:function")
    if first == "levit_bench":
        file = "/".join(("levit_bench", *(rest or ["__init__"])))
        raise LookupError(
            f"cannot find {name!r}: a module called levit_bench is this suite itself. Name the file instead, such as "
            f"{file}.py:{function}"
        )
    if module not in sys.modules:
        seeds.seed_all(seeds.AT_IMPORT)
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
    seeds.seed_all(seeds.AT_IMPORT)
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
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] == "levit_bench":
        return f"{said}. A module called levit_bench is this suite itself"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return f"{said}. Name it as package.module:function instead"
    return said
