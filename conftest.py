"""What pytest needs in this repository: the plugin from the checkout, short forms of its options, and `suites/`."""

from __future__ import annotations

import pytest
from levit_bench.axes import AXES
from levit_bench_pytest import add_option, is_asked

# Registered once, by this name, also where the package is installed and its entry point has named it already.
pytest_plugins = ["levit_bench_pytest"]

_SHORT_FORMS = ("networks", *(axis.option[2:] for axis in AXES if axis.asked), "budget", "store")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--device` beside `--bench-device`, and so on."""
    for name in _SHORT_FORMS:
        add_option(parser, f"--{name}", name)


def pytest_configure(config: pytest.Config) -> None:
    """`pytest --benchmark` is about the benchmark suites; `pytest` alone stays with the tests."""
    if is_asked(config) and config.args_source is config.ArgsSource.TESTPATHS:
        config.args = [str(config.rootpath / "suites")]
