"""A network that may be on the front, apart from how likely that is, which takes numpy to compute."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """A network that may be on the front."""

    label: str
    accuracy: float
    """Larger is better."""
    log: float
    """Log of its time, on any scale that all candidates share."""
    variance: float
    """Of that estimate, without what moves all candidates alike."""
    freedom: float
    """Degrees of freedom of the variance."""
    shared: tuple[tuple[str, float], ...] = ()
    """Errors, as standard deviations, that it shares with the candidates that have one of the same name: an error
    of a session's yardstick moves all cases of the session."""
