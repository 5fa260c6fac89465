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


def stdout() -> Console:
    """Console for results. A pipe gets 120 columns, so that tables keep their rows whole."""
    told = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if told else _PIPE_WIDTH)


def stderr() -> Console:
    """Console for progress and findings."""
    return Console(stderr=True, highlight=False)


def print_findings(findings: Iterable[Finding]) -> None:
    """Each doubt once, on stderr."""
    console = stderr()
    for text in dict.fromkeys(f"{finding.kind}: {finding.message}" for finding in findings):
        console.print(Text(visible(text), style="yellow"))
