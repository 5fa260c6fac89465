"""How many panels a front may have: what is refused, and how to choose fewer.

Knows settings and reasons; refuses to know how panels are spread over pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.errors import NotComparableError, NothingToShowError
from bench.judge.comparable import differing, enumerate_values
from bench.judge.front import Panel

PANEL_LIMIT = 8
"""Panels one figure may have: more are no longer compared by eye."""
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
        reasons = _reasons(found)
        why = f" Left out: {'; '.join(reasons[:3])}{'; …' if len(reasons) > 3 else ''}." if reasons else ""
        raise NothingToShowError(
            f"no stored case has both a speed and an accuracy.{why} Measure some: levit-bench run --help"
        )
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
    """Why cases have no place: each reason once, with the first case and how many more there are."""
    labels: dict[str, list[str]] = {}
    for panel in found:
        for out in panel.excluded:
            labels.setdefault(out.reason, []).append(out.label)
    more = {reason: f" and {len(group) - 1} more" if len(group) > 1 else "" for reason, group in labels.items()}
    return sorted(f"{min(group)}{more[reason]}: {reason}" for reason, group in labels.items())
