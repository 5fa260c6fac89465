"""Suppresses warnings while torch exports: of deprecated tracers, and of Python code in networks.

No wrong result is hidden: the outputs of every exported network are compared with fp32 eager.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings: they are neither shown nor, where the caller turns them into errors, raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
