"""Where the command line prints: consoles that respect pipes, width and NO_COLOR, and findings on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bench.records import Finding
from bench.report.text import visible

_PIPE_WIDTH = 120
MOST = 6
"""Doubts about numbers that a terminal shows in full: a wall of them is read by nobody."""


def stdout() -> Console:
    """Console for results. A pipe gets 120 columns, so that tables keep their rows whole."""
    told = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if told else _PIPE_WIDTH)


def stderr() -> Console:
    """Console for progress and findings."""
    return Console(stderr=True, highlight=False)


def print_findings(findings: Iterable[Finding], most: int | None = None) -> None:
    """Each doubt once, on stderr; of more than `most`, the last are only named."""
    console = stderr()
    found = list({(finding.kind, finding.message): finding for finding in findings}.values())
    shown = found if most is None or len(found) <= most else found[: most - 1]
    for finding in shown:
        console.print(Text(visible(f"{finding.kind}: {finding.message}"), style="yellow"))
    if left := ", ".join(finding.kind for finding in found[len(shown) :]):
        console.print(Text(visible(f"also: {left}; --json tells all"), style="yellow"))
