"""The command that adds runs to a session, and what they would bring, in a sentence."""

from __future__ import annotations

import math

from levit_bench.judge.variance.longer_session import Longer
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import format_duration


def sentence(gain: Longer, session: str, store: str) -> str:
    """How wide the intervals are, how wide they would be, and the command that makes them so.

    Args:
        gain: the widths.
        session: its name.
        store: the option that names its store, or nothing where that is the usual one.
    """
    duration = format_duration(gain.budget_s)
    return (
        f"Half of the ratios to the yardstick are known to ±{percent_above(math.exp(gain.now))} or better. Another "
        f"{duration} would bring that to about ±{percent_above(math.exp(gain.then))}: "
        f"{resume_command(session, gain.budget_s, store)}"
    )


def resume_command(session: str, budget_s: float, store: str) -> str:
    """The command that adds runs to a session.

    Args:
        session: its name.
        budget_s: seconds of the further runs.
        store: the option that names its store, or nothing where that is the usual one.
    """
    budget = format_duration(budget_s).replace(" ", "")
    return " ".join(["levit-bench run --resume", session, *([store] if store else []), f"--budget {budget}"])
