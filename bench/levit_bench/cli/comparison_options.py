"""Options about what counts as a difference, for the verbs that judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from levit_bench.errors import UsageError
from levit_bench.numbers.units import parse_percent

if TYPE_CHECKING:
    from levit_bench.judge.verdicts import Rules

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
            default="3%",
            show_default=True,
            help="Smaller differences are none, however sure.",
        ),
    ):
        command = option(command)
    return command


def rules_from(min_effect: str, margin: str | None) -> Rules:
    """The rules of the shared options.

    Raises:
        UsageError: one is no share, or the margin is above the least effect.
    """
    from levit_bench.judge.verdicts import rules_of

    least = _share("--min-effect", min_effect)
    return rules_of(least, least if margin is None else _share("--margin", margin))


def _share(option: str, text: str) -> float:
    try:
        return parse_percent(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error
