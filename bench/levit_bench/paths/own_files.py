"""Files that this program writes into a user's folders: no network is made of them."""

from __future__ import annotations

from pathlib import Path

GATE_FILES = ("comment.md", "junit.xml", "gate.json", "gate.svg", "gate.png")
"""Names of the files of a gate, which lie in one folder."""
_DEPTH = 2
"""Sessions lie in the folder of a machine, or in that of the store."""
_TAGS = "tags.toml"


def is_own_file(path: Path, store: Path | None = None) -> bool:
    """Whether this program wrote a file: a session or tag of the store, or one of the files of a gate.

    A folder is not enough: a store or the files of a gate may lie beside the user's own files.

    Args:
        path: of the file, absolute.
        store: folder of the store, absolute and without links.
    """
    if path.name in GATE_FILES and (path.parent / "gate.json").is_file():
        return True
    if store is None or not path.is_relative_to(store):
        return False
    parts = path.relative_to(store).parts
    return parts == (_TAGS,) or (len(parts) <= _DEPTH and path.suffix == ".jsonl")
