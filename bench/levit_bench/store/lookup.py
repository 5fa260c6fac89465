"""Resolves how users name sessions of stores to files: a name, its beginning, `last`, or a tag.

`last` passes over files that hold no session, as whoever reads a whole store does; findings tell which.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from levit_bench.errors import UsageError
from levit_bench.records import Finding
from levit_bench.store import tags
from levit_bench.store.files import first_line, is_emulated, is_of_gate, nothing_at, session_files, unreadable

LAST = "last"
"""Names the newest session."""


def resolve_session(root: Path, name: str, *, emulated: bool = False, gates: bool = False) -> Path:
    """The file of a session by its name, a unique beginning of it, `last` for the newest, or a tag of one session.

    Args:
        root: the store.
        name: what the user wrote.
        emulated: whether `last` may be a session of an emulated process, whose times mean nothing. Where all are
            emulated, it is the newest of them.
        gates: whether `last` may be a gate's session, whose sides are judged against each other alone. Where all are
            gates', it is the newest of them.

    Raises:
        UsageError: none or several match.
        StoreError: it can only be a tag, and the store's tags cannot be read.
    """
    matches = resolve_sessions(root, name, emulated=emulated, gates=gates)
    if len(matches) != 1:
        raise UsageError(
            f"tag {name!r} names {len(matches)} sessions, and one is asked for here: "
            f"{', '.join(path.stem for path in matches[-3:])}. Name one of them."
        )
    return matches[0]


def resolve_sessions(
    stores: Path | Sequence[Path], name: str, *, emulated: bool = False, gates: bool = False
) -> list[Path]:
    """The files of the sessions that a user named, at least one: as `resolve_session`, but a tag may name several.

    Sessions take precedence: tags are looked up only where no session matches.

    Args:
        stores: one store, or several that are read as one.
        name: what the user wrote.
        emulated: as for `resolve_session`.
        gates: as for `resolve_session`.

    Raises:
        UsageError: none match, several sessions begin so, or a tag names a missing session.
        MissingStoreError: there is no store, or no session in it.
        StoreError: it can only be a tag, and the store's tags cannot be read.
    """
    roots = [stores] if isinstance(stores, Path) else list(stores)
    files = [path for root in roots for path in session_files(root)]
    if not name.strip():
        raise UsageError("the name of a session is empty. Write its name, the beginning of it, or 'last'.")
    if not files:
        raise nothing_at(roots)
    if name == LAST:
        matches = [_last(files, emulated=emulated, gates=gates)[0]]
    else:
        matches = [path for path in files if path.stem.startswith(name)]
        if not matches and (tagged := [path for root in roots for path in _tagged(root, name)]):
            return tagged
    if len({path.stem for path in matches}) != 1 or (len(matches) > 1 and len(roots) == 1):
        _check_are_sessions(roots)
        names = ", ".join(path.stem for path in sorted(matches or files, key=lambda path: path.name)[-3:])
        how_many = "several sessions match" if matches else "no session matches"
        where = " and ".join(str(root) for root in roots)
        tagged_as = [] if matches else sorted({tag for root in roots for tag in tags.read(root)})
        listed = f" The tags: {', '.join(tagged_as)}." if tagged_as else ""
        raise UsageError(f"{how_many} {name[:80]!r} in {where}. The newest: {names or 'none'}.{listed}")
    return matches


def passed_over(
    stores: Path | Sequence[Path], name: str, *, emulated: bool = False, gates: bool = False
) -> list[Finding]:
    """Findings about newer files than the one that `last` names, which hold no session; none for any other name.

    Args:
        stores: as for `resolve_sessions`.
        name: what the user wrote.
        emulated: as for `resolve_session`.
        gates: as for `resolve_session`.

    Raises:
        StoreError: there is no store.
    """
    if name != LAST:
        return []
    files = [path for root in ([stores] if isinstance(stores, Path) else stores) for path in session_files(root)]
    return _last(files, emulated=emulated, gates=gates)[1] if files else []


def _last(files: Sequence[Path], *, emulated: bool, gates: bool) -> tuple[Path, list[Finding]]:
    """The newest file that holds a session, and findings about newer ones, which hold none.

    Where all sessions are emulated or gates' it is the newest of them, and without any session the newest file.
    """
    newest = sorted(files, key=lambda path: path.name, reverse=True)
    findings: list[Finding] = []
    others: list[Path] = []
    for path in newest:
        if (problem := unreadable(path)) is not None:
            findings.append(problem)
        elif (emulated or not is_emulated(path)) and (gates or not is_of_gate(path)):
            return path, findings
        else:
            others.append(path)
    return (others[0], findings) if others else (newest[0], [])


def _check_are_sessions(stores: Sequence[Path]) -> None:
    """Refuse a store that is a file and no session: its own name would be offered as that of one.

    Raises:
        UsageError: naming it.
    """
    for store in stores:
        if store.is_file() and not first_line(store).session:
            raise UsageError(f"{store} is not the file of a session. Name a folder of sessions with --store.")


def resolve_tag(root: Path, name: str) -> list[Path]:
    """The files of the sessions that a tag names, at least one.

    Raises:
        UsageError: there is no such tag, or it names a missing session.
        StoreError: the store's tags cannot be read.
    """
    stored_tags = tags.read(root)
    if name not in stored_tags:
        raise UsageError(f"there is no tag {name[:80]!r} in {root}. The tags are: {', '.join(stored_tags) or 'none'}.")
    return tags.files_of(root, name, stored_tags[name])


def _tagged(root: Path, name: str) -> list[Path]:
    """The files of a store's sessions that a tag names; none where it has no such tag."""
    stored_tags = tags.read(root)
    return tags.files_of(root, name, stored_tags[name]) if name in stored_tags else []
