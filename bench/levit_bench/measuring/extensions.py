"""Extension points: what the suite offers by name, and what installed packages add as entry points.

One mechanism for networks, forms, runtimes, devices and precisions. An entry point that cannot be loaded, or is not
what its group asks for, fails alone: it is refused by name when it is asked for, with the package that brings it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from levit_bench.errors import UsageError, one_line

T = TypeVar("T")

_LONGEST_NAME = 80
_LONGEST_REASON = 200


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
        attributes: Sequence[str],
    ) -> None:
        """Nothing is loaded before it is used.

        Args:
            kind: one word for it, for messages.
            group: of the entry points that add to it.
            own: names of the suite's own, which no package takes over.
            load: gives the suite's own one of a name.
            attributes: what an object of a package must have.
        """
        self.kind = kind
        self.group = group
        self._own = tuple(own)
        self._load = load
        self._attributes = tuple(attributes)

    def names(self) -> tuple[str, ...]:
        """All names, the suite's own first, then those of packages by the alphabet; nothing is loaded."""
        return (*self._own, *sorted(self._points()))

    def is_own(self, name: str) -> bool:
        """Whether it is one of the suite's own."""
        return name in self._own

    def check(self, name: str) -> None:
        """Refuse a name that is not registered; nothing is loaded.

        Raises:
            ExtensionError: with the names there are.
        """
        if name not in self._own and name not in self._points():
            label = name[:_LONGEST_NAME]
            raise ExtensionError(f"unknown {self.kind} {label!r}. Choose from {', '.join(self.names())}.")

    def get(self, name: str) -> T:
        """The object of that name, loaded.

        Raises:
            ExtensionError: no package offers it, two do, or the one that does cannot be used, with the reason.
        """
        if name in self._own:
            return self._load(name)
        self.check(name)
        points = self._points()[name]
        if len(points) > 1:
            raise ExtensionError(
                f"{self.kind} {name!r} is offered by two packages: {' and '.join(map(_package, points[:2]))}. "
                "Uninstall one of them."
            )
        return self._load_entry_point(points[0])

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

    def failed(self, name: str, error: BaseException) -> ExtensionError:
        """The error for an object that was loaded and raises when it is used.

        Args:
            name: its name.
            error: what it raised.
        """
        points = self._points().get(name, ())
        origin = f", which {_package(points[0])} brings," if points else ""
        return ExtensionError(f"{self.kind} {name!r}{origin} failed: {_reason(error)}")

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

    def _load_entry_point(self, point: EntryPoint) -> T:
        description = f"{point.value!r}, which {_package(point)} offers as {self.kind} {point.name!r}"
        try:
            loaded: T = point.load()
        except (Exception, SystemExit) as error:  # A package may do anything at all when it is imported.
            raise ExtensionError(f"cannot load {description}: {_reason(error)}") from error
        absent = [name for name in self._attributes if not hasattr(loaded, name)]
        if absent:
            raise ExtensionError(f"cannot use {description}: it lacks {', '.join(absent)}")
        return loaded


@lru_cache(maxsize=16)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of a group on the import path, read once: a request looks names up many times."""
    return tuple(entry_points(group=group))


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
    return f"{type(error).__name__}: {one_line(str(error))[:_LONGEST_REASON]}"
