"""Command lines that messages name: a user can paste each of them into a shell, and it concerns the same stores."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

USUAL_STORE = Path("results")
"""The store where none is named."""
_STORELESS = frozenset({"list", "machine", "cache", "import"})
"""Verbs without `--store`."""
_SEVERAL_STORES = frozenset({"show", "front", "report", "pick", "scaling", "export", "trend"})
"""Verbs that take several stores; the others take one."""
_MEASURE = ("run", "--networks", "levit_128s,efficientnet_b0", "--budget", "60s")
_stores: ContextVar[tuple[Path, ...]] = ContextVar("stores", default=())


@contextmanager
def of_stores(stores: Sequence[Path]) -> Iterator[None]:
    """Name these stores in all command lines that are made meanwhile, unless they are the usual one."""
    token = _stores.set(tuple(stores))
    try:
        yield
    finally:
        _stores.reset(token)


def command_line(verb: str, *words: str, stores: Sequence[Path] | None = None) -> str:
    """A command line of this program, quoted for a shell.

    Args:
        verb: its verb.
        words: further words, each an option or a value.
        stores: the stores that it is about; by default those of the command that runs now.
    """
    named = () if verb in _STORELESS or "--help" in words else _stores.get() if stores is None else tuple(stores)
    named = () if named == (USUAL_STORE,) else named if verb in _SEVERAL_STORES else named[:1]
    options = [word for store in named for word in ("--store", str(store))]
    return shlex.join(["levit-bench", verb, *words, *options])


def side_by_side_line(session: str, networks: Sequence[str]) -> str | None:
    """A command line that compares the first two of a session's networks there; None where it has fewer.

    Args:
        session: its name, or 'last'.
        networks: by name; a name may repeat.
    """
    pair = [*dict.fromkeys(networks)][:2]
    return command_line("compare", session, "--networks", ",".join(pair)) if len(pair) == 2 else None


def measuring_line(stores: Sequence[Path] | None = None) -> str:
    """A command line that measures two small networks within a minute."""
    verb, *words = _MEASURE
    return command_line(verb, *words, stores=stores)
