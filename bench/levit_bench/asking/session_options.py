"""The options of a session besides networks and axes, each defined once: name, kind of value, default, where it exists.

Options of the command line and of pytest and arguments of Python derive from `OPTIONS` and from `levit_bench.axes`, or
a test compares them. Networks, the store and the title are defined by each interface.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class OptionKind(StrEnum):
    """Kinds of values that options have."""

    TIME = "time"
    """A duration, such as `3m`; in Python also a number of seconds."""
    NUMBER = "number"
    """A whole number, or none."""
    PERCENT = "percent"
    """A number of percent, or none."""
    TEXT = "text"
    FLAG = "flag"
    """Set or not."""


class SessionOption(NamedTuple):
    """One option of a session: a field of a request."""

    name: str
    """The field of a request and argument in Python; with hyphens for underscores, the option."""
    kind: OptionKind
    usual: Any
    """The default."""
    metavar: str
    """Placeholder of its value in help; empty for flags."""
    help: str
    of_a_network: bool = False
    """Whether it describes the one network that is not in the catalog. pytest has no option for it: the mark that
    names the network takes it."""
    of_twins: bool = True
    """Whether `levit-bench aa` has it. Options that end a network's turns early, or give some to a second timer, are
    left out there: `aa` counts how often twins differ after equal work."""

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS = (
    SessionOption(
        "accuracy", OptionKind.PERCENT, None, "PERCENT",
        "Top-1 of the one network that is not in the catalog, on ImageNet-1k's validation set or --dataset.",
        of_a_network=True,
    ),
    SessionOption(
        "dataset", OptionKind.TEXT, "", "NAME", "Set of images that --accuracy was scored on.", of_a_network=True
    ),
    SessionOption("images", OptionKind.NUMBER, None, "N", "Images in that set.", of_a_network=True),
    SessionOption("classes", OptionKind.NUMBER, None, "N", "Classes in that set.", of_a_network=True),
    SessionOption(
        "label", OptionKind.TEXT, "", "TEXT", "What figures and tables call that network, such as 'Ours v2'.",
        of_a_network=True,
    ),
    SessionOption(
        "reference", OptionKind.TEXT, "", "NAME",
        "Function that builds the network of the model files with the weights that were exported, such as "
        "nets.py:build: their outputs must be its.",
        of_a_network=True,
    ),
    SessionOption(
        "budget", OptionKind.TIME, "60s", "TIME",
        "Time for all runs together: 60s, 3m, 1h30m; auto is the least that gives an honest interval.",
    ),
    SessionOption(
        "isolation", OptionKind.TEXT, "auto", "MODE",
        "Which cases share a process: all of one environment (shared), none (alone), or those with the allocator "
        "pinned (auto).",
    ),
    SessionOption(
        "bind", OptionKind.FLAG, False, "",
        "Bind each process to as many processors as it has threads, whole cores first; streams always are.",
    ),
    SessionOption(
        "start_method", OptionKind.TEXT, "fork", "METHOD",
        "How pinned processes of a run start: as copies of one of that run that has imported the libraries (fork), or "
        "each by itself, as all others do (spawn).",
    ),
    SessionOption(
        "timeout", OptionKind.TIME, "5m", "TIME",
        "Time after which the preparation or the load of a case is given up, at the earliest.",
    ),
    SessionOption(
        "seed", OptionKind.NUMBER, 0, "N", "Seed of weights, inputs and, with the session's name, orders."
    ),
    SessionOption(
        "cache", OptionKind.TEXT, "", "FOLDER",
        "Where prepared networks are kept between sessions; by default LEVIT_BENCH_CACHE, or the user's cache folder.",
    ),
    SessionOption(
        "fresh", OptionKind.FLAG, False, "", "Prepare every network anew, whatever earlier sessions have kept."
    ),
    SessionOption(
        "thin", OptionKind.FLAG, False, "",
        "Measure a sketch even when the budget is too small for an honest interval; with --budget auto, one round.",
    ),
    SessionOption(
        "no_wait", OptionKind.FLAG, False, "",
        "Begin at once, with a finding, where another session is at work on this machine; otherwise this one waits.",
    ),
    SessionOption(
        "target_error", OptionKind.TEXT, "", "PERCENT",
        "Stop timing a network once its ratio to the yardstick is known to ±PERCENT, such as 1%; the budget is the "
        "most that is spent. Looked at two or three times, declared beforehand.",
        of_twins=False,
    ),
    SessionOption(
        "cross_check", OptionKind.FLAG, False, "",
        "Let torch's own benchmark timer time every turn as well, interleaved; 'levit-bench show --cross-check' "
        "compares.",
        of_twins=False,
    ),
    SessionOption(
        "race", OptionKind.FLAG, False, "",
        "Race for the front: stop timing networks whose place on it is certain, so that turns go where the "
        "place is undecided.",
        of_twins=False,
    ),
)  # fmt: skip
"""In the order in which the options stand."""

BY_NAME = {option.name: option for option in OPTIONS}
OF_A_NETWORK = tuple(option for option in OPTIONS if option.of_a_network)
OF_A_SESSION = tuple(option for option in OPTIONS if not option.of_a_network)
