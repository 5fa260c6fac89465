"""Gates made by hand, for tests of what their readers see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport, GateRules
from levit_bench.judge.verdicts import METHOD_PAIRS, Comparison, Verdict
from levit_bench.records import Estimate, Finding, Record, Side, SideDifference

from tests.making import record

RULES = GateRules(min_effect=0.03, margin=0.05)
FIGURES = {
    CaseVerdict.SLOWER: (1.12, 1.07, 1.17, 1.034),
    CaseVerdict.FASTER: (0.9, 0.87, 0.93, 1.036),
    CaseVerdict.SAME: (1.002, 0.985, 1.019, 1.031),
    CaseVerdict.INCONCLUSIVE: (1.024, 0.97, 1.081, 1.083),
    CaseVerdict.OTHER_OUTPUTS: (1.01, 0.99, 1.03, 1.03),
}
"""Ratio, both limits and the detectable ratio of each verdict that has them; others have no times to compare."""
REASONS = {
    CaseVerdict.FAILED: "side b failed: RuntimeError: it raised (nets.py:12)",
    CaseVerdict.MISSING: "side a has it, and side b has no network of that name",
    CaseVerdict.SLOWER: "takes 1.12 times as long, at least 1.07",
    CaseVerdict.OTHER_OUTPUTS: "the outputs are 0.31 apart, and rounding explains 0.001",
    CaseVerdict.INCONCLUSIVE: "a slowdown of 8.3 % could have hidden, which is more than the margin of 5 %",
    CaseVerdict.NOT_COMPARABLE: "the sides differ in the machine's processor",
    CaseVerdict.FASTER: "takes 0.900 times as long, at most 0.930",
    CaseVerdict.SAME: "the 98 % interval, 0.988 to 1.02, lies within ±5 %",
    CaseVerdict.NEW: "side b alone has it",
}
SIDES = (
    Side(name="a", asked="main", revision="0123456789abcdef0123456789abcdef01234567", dirty=False, python="3.11.9"),
    Side(
        name="b", asked="working tree", revision="fedcba9876543210fedcba9876543210fedcba98", dirty=True,
        python="3.11.9", versions={"torch": "2.13.0"},
    ),
)  # fmt: skip
DIFFERENCES = (
    SideDifference(kind="file", name="nets.py", first="3f2a91c0", second="77b1e2d4"),
    SideDifference(kind="package", name="torch", first="2.12.0", second="2.13.0"),
)


def compared(
    value: float, low: float, high: float, detectable: float | None, *, family: int = 5, rules: GateRules = RULES
) -> Comparison:
    """A comparison with these figures; its verdict is not what a gate's case shows."""
    level = 1 - 0.05 / family
    ratio = Estimate(value=value, low=low, high=high, level=level, n=12, method=METHOD_PAIRS)
    return Comparison(
        ratio=ratio, verdict=Verdict.INCONCLUSIVE, reason="", detectable=detectable, min_effect=rules.min_effect,
        margin=rules.margin, family=family,
    )  # fmt: skip


def measured(network: str, times: float, side: Any) -> Record:
    """Three runs of ten milliseconds times a factor."""
    return record(network, [0.01 * times] * 3, session="s1", side=side)


def case(verdict: CaseVerdict, name: str | None = None, *, network: str = "", **fields: Any) -> GateCase:
    """A case with that verdict, and the figures, the reason and the records that go with it."""
    network = network or f"net_{verdict.value.replace(' ', '_')}"
    figures = FIGURES.get(verdict)
    times = figures[0] if figures else 1.0
    first = None if verdict is CaseVerdict.NEW else measured(network, 1.0, "a")
    second = None if verdict is CaseVerdict.MISSING else measured(network, times, "b")
    if verdict is CaseVerdict.FAILED:
        second = record(network, (), session="s1", outcome="failed", reason="it raised", side="b")
    values: dict[str, Any] = {
        "name": f"{network} 224px b1 t1 pinned" if name is None else name,
        "verdict": verdict,
        "reason": REASONS[verdict],
        "comparison": compared(*figures) if figures else None,
        "first": first,
        "second": second,
        "apart": 0.31 if verdict is CaseVerdict.OTHER_OUTPUTS else None,
        "allowed": 0.001 if verdict is CaseVerdict.OTHER_OUTPUTS else None,
    }
    return GateCase(**values | fields)


def report(cases: Sequence[GateCase | CaseVerdict] = (), **fields: Any) -> GateReport:
    """A gate of these cases, or of one of each verdict in their place."""
    made = tuple(case(one) if isinstance(one, CaseVerdict) else one for one in cases)
    values: dict[str, Any] = {
        "rules": RULES, "sides": SIDES, "differences": DIFFERENCES, "session": "20261126T060430Z-2c11", "family": 5,
        "command": ("--networks", "net_*", "--a", "main"),
    }  # fmt: skip
    return GateReport(made, **values | fields)


EVERY = report(list(CaseVerdict))
"""A gate with one case of each verdict."""
ALLOWED = RULES._replace(allow_inconclusive=True)
ALARMED = report(
    [case(CaseVerdict.INCONCLUSIVE, withdrawn=CaseVerdict.SLOWER), CaseVerdict.SAME],
    controls=(case(CaseVerdict.SLOWER, "net_inconclusive 224px b1 t1 pinned"), case(CaseVerdict.SAME)),
)
"""A gate whose control was called slower, so that a case is slower no more."""
QUIET = report([CaseVerdict.SAME, CaseVerdict.FASTER], controls=(case(CaseVerdict.SAME), case(CaseVerdict.SAME)))
"""A gate that passed, with a control in which nothing was found."""


def interrupted(*, is_stopped: bool) -> GateReport:
    """A gate that would have passed: stopped just now, or read from a session that did not come to its end."""
    return report([CaseVerdict.SAME, CaseVerdict.FASTER], is_over=False, is_stopped=is_stopped, looks_declared=2)


def many(count: int, verdict: CaseVerdict | None = None, *, name: str = "net_{}") -> GateReport:
    """A gate of so many cases, of each verdict in turn or all of one; names differ in their number."""
    verdicts = [verdict] if verdict else list(CaseVerdict)
    cases = [
        case(verdicts[at % len(verdicts)], name.format(at), network=f"net_{at}") for at in range(count)
    ]  # fmt: skip
    return report(cases, family=max(1, count))


def finding(message: str) -> Finding:
    return Finding(kind="busy-machine", message=message)


def renamed(one: GateCase, network: str) -> GateCase:
    """The case of another network, on the sides that have it."""

    def moved(record: Record | None) -> Record | None:
        if record is None:
            return None
        info = msgspec.structs.replace(record.info, case=msgspec.structs.replace(record.case, network=network))
        return msgspec.structs.replace(record, info=info)

    return one._replace(first=moved(one.first), second=moved(one.second))
