"""What holds for all tests: they share prepared networks, wait for no session of the user's and keep none waiting,
leave the environment as they found it, and hypothesis gives no verdict on the speed of a machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from levit_bench.measuring.session import machine_lock
from levit_bench.paths.cache_folder import VARIABLE

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
_made: list[str] = []


def pytest_configure() -> None:
    """Name a folder of the tests' own for prepared networks, before xdist starts its workers, which inherit it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _made.append(tempfile.mkdtemp(prefix="levit-bench-tests-"))
        os.environ[VARIABLE] = _made[0]
        # What they time means nothing. Tests of the lock have files of their own.
        os.environ[machine_lock.VARIABLE] = "off"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Put back what a test or a library that it imported set: scikit-learn sets variables of OpenMP when it is
    imported, and a command that a later test starts would say so."""
    before = dict(os.environ)
    try:
        return (yield)
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def pytest_unconfigure() -> None:
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
