"""Tags: names for sessions of a store, such as `baseline`, stored in `tags.toml` in its folder.

Only `levit-bench tag` changes them. A store without the file has no tags, and an unreadable file matters only to
commands that name a tag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from levit_bench.command_lines import command_line
from levit_bench.errors import StoreError, UsageError
from levit_bench.paths.toml_files import NoTomlError, read_toml
from levit_bench.store.files import session_files

FILE = "tags.toml"
"""Name of the file in the folder of the store."""
RESERVED = ("last", "before")
"""Words that already name a side of a comparison."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_HEAD = (
    "# Names for sessions, for 'levit-bench compare NAME last'. Written by 'levit-bench tag', and by nothing else.\n"
)
_LARGEST = 1 << 20

Tags = dict[str, tuple[str, ...]]
"""Sessions of each name, oldest first."""


def read(root: Path) -> Tags:
    """The tags of a store; none where the store has no such file, or is one session's file.

    Raises:
        StoreError: the file cannot be read or is malformed; the message says what to do.
    """
    path = root / FILE
    if not root.is_dir() or not os.path.lexists(path):
        return {}
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            raise _broken(path, f"no file of at most {_LARGEST >> 20} MiB")
        document = read_toml(path)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}.") from error
    except NoTomlError as error:
        raise _broken(path, str(error)) from error
    return {name: _sessions(path, name, value) for name, value in document.items()}


def write(root: Path, tags: Mapping[str, Sequence[str]]) -> Path:
    """Write the tags of a store, all at once: a reader sees the old file or the new one.

    Raises:
        StoreError: the folder cannot be written.
    """
    path = root / FILE
    lines = [f"{name} = [{', '.join(map(_quoted, tags[name]))}]\n" for name in sorted(tags)]
    draft = root / f".{FILE}-{os.getpid()}"
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_HEAD + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Free space, or allow writing there."
        ) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def check_name(root: Path, name: str) -> None:
    """Refuse a name that could mean something else where sessions are named.

    Raises:
        UsageError: the message says what else it means, or which names are valid.
    """
    if name in RESERVED:
        raise UsageError(f"{name!r} already means something to the verb compare. Choose another name.")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"invalid tag name {name[:80]!r}. Write a letter, then letters, digits, '-' and '_', at most 40, "
            "such as baseline: what begins with a digit looks like a session, and what holds '/' or '.' like a path."
        )
    if sessions := [path.stem for path in session_files(root) if path.stem.startswith(name)]:
        raise UsageError(f"{name!r} is the beginning of the session {sessions[0]}. Choose another name.")
    if Path(name).exists():
        raise UsageError(
            f"{name!r} is a file or folder here, and would mean that to the verb compare. Choose another name."
        )


def files_of(root: Path, name: str, sessions: Sequence[str]) -> list[Path]:
    """The files of the sessions that a tag names.

    Raises:
        UsageError: one is not in the store; the message says what to do.
    """
    paths: dict[str, list[Path]] = {}
    for path in session_files(root):
        paths.setdefault(path.stem, []).append(path)
    if absent := [session for session in sessions if session not in paths]:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise UsageError(
            f"tag {name!r} names session {absent[0]}{more}, which {root} does not hold. Put it back; or tag the newest "
            f"instead: {command_line('tag', name, 'last', stores=[root])}; or remove the tag: "
            f"{command_line('tag', '--delete', name, stores=[root])}"
        )
    return [path for session in sessions for path in paths[session]]


def _sessions(path: Path, name: str, value: object) -> tuple[str, ...]:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise _broken(path, f"invalid tag name {name[:80]!r}")
    if not isinstance(value, list) or not value:
        raise _broken(path, f"{name} is not a list of sessions")
    for session in value:
        if not isinstance(session, str) or not _SESSION.fullmatch(session):
            raise _broken(path, f"{name} holds {str(session)[:80]!r}, which is not a session")
    return tuple(dict.fromkeys(value))


def _broken(path: Path, why: str) -> StoreError:
    return StoreError(
        f'{path} does not hold tags: {why}. Each is a line such as baseline = ["20261124T075958Z-2c11"]. Mend '
        "the line, or remove the file and tag anew; sessions are not touched."
    )


def _quoted(session: str) -> str:
    return f'"{session}"'
