"""The most panels that a front may have, and the messages that refuse more or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.command_lines import measuring_line
from levit_bench.errors import NotComparableError, NothingToShowError
from levit_bench.judge.comparability import differing, enumerate_values
from levit_bench.judge.front.panels import Panel
from levit_bench.numbers.units import counted

PANEL_LIMIT = 8
"""Panels one figure may have: more are no longer compared by eye."""
MOST_REASONS = 8
"""Reasons why nothing can be drawn that are listed, a line each."""
NAMED = 3
"""Cases of one reason that are named before it is said how many more there are."""
STATE_ONE = "State one with --accuracy (of one network of your own) or in a TOML file: docs/add-a-network.md"
MOST_PANELS = 32
"""Panels all figures of a front together may have: more do not answer one question."""


def require_comparable(panels: Sequence[Panel], limit: int = MOST_PANELS) -> None:
    """Refuse to draw too many panels to compare, or none.

    Raises:
        NotComparableError: there are more than `limit` panels; the message names the fields that differ.
        NothingToShowError: no panel has a point; the message says why.
    """
    with_points = [panel for panel in panels if panel.points]
    if not with_points:
        nothing = "no stored case has both a speed and an accuracy."
        if not (reasons := _reasons(panels)):
            raise NothingToShowError(f"{nothing} Measure some: {measuring_line()}")
        more = [f"… and {counted(len(reasons) - MOST_REASONS, 'further reason')}"] if reasons[MOST_REASONS:] else []
        raise NothingToShowError(f"{nothing} Left out:", [*reasons[:MOST_REASONS], *more])
    if len(with_points) > limit:
        texts_by_field = differing([panel.fields for panel in with_points])
        named = [f"{name} ({enumerate_values(texts)})" for name, texts in texts_by_field.items()]
        listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
        name, texts = next(iter(texts_by_field.items()))
        raise NotComparableError(
            f"cannot draw one front: the records differ in {listed}. "
            f"Choose with --where {name}={texts[0]}, … until at most {limit} panels are left; now there are "
            f"{len(with_points)}."
        )


def _reasons(panels: Iterable[Panel]) -> list[str]:
    """Why cases have no place: each reason once, with the first cases; those that lack an accuracy alone come first."""
    groups: dict[tuple[bool, str], set[str]] = {}
    for panel in panels:
        for excluded_case in panel.excluded:
            if excluded_case.lacks != "set":  # The panel of its own set says what it lacks there.
                groups.setdefault((excluded_case.lacks == "speed", excluded_case.reason), set()).add(
                    excluded_case.label
                )
    lines = []
    for (untimed, reason), labels in sorted(groups.items(), key=lambda item: (item[0][0], min(item[1]), item[0][1])):
        advice = "" if untimed else f". {STATE_ONE}"
        shown_reason = " ".join(reason.split()).rstrip(".")
        names = sorted(labels)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"{', '.join(names[:NAMED])}{more}: {'' if untimed else 'measured, but '}{shown_reason}{advice}")
    return lines
