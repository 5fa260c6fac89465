"""The sessions of stores by what they begin with, without reading them whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from levit_bench.store.files import Beginning, beginnings, session_files


def newest_session(stores: Sequence[Path]) -> tuple[Path, Path] | None:
    """The store and the file of the newest session with cases that was not taken under an emulator.

    None where there is no such session.

    Raises:
        StoreError: a store does not exist or cannot be read.
    """
    for store in stores:
        session_files(store)
    real = [
        (store, one.path)
        for store in stores
        for one in beginnings(store)
        if one.cases and not one.head.conditions.emulated
    ]
    return max(real, key=lambda place: place[1].name, default=None)


def other_sessions(stores: Sequence[Path], shown: Collection[str]) -> list[Beginning]:
    """The readable sessions of stores that are not shown, the newest first.

    Args:
        stores: folders of sessions, or files of one session each.
        shown: names of the sessions to leave out.
    """
    others = [one for store in stores for one in beginnings(store) if one.head.session not in shown]
    return sorted(others, key=lambda one: (one.head.conditions.taken_at, one.head.session), reverse=True)
