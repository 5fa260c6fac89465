"""The library that provides this process's `malloc`, found by its address rather than by settings.

`dladdr` names the file that contains the `malloc` in use.
"""

from __future__ import annotations

import ctypes
import os
import sys


class _DlInfo(ctypes.Structure):
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
        library = _DlInfo()
        everything.dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(_DlInfo)]
        if not everything.dladdr(address, ctypes.byref(library)) or not library.file:
            return None
        return os.path.basename(os.fsdecode(library.file))[:80] or None  # noqa: PTH119 (a text, whatever its bytes)
    except (OSError, AttributeError, ValueError):
        return None


def is_glibc(library: str) -> bool:
    """Whether that file is GNU's C library, by its known names."""
    return library.startswith(("libc.so.6", "libc-2"))
