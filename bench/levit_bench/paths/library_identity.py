"""Identity of installed libraries by their files, without loading them: what they computed is theirs alone."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_VERSION_FILES = ("_version.py", "version.py", "__init__.py")


@cache
def library_identity(*names: str) -> str:
    """SHA-256 of the place of each library, and of the files that state its version."""
    whole = sha256()
    for name in names:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):  # barred by an import hook or by `sys.modules[name] = None`
            spec = None
        origin = None if spec is None else spec.origin
        whole.update(f"{name} {origin}\n".encode("utf-8", "surrogateescape"))
        if origin is not None:
            for file in _VERSION_FILES:
                content = _content(Path(origin).with_name(file))
                whole.update(f"{len(content)}\n".encode() + content)
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    """The content of a file; empty where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
