"""Rules of verdicts from shares such as `3%`, as users write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.asking import arguments
from levit_bench.errors import UsageError
from levit_bench.numbers.units import parse_percent

if TYPE_CHECKING:
    from levit_bench.judge.verdicts import Rules

MIN_EFFECT = "3%"
"""The smallest difference that counts, by default."""
TREND_MIN_EFFECT = "2%"
"""The smallest lasting change that raises an alert, by default: `levit_bench.judge.trend.change_points.MIN_EFFECT`."""


def rules_from(min_effect: str = MIN_EFFECT, margin: str | None = None) -> Rules:
    """The rules of verdicts from two shares.

    Args:
        min_effect: smaller differences do not count, however certain, such as `"3%"`.
        margin: differences within it count as the same; absent: `min_effect`.

    Raises:
        UsageError: one is not a share, or the margin is above the least effect.
    """
    from levit_bench.judge.verdicts import rules_of

    least = _share("--min-effect", min_effect)
    return rules_of(least, least if margin is None else _share("--margin", margin))


def gate_rules_from(min_effect: str | None = None, margin: str | None = None) -> Rules:
    """The rules of a gate from two shares; its own where one is absent.

    Raises:
        UsageError: one is not a share.
    """
    from levit_bench.judge.verdicts import gate_rules

    return gate_rules(
        None if min_effect is None else _share("--min-effect", min_effect),
        None if margin is None else _share("--margin", margin),
    )


def min_effect_from(text: str) -> float:
    """The least change of a trend, as a share of the time.

    Raises:
        UsageError: it is no share.
    """
    return _share("--min-effect", text)


def slowdown_from(find: str) -> float:
    """The slowdown that a gate is to find, as a share of the time.

    Raises:
        UsageError: it is no share above 0% and up to 100%.
    """
    try:
        share = parse_percent(find)
    except UsageError as error:
        raise UsageError(f"--find: {error}") from error
    if not 0 < share <= 1:
        raise UsageError(f"--find {find[:80]!r}: give a slowdown above 0% and up to 100%, such as 3%.")
    return share


def _share(option: str, text: str) -> float:
    text = arguments.share(option.removeprefix("--").replace("-", "_"), text)
    try:
        return parse_percent(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error
