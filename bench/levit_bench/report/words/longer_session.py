"""What further runs would bring a session, in a sentence with the command."""

from __future__ import annotations

import math

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
    more = command_line("run", "--resume", session, "--budget", duration.replace(" ", ""))
    return (
        f"Half of the ratios to the yardstick are known to ±{percent_above(math.exp(gain.now))} or better. Another "
        f"{duration} would bring that to about ±{percent_above(math.exp(gain.then))}: {more}"
    )
