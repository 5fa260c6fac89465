"""Output of the command line: consoles that respect pipes, width and NO_COLOR, and findings on stderr."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TextIO, cast

import click
from rich.console import Console
from rich.text import Text

from levit_bench.cli.standard_streams import ERR, OUT
from levit_bench.records import Finding
from levit_bench.report.words.safe_text import visible

_PIPE_WIDTH = 120
_NARROWEST = 60
"""Columns below which tables would cut numbers: narrower terminals wrap their lines instead."""
_WIDEST = 10_000
_PRINTED = "levit_bench.findings"
"""Key of the context of a command: kinds and messages that it has printed."""
_COMMAND = re.compile(r"(.*:) (levit-bench [^;]+)", re.DOTALL)
"""A text that ends with a command line."""
MOST = 6
"""Findings about numbers that a terminal shows in full; of more it gives the kinds."""


def stdout() -> Console:
    """Console for results. A pipe gets 120 columns, so that tables keep their rows whole."""
    width = _columns() or (_of_terminal() if OUT.isatty() else _PIPE_WIDTH)
    return Console(file=cast("TextIO", OUT), highlight=False, width=max(width, _NARROWEST))


def stderr() -> Console:
    """Console for progress and findings."""
    return Console(file=cast("TextIO", ERR), highlight=False, width=_columns())


def _columns() -> int | None:
    """The width that the environment sets; invalid values are removed from it, since rich reads them, too."""
    for name in ("COLUMNS", "LINES"):
        text = os.environ.get(name, "")
        if text and not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _WIDEST):
            del os.environ[name]  # rich takes 0 and superscripts for numbers
    width = os.environ.get("COLUMNS")
    return int(width) if width else None


def _of_terminal() -> int:
    try:
        return os.get_terminal_size(OUT.fileno()).columns or _PIPE_WIDTH
    except (OSError, ValueError):
        return _PIPE_WIDTH


def print_words(console: Console, text: str, style: str = "") -> None:
    """Print sentences in lines that end between words; a command line at their end has a line of its own.

    A command line is never broken, so that it can be copied. A pipe gets each sentence on one line.
    """
    from levit_bench.report.fitted_table import wrapped

    if not (console.is_terminal or os.environ.get("COLUMNS")):
        console.print(Text(text, style=style), soft_wrap=True)
        return
    match = _COMMAND.fullmatch(text)
    before, command = match.groups() if match else (text, "")
    console.print(wrapped(Text(before, style=style), console.width))
    if command:
        console.print(Text(f"  {command}", style=style), soft_wrap=True)


def print_wrapped(console: Console, text: str, style: str = "") -> None:
    """Print a text in lines that end between words, and names at their separators; all as far in as the first."""
    from levit_bench.report.fitted_table import wrapped

    own = text.lstrip(" ")
    indent = len(text) - len(own)
    lines = wrapped(Text(own), console.width - indent).plain.split("\n")
    console.print(Text("\n".join(" " * indent + line.rstrip() for line in lines), style=style), soft_wrap=True)


def note_printed(finding: Finding) -> None:
    """Remember that a finding was printed, so that this command does not print it again at its end."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta.setdefault(_PRINTED, set()).add((finding.kind, finding.message))


def print_findings(findings: Iterable[Finding], most: int | None = None) -> None:
    """Print each finding once a command, on stderr; of more than `most`, the last ones by their kinds."""
    console, context = stderr(), click.get_current_context(silent=True)
    printed: set[tuple[str, str]] = set() if context is None else context.meta.setdefault(_PRINTED, set())
    unique = {(finding.kind, finding.message): finding for finding in findings}
    unique_findings = [finding for key, finding in unique.items() if key not in printed]
    printed.update(unique)
    shown = unique_findings if most is None or len(unique_findings) <= most else unique_findings[: most - 1]
    for finding in shown:
        print_words(console, visible(f"{finding.kind}: {finding.message}"), style="yellow")
    if left := ", ".join(finding.kind for finding in unique_findings[len(shown) :]):
        print_words(console, visible(f"also: {left}; --json tells all"), style="yellow")
