"""Which library this process really gets its memory from: by its addresses, not by anybody's settings.

`dladdr` names the file in which the `malloc` that everybody calls lies. Refuses to judge it.
"""

from __future__ import annotations

import ctypes
import os
import sys


class _Found(ctypes.Structure):
    """`Dl_info` of dlfcn.h."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def provider() -> str | None:
    """File name of the library that provides `malloc`, such as `libc.so.6`; None where the system does not say."""
    if sys.platform == "win32":
        return None
    try:
        everything = ctypes.CDLL(None)
        address = ctypes.cast(everything.malloc, ctypes.c_void_p)
        found = _Found()
        everything.dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Found)]
        if not everything.dladdr(address, ctypes.byref(found)) or not found.file:
            return None
        return os.path.basename(os.fsdecode(found.file))[:80] or None  # noqa: PTH119 (a text, whatever its bytes)
    except (OSError, AttributeError, ValueError):
        return None


def is_glibc(library: str) -> bool:
    """Whether that file is the C library of GNU, by the names that it has had."""
    return library.startswith(("libc.so.6", "libc-2"))
