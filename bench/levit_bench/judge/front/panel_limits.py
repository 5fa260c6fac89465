"""How many panels a front may have: what is refused, and how to choose fewer.

Knows settings and reasons; refuses to know how panels are spread over pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.errors import NotComparableError, NothingToShowError
from levit_bench.judge.comparability import differing, enumerate_values
from levit_bench.judge.front.panels import Panel
from levit_bench.numbers.units import counted

PANEL_LIMIT = 8
"""Panels one figure may have: more are no longer compared by eye."""
MOST_REASONS = 8
"""Reasons why nothing can be drawn that are told, a line each."""
LONGEST_REASON = 200
"""Characters of a reason."""
NAMED = 3
"""Cases of one reason that are named before it is said how many more there are."""
STATE_ONE = "State one with --accuracy (of one network of your own) or in a TOML file: docs/add-a-network.md"
MOST_PANELS = 32
"""Panels all figures of a front together may have: more are no answer to one question."""


def require_comparable(found: Sequence[Panel], limit: int = MOST_PANELS) -> None:
    """Refuse to draw so many panels that nobody can compare them, or none.

    Raises:
        NotComparableError: there are more than `limit` panels; the message names the fields that differ.
        NothingToShowError: no panel has a point; the message says why.
    """
    drawn = [panel for panel in found if panel.points]
    if not drawn:
        nothing = "no stored case has both a speed and an accuracy."
        if not (reasons := _reasons(found)):
            raise NothingToShowError(f"{nothing} Measure some: levit-bench run --help")
        more = [f"… and {counted(len(reasons) - MOST_REASONS, 'further reason')}"] if reasons[MOST_REASONS:] else []
        raise NothingToShowError(f"{nothing} Left out:", [*reasons[:MOST_REASONS], *more])
    if len(drawn) > limit:
        found_in = differing([panel.fields for panel in drawn])
        named = [f"{name} ({enumerate_values(texts)})" for name, texts in found_in.items()]
        listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
        name, texts = next(iter(found_in.items()))
        raise NotComparableError(
            f"cannot draw one front: the records differ in {listed}. "
            f"Choose with --where {name}={texts[0]}, … until at most {limit} panels are left; now there are "
            f"{len(drawn)}."
        )


def _reasons(found: Iterable[Panel]) -> list[str]:
    """Why cases have no place: each reason once, with the first cases; those that lack an accuracy alone come first."""
    groups: dict[tuple[bool, str], set[str]] = {}
    for panel in found:
        for out in panel.excluded:
            if out.lacks != "set":  # The panel of its own set says what it lacks there.
                groups.setdefault((out.lacks == "speed", out.reason), set()).add(out.label)
    told = []
    for (untimed, reason), labels in sorted(groups.items(), key=lambda one: (one[0][0], min(one[1]), one[0][1])):
        advice = "" if untimed else f". {STATE_ONE}"
        said = " ".join(reason.split()).rstrip(".")
        said = said if len(said) <= LONGEST_REASON else f"{said[: LONGEST_REASON - 1]}…"
        names = sorted(labels)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        told.append(f"{', '.join(names[:NAMED])}{more}: {'' if untimed else 'measured, but '}{said}{advice}")
    return told
