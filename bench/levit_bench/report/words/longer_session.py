"""The command that adds runs to a session, and what they would bring, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from levit_bench.command_lines import command_line
from levit_bench.judge.variance.longer_session import Longer
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import format_duration


def sentence(gain: Longer, session: str) -> str:
    """How wide the intervals are, how wide they would be, and the command that makes them so.

    Args:
        gain: the widths.
        session: its name.
    """
    duration = format_duration(gain.budget_s)
    return (
        f"Half of the ratios to the yardstick are known to ±{percent_above(math.exp(gain.now))} or better. Another "
        f"{duration} would bring that to about ±{percent_above(math.exp(gain.then))}: "
        f"{resume_command(session, gain.budget_s)}"
    )


def resume_command(session: str, budget_s: float, stores: Sequence[Path] | None = None) -> str:
    """The command that adds runs to a session.

    Args:
        session: its name.
        budget_s: seconds of the further runs.
        stores: the one that it is in; by default that of the command that runs now.
    """
    budget = format_duration(budget_s).replace(" ", "")
    return command_line("run", "--resume", session, "--budget", budget, stores=stores)
