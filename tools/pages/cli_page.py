"""docs/cli.md, written from click's own help of `levit-bench` and of every verb, so that it cannot go stale.

python -m tools.pages.cli_page        writes the page; the tests compare it
"""

from __future__ import annotations

import click
from levit_bench.cli import cli

from tools.pages import ROOT, WAY_BACK

PAGE = ROOT / "docs" / "cli.md"
TERMINAL = 100
"""Columns of the terminal; in a wider one the help is not wider."""

_INTRODUCTION = """# The command line

What `levit-bench --help` prints on a terminal of at least 100 columns, and `levit-bench VERB --help` of every verb, in
the same order. This page is written by `python -m tools.pages.cli_page`, and a test compares the two.

What the columns and words of the output mean is in the [glossary](glossary.md), what each exit code stands for in
[What is refused, and what becomes of a failure](output.md#what-is-refused-and-what-becomes-of-a-failure).
"""


def page() -> str:
    """The whole page."""
    margin = 2  # which click leaves free at the right
    group = cli.make_context("levit-bench", [], resilient_parsing=True, terminal_width=TERMINAL - margin)
    verbs = cli.list_commands(group)
    links = " · ".join(f"[{verb}](#{verb})" for verb in verbs)
    parts = [_INTRODUCTION, f"{links}\n", _block(cli, group), *(_verb(verb, group) for verb in verbs)]
    return "\n".join([*parts, f"{WAY_BACK}\n"])


def _verb(verb: str, group: click.Context) -> str:
    """The section of a verb."""
    command = cli.get_command(group, verb)
    if command is None:
        raise LookupError(f"the group lists {verb!r} and has no such command")
    context = command.make_context(verb, [], parent=group, resilient_parsing=True)
    return f"## {verb}\n\n{_block(command, context)}"


def _block(command: click.Command, context: click.Context) -> str:
    """The help of one command, fenced."""
    return f"```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
