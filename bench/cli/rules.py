"""Options about what counts as a difference, for the verbs that judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.judge.verdicts import Rules

_Command = Callable[..., Any]


def rules_options(command: _Command) -> _Command:
    """`--min-effect` and `--margin`."""
    for option in (
        click.option("--margin", default="5%", show_default=True, help="Differences within it count as the same."),
        click.option(
            "--min-effect", default="1%", show_default=True, help="Smaller differences are none, however sure."
        ),
    ):
        command = option(command)
    return command


def rules_from(min_effect: str, margin: str) -> Rules:
    """The rules of the shared options.

    Raises:
        UsageError: one is no share.
    """
    from bench.judge.verdicts import Rules
    from bench.units import parse_percent

    found = []
    for option, text in (("--min-effect", min_effect), ("--margin", margin)):
        try:
            found.append(parse_percent(text))
        except UsageError as error:
            raise UsageError(f"{option}: {error}") from error
    return Rules(*found)
