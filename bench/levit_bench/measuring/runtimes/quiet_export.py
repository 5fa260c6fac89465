"""Silence while torch exports: its tracers warn of their own age, and of Python in networks that is not ours to change.

Refuses to hide a wrong result: whatever was exported is compared with fp32 eager.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_warnings() -> Iterator[None]:
    """Neither shown nor, where the caller has made errors of warnings, raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
