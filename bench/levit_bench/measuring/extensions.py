"""Extension points: what the suite offers by name, and what installed packages add as entry points.

One mechanism for networks, forms, runtimes, devices and precisions. An entry point that cannot be loaded, or is not
what its group asks for, fails alone: it is refused by name when it is asked for, with the package that brings it.
So is one whose name no option can say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Generic, TypeVar

from levit_bench.axes import NO_CHOICE
from levit_bench.errors import UsageError, message_of, one_line
from levit_bench.spelling import did_you_mean

T = TypeVar("T")

LONGEST_NAME = 60
"""Characters of a name that a package may offer: it stands in tables, file names and lists of choices."""
_LONGEST_SHOWN = 80
_LONGEST_REASON = 200
_MOST_LISTED = 12


class ExtensionError(UsageError, LookupError):
    """The name is not registered, or its package cannot be used; the message lists the names, or gives the reason."""


class ExtensionPoint(Generic[T]):
    """One kind of thing that is looked up by name."""

    def __init__(
        self,
        kind: str,
        group: str,
        *,
        own: Sequence[str],
        load: Callable[[str], T],
        functions: Sequence[str],
        problem: Callable[[T], str | None] = lambda _: None,
    ) -> None:
        """Nothing is loaded before it is used.

        Args:
            kind: one word for it, for messages.
            group: of the entry points that add to it.
            own: names of the suite's own, which no package takes over.
            load: gives the suite's own one of a name.
            functions: which an object of a package must have.
            problem: what else is wrong with an object of a package, to follow its name and a colon; may raise anything.
        """
        self.kind = kind
        self.group = group
        self._own = tuple(own)
        self._load = load
        self._functions = tuple(functions)
        self._problem = problem

    def names(self) -> tuple[str, ...]:
        """All names that can be asked for, the suite's own first, then those of packages by the alphabet.

        Nothing is loaded.
        """
        return (*self._own, *sorted(name for name in self._points() if _why_unspeakable(name) is None))

    def is_own(self, name: str) -> bool:
        """Whether it is one of the suite's own."""
        return name in self._own

    def check(self, name: str) -> None:
        """Refuse a name that nobody can provide, as far as this is known without loading anything.

        Raises:
            ExtensionError: no package offers it, with the names there are; two do, no option can say it, or its module
                is not there.
        """
        if name not in self._own:
            self._check_module(self._point(name))

    def get(self, name: str) -> T:
        """The object of that name, loaded.

        Raises:
            ExtensionError: no package offers it, two do, or the one that does cannot be used, with the reason.
        """
        return self._load(name) if name in self._own else self._load_entry_point(self._point(name))

    def made_by(self, name: str) -> str | None:
        """The distribution that offers it and its version, such as `levit-bench-traced 1.0`; None for the suite's own.

        Also None where no package offers it, or nothing is known of the package.
        """
        points = () if name in self._own else self._points().get(name, ())
        return _distribution(points[0]) if points else None

    def of_packages(self) -> Iterator[tuple[str, T | ExtensionError]]:
        """Name and object of every entry point of packages, sorted; an error in place of one that cannot be used."""
        for name in sorted(self._points()):
            try:
                yield name, self.get(name)
            except ExtensionError as error:
                yield name, error

    def failed(self, name: str, error: BaseException | str) -> ExtensionError:
        """The error for an object that was loaded and raises, or answers nonsense, when it is used.

        Args:
            name: its name.
            error: what it raised, or what is wrong.
        """
        points = self._points().get(name, ())
        origin = f", which {_package(points[0])} brings," if points else ""
        reason = one_line(error) if isinstance(error, str) else _reason(error)
        return ExtensionError(f"{self.kind} {name[:_LONGEST_SHOWN]!r}{origin} failed: {reason}")

    @contextmanager
    def using(self, name: str, *expected: type[Exception]) -> Iterator[None]:
        """While an object of a package is used: what it raises becomes an error that names the package.

        Its own exits, too: a package does not end the command. Bugs of the suite's own objects stay what they are.

        Args:
            name: of the object.
            expected: exceptions that its interface names, which pass, as a lack of memory always does.

        Raises:
            ExtensionError: it raised anything else.
        """
        passing: tuple[type[Exception], ...] = (MemoryError, ExtensionError, *expected)
        try:
            yield
        except passing:
            raise
        except (Exception, SystemExit) as error:  # A package's code may raise any exception.
            if self.is_own(name):
                raise
            raise self.failed(name, error) from error

    def _points(self) -> dict[str, tuple[EntryPoint, ...]]:
        """Entry points by name, without those that have the name of one of the suite's own."""
        out: dict[str, tuple[EntryPoint, ...]] = {}
        for point in _entry_points(self.group, tuple(sys.path)):
            # A package may be found twice on the import path: the first one counts, as everywhere.
            alike = out.get(point.name, ())
            if point.name not in self._own and all(
                _distribution(point) != _distribution(other_point) for other_point in alike
            ):
                out[point.name] = (*alike, point)
        return out

    def _point(self, name: str) -> EntryPoint:
        """The one entry point of that name.

        Raises:
            ExtensionError: there is none, or two packages offer it, or no option can say it.
        """
        points = self._points().get(name, ())
        label = name[:_LONGEST_SHOWN]
        if not points:
            hint = did_you_mean(name, self.names())
            raise ExtensionError(f"unknown {self.kind} {label!r}.{hint} Choose from {listed(self.names())}.")
        if (why := _why_unspeakable(name)) is not None:
            raise ExtensionError(f"{self.kind} {label!r}, which {_package(points[0])} offers, is left out: {why}.")
        if len(points) > 1:
            raise ExtensionError(
                f"{self.kind} {name!r} is offered by two packages: {' and '.join(map(_package, points[:2]))}. "
                "Uninstall one of them."
            )
        return points[0]

    def _described(self, point: EntryPoint) -> str:
        return f"{point.value!r}, which {_package(point)} offers as {self.kind} {point.name!r}"

    def _check_module(self, point: EntryPoint) -> None:
        """Refuse an entry point whose module is not there; nothing is imported.

        Only the outermost package is looked up: importing it may add to what lies in it.

        Raises:
            ExtensionError: naming the module.
        """
        try:
            outermost = point.module.partition(".")[0]
            is_there = outermost in sys.modules or find_spec(outermost) is not None
        except Exception as error:  # A value that names no module, which differs between versions of Python.
            raise ExtensionError(f"cannot load {self._described(point)}: {_reason(error)}") from error
        if not is_there:
            raise ExtensionError(f"cannot load {self._described(point)}: there is no module {outermost!r}")

    def _load_entry_point(self, point: EntryPoint) -> T:
        described = self._described(point)
        try:
            loaded: T = point.load()
        except (Exception, SystemExit) as error:  # A package may do anything at all when it is imported.
            raise ExtensionError(f"cannot load {described}: {_reason(error)}") from error
        try:
            problem = self._problem_with(loaded)
        except (Exception, SystemExit) as error:  # Reading an attribute may execute code of the package.
            problem = _reason(error)
        if problem is not None:
            raise ExtensionError(f"cannot use {described}: {problem}")
        return loaded

    def _problem_with(self, loaded: T) -> str | None:
        absent = [name for name in self._functions if not hasattr(loaded, name)]
        if absent:
            return f"it lacks {', '.join(absent)}"
        return next(filter(None, (not_a_function(loaded, name) for name in self._functions)), None) or self._problem(
            loaded
        )


def not_a_function(loaded: object, name: str) -> str | None:
    """What is wrong with an attribute that is there and cannot be called; None where it can, or is absent."""
    value = getattr(loaded, name, None)
    return f"{name} is of type {type(value).__name__}, and not a function" if not callable(value) else None


def listed(names: Sequence[str]) -> str:
    """Names for a message: the first dozen, and how many more there are."""
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


@lru_cache(maxsize=16)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of a group on the import path, read once: a request looks names up many times."""
    return _entry_points_by_group(path).get(group, ())


@lru_cache(maxsize=4)
def _entry_points_by_group(path: tuple[str, ...]) -> dict[str, tuple[EntryPoint, ...]]:
    """Entry points of all groups on the import path: reading them takes as long for one group as for all."""
    groups = entry_points()
    return {group: tuple(groups.select(group=group)) for group in groups.groups}


def _why_unspeakable(name: str) -> str | None:
    """Why no option can say a name, or a table shows it as something else; None where all is well."""
    if not 0 < len(name) <= LONGEST_NAME:
        return f"its name has {len(name)} characters, and may have 1 to {LONGEST_NAME}"
    if "," in name or not name.isprintable() or any(character.isspace() for character in name):
        return "its name has a comma, white space or a control character, and no option takes that"
    return f"{NO_CHOICE} stands for no choice at all" if name == NO_CHOICE else None


def _package(point: EntryPoint) -> str:
    return f"the package {_distribution(point) or 'that nobody knows'}"


def _distribution(point: EntryPoint) -> str | None:
    """Name and version of the distribution that an entry point belongs to; None where its metadata do not say."""
    try:
        assert point.dist is not None
        name, version = point.dist.metadata["Name"], point.dist.version
    except Exception:  # Metadata that are damaged or absent, which differs between versions of Python.
        return None
    return f"{name} {version}" if name and version else None


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {message_of(error)[:_LONGEST_REASON]}"
