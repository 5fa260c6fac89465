"""Quantiles kept in the user's cache: a reader that asks for the same ones as an earlier one need not load scipy."""

from __future__ import annotations

import atexit
import platform
import sys
from itertools import islice

import msgspec

from levit_bench.numbers.quantiles import Known, Question, known, remember
from levit_bench.paths.kept_files import KeptFiles, kept_files, key_of
from levit_bench.paths.library_identity import library_identity
from levit_bench.paths.own_code import code_identity

_MOST_VALUES = 1 << 13
_MOST_ARRAYS = 16


class _Table(msgspec.Struct, frozen=True, array_like=True):
    """Known values, the newest first, as they are kept."""

    values: list[tuple[Question, float]]
    arrays: list[tuple[Question, bytes]]


_decoder = msgspec.msgpack.Decoder(_Table)
_in_use: set[str] = set()
"""Keys of the tables that this process knows, and keeps again at its end."""


def use_kept_quantiles() -> None:
    """Know the quantiles of earlier processes, and keep those of this one at its end."""
    files = kept_files()
    if files is None:
        return
    key = key_of(
        "quantiles", code_identity("numbers"), sys.version, platform.machine(), library_identity("scipy", "numpy")
    )
    if key in _in_use:
        return
    _in_use.add(key)
    table = _kept(files, key)
    remember(dict(reversed(table.values)), dict(reversed(table.arrays)))
    atexit.register(_keep, files, key, known())


def _kept(files: KeptFiles, key: str) -> _Table:
    content = files.read(key)
    try:
        return _Table([], []) if content is None else _decoder.decode(content)
    except (msgspec.MsgspecError, ValueError):
        return _Table([], [])


def _keep(files: KeptFiles, key: str, before: Known) -> None:
    """Keep what is known, if that is more than before."""
    now = known()
    if len(now.values) == len(before.values) and len(now.arrays) == len(before.arrays):
        return
    table = _Table(
        list(islice(reversed(now.values.items()), _MOST_VALUES)),
        list(islice(reversed(now.arrays.items()), _MOST_ARRAYS)),
    )
    files.keep(key, msgspec.msgpack.encode(table))
    files.shrink()
