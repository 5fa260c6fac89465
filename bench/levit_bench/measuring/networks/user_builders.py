"""Networks of the user's own: `module:function` on the Python path, or `path/to/file.py:function`.

Literal arguments may follow, `nets.py:build(width=2)`, and the choice of an output, `nets.py:build["aux"]`.
The function returns a `torch.nn.Module` that takes normalised float images (batch, 3, r, r), or those that its
attributes name, and returns logits (batch, classes), or an object that holds them. Only the named code is executed.
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
from levit_bench.measuring.workers.process_settings import restoring
from levit_bench.records import LARGEST_RESOLUTION, MOST_CHANNELS, Dtype, ImageShape, parse_size
from levit_bench.spelling import did_you_mean

_DEFAULT_RESOLUTION = 224
_LONGEST_CALL = 60  # Characters; a reason has 300 for three of them.
_USUAL = Recipe()
_MORE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# Layers that compute something else in training mode.
_MODAL = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.modules.dropout._DropoutNd)
_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>\w+)(?:#(?P<digest>[0-9a-f]+))?")
# The folder that the process was started in, whether or not the user's code changes it later.
_HERE = Path.cwd()


def owns(name: str) -> bool:
    """Whether the name has the form `module:function` or `file.py:function`."""
    return ":" in name


def default_resolution(name: str) -> tuple[int, int]:
    """Height and width: the function's attribute `resolution`, one number or two or `"192x256"`; or 224 pixels.

    Raises:
        LookupError: there is no such module, file or function, it is not a function or takes other arguments, or its
            resolution is not a number of pixels.
    """
    value = getattr(_maker(name).function, "resolution", _DEFAULT_RESOLUTION)
    size = parse_size(value)
    if size is None:
        raise LookupError(
            f"{name}: its resolution is {value!r}. Give whole numbers of pixels from 1 to {LARGEST_RESOLUTION}: one, "
            "or height and width, such as 224, (192, 256) or '192x256'"
        )
    return size


def channels(name: str) -> int:
    """The function's attribute `channels`, or 3.

    Raises:
        LookupError: as `default_resolution`, or it is not a number of channels.
    """
    count = getattr(_maker(name).function, "channels", 3)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_CHANNELS:
        raise LookupError(
            f"{name}: its channels are {count!r}. The suite feeds images of 1 to {MOST_CHANNELS} channels"
        )
    return count


def dtype(name: str) -> Dtype:
    """The function's attribute `dtype`, also as torch's own, or float32.

    Raises:
        LookupError: as `default_resolution`, or the suite feeds no such images.
    """
    value = getattr(_maker(name).function, "dtype", "float32")
    fed_types: dict[str, Dtype] = {"float32": "float32", "uint8": "uint8"}
    fed_type = fed_types.get(str(value).removeprefix("torch."))
    if fed_type is None:
        raise LookupError(
            f"{name}: its dtype is {value!r}. The suite feeds 'float32', normalised, or 'uint8' from 0 to 255; number "
            "formats of weights are chosen with --precision"
        )
    return fed_type


def look(name: str, shape: ImageShape, seed: int) -> Looked:
    """Build the network once to find out what it returns; that build is not used again.

    Raises:
        LookupError: there is no such module, file or function.
        TypeError: it returned no module, or a module that returns no logits.
        ValueError: the network cannot take the images that the suite feeds, or is not a plain module.
    """
    with restoring():
        maker = _maker(name)
    network, wrappers = _build_module(name, maker, seed)
    serving, outputs = find(network, shape, maker.call.output, _call_text(name, maker.call))
    return Looked(serving, outputs, output_words(maker.call.output), wrappers, is_headless(network))


def build_for(name: str, shape: ImageShape) -> nn.Module:
    """As `build_by`, with the default recipe."""
    return build_by(name, shape, _USUAL)


def build_by(name: str, shape: ImageShape, recipe: Recipe) -> nn.Module:
    """Call the user's function, and wrap its network so that it returns logits.

    No pass is made on the result, unless its parameters are created in one: what a network caches of a pass would
    outlive the weights that are loaded into it.

    Raises:
        LookupError, TypeError, ValueError: as `look`.
    """
    serving = look(name, shape, recipe.seed).serving if recipe.serving is None else recipe.serving
    with restoring():
        maker = _maker(name)
    network, _ = _build_module(name, maker, recipe.seed)
    if serving.grows:
        rest(network)
        make_parameters(network, shape)
    network = served(network, serving)
    _refuse_training(network)
    return network


class _Maker(NamedTuple):
    """A user's function, and the arguments that it is called with."""

    function: Callable[..., object]
    call: Call
    name: str
    """Of the network."""
    file: Path | None
    """Of the function; None where it is of a module on the Python path."""

    def _local_imports(self) -> AbstractContextManager[None]:
        """Within this context, its imports are looked for beside its file."""
        return nullcontext() if self.file is None else imports_beside(self.file.parent, _HERE)

    def __call__(self) -> object:
        with restoring(), self._local_imports():
            network = self.function(*self.call.args, **dict(self.call.kwargs))
            sources.note(self.name, self.file)
            return network


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"


def _call_text(name: str, call: Call) -> str:
    """The function as it is named where no output is chosen: `nets.py:build(width=2)`."""
    target, _, _ = taken_apart(name)[0].partition("#")
    called = f"{target}{call._replace(output=())}"
    return called if len(called) <= _LONGEST_CALL else f":{target.rpartition(':')[2]}"


def _build_module(name: str, maker: _Maker, seed: int) -> tuple[nn.Module, tuple[str, ...]]:
    """The plain module and its wrappers. Equal in every process, as far as seeded generators decide."""
    seeds.seed_all(seed)
    before = set(sys.modules)
    try:
        network = maker()
        if set(sys.modules) - before:
            # Modules that were imported during the build may have drawn numbers; the next build imports nothing.
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
        LookupError: it cannot be imported or does not take them, with the reason.
    """
    try:
        target, call = taken_apart(name)
    except UsageError as error:
        raise LookupError(str(error)) from error
    file = _FILE.fullmatch(target)
    if file:
        holder, function = _module_of(file["file"], file["digest"] or ""), file["function"]
    else:
        module, _, function = target.partition(":")
        holder = _imported_module(target, module, function)
    builder = getattr(holder, function, None)
    where = holder.__name__ if not file else file["file"]
    if builder is None:
        hint = did_you_mean(function, (other for other, value in vars(holder).items() if callable(value)))
        raise LookupError(
            f"cannot find {name!r}: {where} has no {function!r}.{hint} Write the name of a function in it"
        )
    if isinstance(builder, nn.Module) or not callable(builder):
        kind = "network" if callable(builder) else type(builder).__name__
        raise LookupError(f"{name} is a {kind}. Name a function that builds and returns a network")  # noqa: TRY004 (a name)
    problem = _problem_with(builder, call)
    if problem:
        raise LookupError(f"{name} {problem}")
    return _Maker(builder, call, name, _HERE / file["file"] if file else None)


def _problem_with(function: Callable[..., object], call: Call) -> str | None:
    """Why a function cannot be called so, with what it takes; None where it can."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # Built in, without a signature: the call itself will raise.
    try:
        signature.bind(*call.args, **dict(call.kwargs))
    except TypeError as error:
        needed = [
            parameter.name
            for parameter in signature.parameters.values()
            if parameter.default is parameter.empty and parameter.kind not in _MORE
        ]
        if needed and not call.args and not call.kwargs:
            written = ", ".join(f"{parameter}=…" for parameter in needed)
            return (
                f"takes the arguments {', '.join(needed)}. Give them as literals, such as :{function.__name__}"
                f"({written}), or give them defaults"
            )
        return f"cannot be called so: {error}. It takes {_signature_text(signature)}"
    return None


def _signature_text(signature: inspect.Signature) -> str:
    """The arguments of a function in a few words."""
    bare = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    text = str(inspect.Signature(bare))
    return text if len(text) <= 100 else f"{text[:99]}…"


def _imported_module(name: str, module: str, function: str) -> ModuleType:
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
        raise LookupError(f"cannot import {name!r}: {_reason(error)}") from error


@cache
def _module_of(file: str, digest: str) -> ModuleType:
    """Execute a file as a module of its own, once a process; its imports are looked for beside it.

    After installed packages and before the modules of other folders: see `imports_beside`.

    Raises:
        LookupError: it is not there, has changed, or raises.
    """
    path = _HERE / file
    try:
        source = path.read_bytes()
    except OSError as error:
        raise LookupError(f"cannot read {file!r}: {error.strerror}") from error
    sha256 = hashlib.sha256(source).hexdigest()
    if not sha256.startswith(digest):
        raise LookupError(
            f"{file!r} has changed: it was #{digest} when it was named and is #{sha256[: len(digest)]} now. Measure it "
            "in a new session"
        )
    # Equal files of two folders are two modules: what they import may differ.
    place = hashlib.sha256(file.encode()).hexdigest()[:6]
    module = ModuleType(f"levit_bench_own_{sha256[:12]}_{place}")
    module.__file__, module.__package__ = str(path), ""
    sys.modules[module.__name__] = module  # Dataclasses and pickles look their module up.
    seeds.seed_all(seeds.AT_IMPORT)
    try:
        # These very bytes, not a cached translation of what once had the same name, time and size.
        with imports_beside(path.parent, _HERE):
            exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 (the file that the user named)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise LookupError(f"cannot import {file!r}: {_reason(error, path)}") from error
    return module


def _reason(error: BaseException, path: Path | None = None) -> str:
    """Message of an exception with its file and line: the line in the named file rather than one that it called."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        where = f"{Path(error.filename or '?').name}, line {error.lineno}"
        return f"{where}: {kind}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if path is None or frame.filename == str(path)] or list(frames)
    message = f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {kind}: {error}"
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] == "levit_bench":
        return f"{message}. A module called levit_bench is this suite itself"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return f"{message}. Name it as package.module:function instead"
    return message
