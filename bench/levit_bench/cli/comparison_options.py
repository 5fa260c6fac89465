"""Options about the smallest difference that counts, for `compare` and `aa`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from levit_bench.reading.rules import MIN_EFFECT

_Command = Callable[..., Any]


def rules_options(command: _Command) -> _Command:
    """`--min-effect` and `--margin`."""
    for option in (
        click.option(
            "--margin",
            metavar="PERCENT",
            help="Differences within it count as the same; at most --min-effect. 0% calls nothing the same.  "
            "[default: --min-effect]",
        ),
        click.option(
            "--min-effect",
            metavar="PERCENT",
            default=MIN_EFFECT,
            show_default=True,
            help="Smaller differences are none, however sure.",
        ),
    ):
        command = option(command)
    return command
