"""The plugin's options and its mark are those of the tables that it must not import."""

from __future__ import annotations

import levit_bench_pytest

from tests.door import plugin_options


def test_the_plugins_copy_of_the_tables_is_up_to_date() -> None:
    assert plugin_options.held() == plugin_options.written(), "run python -m tests.door.plugin_options"


def test_the_copy_says_what_the_tables_say() -> None:
    held = [(name, metavar, text.replace("%%", "%")) for name, metavar, text in levit_bench_pytest._OPTIONS]
    assert held == plugin_options.options()
    assert [(name, text.replace("%%", "%")) for name, text in levit_bench_pytest._FLAGS] == plugin_options.flags()
    assert f"(*networks, {', '.join(plugin_options.marked())})" in levit_bench_pytest._MARKER
    assert "precision" in plugin_options.marked()
