"""Builds networks by name, with the first builder that owns the name.

A new family is a new file here, or a third party's builder under the entry-point group `levit_bench.networks`. Names
of the suite, of the catalog and of timm come first and cannot be taken over by other builders.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple, Protocol, get_args

from torch import nn

from levit_bench.catalog.twins import original
from levit_bench.errors import one_line
from levit_bench.measuring.evaluation_mode import rest
from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint, not_a_function
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.measuring.model_files.reading import describe
from levit_bench.measuring.networks import code_inputs
from levit_bench.measuring.networks.recipe import Looked, Recipe
from levit_bench.measuring.networks.seeds import seed_all
from levit_bench.measuring.networks.timm_import import watch_imports
from levit_bench.measuring.workers.messages import Resolved
from levit_bench.paths.code_files import CodeFiles
from levit_bench.paths.model_files import kind_of
from levit_bench.records import Dtype, ImageShape

# In this order. Loaded on demand: the yardstick imports neither timm nor anything else of the suite.
_IN_ORDER = ("yardstick", "null", "levit", "timm_networks")
_USER, _LAST = "user_builders", "timm_networks"
ENTRY_POINTS = "levit_bench.networks"
_USUAL = Recipe()
_BUILDING = ("build", "build_for", "build_by")
_NOBODY_KNOWS = "no builder that can be asked knows"


class Builder(Protocol):
    """Interface of a builder module or object.

    In place of `build` it may have `build_for(name, shape)`, which also takes images that are not square; functions
    `channels` and `dtype` give those of the network's images, where they are not 3 and float32.
    """

    def owns(self, name: str) -> bool:
        """Whether this builder builds the name."""

    def default_resolution(self, name: str) -> int | tuple[int, int]:
        """Height and width in pixels that the network is meant for; one number where they are equal.

        Raises:
            LookupError: no such network.
        """

    def build(self, name: str, resolution: int) -> nn.Module:
        """The network with freshly initialised weights, for square inputs of that many pixels.

        Raises:
            LookupError: no such network.
            ValueError: it cannot take that resolution.
        """


class _Owner(NamedTuple):
    """A builder, and the name under which a package offers it."""

    builder: Builder
    label: str | None = None
    """None for a builder of the suite."""

    def using(self, *expected: type[Exception]) -> AbstractContextManager[None]:
        """While it is asked: anything but the expected exceptions names the package."""
        return nullcontext() if self.label is None else POINT.using(self.label, *expected)


def build(name: str, shape: ImageShape, recipe: Recipe = _USUAL) -> nn.Module:
    """Build a network by name for such images, in evaluation mode; a twin is built as its original is.

    The same recipe gives the same network in every process, as far as random-number generators decide.

    Raises:
        LookupError: no builder owns the name.
        ValueError: it cannot take such images.
    """
    name = original(name)
    owner = _owner_of(name)
    seed_all(recipe.seed)
    with owner.using(LookupError, ValueError, TypeError):
        network = _build_with(owner.builder, name, shape, recipe)
    if owner.label is not None and not _is_module(network):
        raise POINT.failed(owner.label, f"it builds {name!r} as {type(network).__name__}, and not as a module of torch")
    rest(network)
    return network


def _build_with(builder: Builder, name: str, shape: ImageShape, recipe: Recipe) -> nn.Module:
    build_by: Callable[[str, ImageShape, Recipe], nn.Module] | None = getattr(builder, "build_by", None)
    if build_by is not None:
        return build_by(name, shape, recipe)
    build_for: Callable[[str, ImageShape], nn.Module] | None = getattr(builder, "build_for", None)
    if build_for is not None:
        return build_for(name, shape)
    if shape.height != shape.width:
        raise ValueError(
            f"{name} is built for square images alone, and {shape.size} are asked for. Its builder needs a function "
            "build_for(name, shape) to take others"
        )
    return builder.build(name, shape.height)


def look(name: str, shape: ImageShape, seed: int) -> Looked:
    """Facts of a network from a throwaway build; defaults where its builder has no function `look`.

    Raises:
        LookupError, TypeError, ValueError: it cannot be built or served, with the reason.
    """
    name = original(name)
    owner = _owner_of(name)
    look_at: Callable[[str, ImageShape, int], Looked] = getattr(owner.builder, "look", lambda *_: Looked())
    with owner.using(LookupError, ValueError, TypeError):
        return look_at(name, shape, seed)


def takes(name: str) -> ImageShape:
    """The images that a network is meant for, as its builder says.

    Raises:
        LookupError: no builder owns the name, or it knows no such network.
    """
    name = original(name)
    owner = _owner_of(name)
    builder = owner.builder
    channels: Callable[[str], int] = getattr(builder, "channels", lambda _name: 3)
    dtype: Callable[[str], Dtype] = getattr(builder, "dtype", lambda _name: "float32")
    with owner.using(LookupError):
        size = builder.default_resolution(name)
        height, width = (size, size) if isinstance(size, int) else size
        shape = ImageShape(channels(name), height, width, dtype(name))
    if owner.label is not None and not _is_of_images(shape):
        raise POINT.failed(owner.label, f"it says that the images of {name!r} are {tuple(shape)!r}")
    return shape


def _is_module(network: object) -> bool:
    return isinstance(network, nn.Module)


def _is_of_images(shape: ImageShape) -> bool:
    numbers = (shape.channels, shape.height, shape.width)
    return all(type(number) is int and number > 0 for number in numbers) and shape.dtype in get_args(Dtype)


def resolve(names: Iterable[str]) -> Resolved:
    """Image shapes of the names that can be built; the reason for each that cannot, and timm's names to suggest."""
    shapes: dict[str, ImageShape] = {}
    reasons: dict[str, str] = {}
    models: dict[str, ModelDescription] = {}
    for name in names:
        if kind_of(name) is not None:
            try:
                models[name] = describe(name)
                shapes[name] = models[name].shape
            except (LookupError, ValueError) as error:
                reasons[name] = one_line(f"cannot load {name!r}: {error}")
            except Exception as error:  # Libraries that read a damaged file may raise any exception.
                reasons[name] = one_line(f"cannot load {name!r}: {reason_for(error)}")
            continue
        watch_code(name)
        try:
            shapes[name] = takes(name)
        except LookupError as error:
            reasons[name] = one_line(str(error))
        except Exception as error:  # A package's builder may raise any exception; the other names go on.
            reasons[name] = one_line(f"cannot look up {name!r}: {reason_for(error)}")
    # Only a name of the catalog's or timm's kind may be a misspelt one of theirs.
    misspelt = any(":" not in name and kind_of(name) is None for name in reasons)
    suggestions = importlib.import_module(f"{__name__}.timm_networks").names() if misspelt else ()
    return Resolved(shapes=shapes, missing=reasons, known=tuple(suggestions), models=models)


def watch_code(name: str, folder: Path | None = None) -> None:
    """From now on, keep in mind which files the code of a user's network opens; in processes that prepare.

    Args:
        name: of the network.
        folder: of its artifact, where one is made: files there are not the network's.
    """
    if folder is not None:
        code_inputs.leave_out(folder)
    if ":" in name:
        code_inputs.watch()


def made_of(name: str) -> CodeFiles | None:
    """The files that a network is made of, beside the suite's and installed packages'; None where nobody knows.

    Args:
        name: of the network, which this process has built.
    """
    builder = _owner_of(original(name)).builder
    if any(builder is _module(module) for module in _IN_ORDER):
        return CodeFiles()
    return code_inputs.known() if builder is _module(_USER) else None


def _owner_of(name: str) -> _Owner:
    """The builder that owns a name.

    Raises:
        LookupError: none does, and a package's builder that might own it cannot be used.
    """
    watch_imports()  # Before any code of a user or a third party runs.
    for module in _IN_ORDER:
        own = _module(module)
        if own.owns(name):
            return _Owner(own)
    user = _module(_USER)
    if ".py:" in name:
        return _Owner(user)
    silent = []
    for label, foreign in POINT.of_packages():
        if isinstance(foreign, ExtensionError):
            silent.append(foreign)
            continue
        try:
            with POINT.using(label):
                if foreign.owns(name):
                    return _Owner(foreign, label)
        except (ExtensionError, MemoryError) as error:  # The other builders go on.
            silent.append(error if isinstance(error, ExtensionError) else POINT.failed(label, error))
    if user.owns(name):
        return _Owner(user)
    if silent:
        raise LookupError(f"{_NOBODY_KNOWS} {name!r}; " + "; ".join(map(str, silent)))
    # timm's builder raises the error for an unknown name, with the names it has.
    return _Owner(_module(_LAST))


def _module(name: str) -> Builder:
    builder: Builder = importlib.import_module(f"{__name__}.{name}")
    return builder


def _problem(builder: Builder) -> str | None:
    """What is wrong with what a package's builder may have beside the functions that each has."""
    if not any(hasattr(builder, name) for name in _BUILDING):
        return f"it lacks {' or '.join(_BUILDING)}"
    optional = (name for name in (*_BUILDING, "look", "channels", "dtype") if hasattr(builder, name))
    return next(filter(None, (not_a_function(builder, name) for name in optional)), None)


POINT: ExtensionPoint[Builder] = ExtensionPoint(
    "builder of networks",
    ENTRY_POINTS,
    own=(),  # Builders are found by the names of networks that they own, not by the names of entry points.
    load=_module,
    functions=("owns", "default_resolution"),
    problem=_problem,
)
