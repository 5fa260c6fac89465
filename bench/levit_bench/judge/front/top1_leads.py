"""Members of a front whose lead in top-1 may be due to the choice of images alone.

A place is decided by speed at the published top-1, which is exact for its images and not for others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

DISCORDANCE = 0.10
"""Share of images on which one of two networks is right and the other wrong: assumed, as in `ties`, because no hits are
stored. At every tenth image the standard error of a difference is 0.14 points on 50,000."""
SURE = 1.96
"""Standard errors of a difference of two accuracies on the same images."""


class Ranked(NamedTuple):
    """A network in the order of speed."""

    label: str
    accuracy: float
    """Top-1 in percent."""
    images: int
    """Of its set."""
    sure: bool
    """Whether its standing is "on the front by speed"."""


def least_lead(images: int) -> float:
    """Least significant difference of two accuracies on so many images, in percentage points.

    McNemar's standard error of the difference, sqrt(discordance / images), at a discordance that is assumed: without
    each network's hits it is not known.
    """
    return 100 * SURE * math.sqrt(DISCORDANCE / max(1, images))


def small_leads(ordered: Sequence[Ranked]) -> list[str]:
    """Labels of sure members that lead the best of the faster ones by less, from the fastest on."""
    best, labels = -math.inf, []
    for ranked in ordered:
        if ranked.sure and 0 < ranked.accuracy - best < least_lead(ranked.images):
            labels.append(ranked.label)
        best = max(best, ranked.accuracy)
    return labels
