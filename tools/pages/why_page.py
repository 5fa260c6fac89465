"""The column of docs/why.md that is about this suite, computed from its own registries, so that it cannot go stale.

python -m tools.pages.why_page        writes the column into the page; the tests compare it

The columns of other tools are written by hand, from their sources and manuals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from levit_bench import records
from levit_bench.catalog import entries
from levit_bench.cli import _VERBS
from levit_bench.judge.compare import matching
from levit_bench.judge.verdicts import Verdict
from levit_bench.measuring import devices, runtimes
from levit_bench.measuring.pass_data import output_check
from levit_bench.planning import budget

from tools.pages import ROOT

PAGE = ROOT / "docs" / "why.md"
YES, NO = "**yes**", "–"
NOT_YET = "not yet"
"""For what no verb does so far."""
_ROW = re.compile(r"^\| (?P<question>[^|]+) \| [^|]+ \| ", re.M)


def _networks() -> str:
    """Origins of networks that can be timed: those of the catalog, and the user's own."""
    makers = {"timm": "timm", "levit-bench": "LeViT"}
    return ", ".join(
        [*(makers[name] for name in sorted({entry.built_by for entry in entries.entries()}, reverse=True)), "yours"]
    )


def _runtimes() -> str:
    """The suite's runtimes besides eager PyTorch; those of installed packages are not its own."""
    foreign = {"eager", *(point.name for point in entry_points(group=runtimes.ENTRY_POINTS))}
    return ", ".join(name for name in runtimes.names() if name not in foreign)


def _has(*names: str) -> Callable[[], str]:
    """A cell that says yes where the command line has all these verbs."""
    return lambda: YES if set(names) <= set(_VERBS) else NO


def _knows(verdict: str) -> Callable[[], str]:
    """A cell that says yes where `compare` can return this verdict."""
    return lambda: YES if "compare" in _VERBS and verdict in set(Verdict) else NO


def _stores(kind: type, *fields: str) -> Callable[[], str]:
    """A cell that says yes where records of this type hold all these fields."""
    return lambda: YES if set(fields) <= set(kind.__annotations__) else NO


CELLS: Mapping[str, Callable[[], str]] = {
    "networks for image classification": _networks,
    "processor threads": lambda: YES if "cpu" in devices.names() and "threads" in records.Case.__annotations__ else NO,
    "GPU": lambda: YES if {"cuda", "mps"} & set(devices.names()) else NO,
    "runtimes besides eager PyTorch": _runtimes,
    "accuracy in the same report": lambda: "published" if any(entry.top1 for entry in entries.entries()) else NO,
    "every raw duration kept": _stores(records.TurnLine, "duration_s"),
    "interval on a speed": _stores(records.Estimate, "low", "high", "level"),
    "cases in random order, interleaved": _stores(records.TurnLine, "round", "position"),
    "replicated in fresh processes": lambda: YES if budget.MIN_RUNS > 1 else NO,
    "outputs of the timed passes checked": lambda: YES if output_check.SAME > 0 else NO,
    "front of speed and accuracy": _has("front"),
    "fails a change that is slower": _knows("slower"),
    "says when the data cannot tell": _knows("inconclusive"),
    "its own false alarms measured": _has("aa"),
    "history over months, change points": lambda: YES if "history" in _VERBS else NOT_YET,
    "refuses what is not comparable": lambda: YES if matching.NEVER else NO,
}
"""The questions about every tool, and this suite's answer to each."""


def page(text: str) -> str:
    """The page with this suite's column as it should be.

    Raises:
        ValueError: the questions of the table are not those of `CELLS`.
    """
    begin, end = text.index("| | levit-bench |"), text.index("\n\n", text.index("| | levit-bench |"))
    head, rule, *rows = text[begin:end].splitlines()
    questions = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    if questions != list(CELLS):
        raise ValueError(f"the table of {PAGE.name} asks {questions}, and what is answered is {list(CELLS)}")
    answered = [_ROW.sub(lambda match: f"| {match['question']} | {CELLS[match['question']]()} | ", row) for row in rows]
    return text[:begin] + "\n".join([head, rule, *answered]) + text[end:]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
