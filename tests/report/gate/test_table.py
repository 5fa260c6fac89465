"""The terminal's table and the lines below it."""

from __future__ import annotations

import io

import msgspec
import pytest
from levit_bench.catalog.side_pairs import WORKING_TREE
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.records import SideDifference
from levit_bench.report.gate.table import MOST_DIFFERENCES, MOST_REASONS, notes, table
from rich.console import Console

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict
EXPECTED = """\
case                           ratio  95 % CI         detectable  verdict
────────────────────────────────────────────────────────────────────────────────
net_failed 224px b1 t1 pinned      –  –                        –  failed
net_missing 224px b1 t1            –  –                        –  missing
pinned
net_slower 224px b1 t1 pinned   1.12  1.07 to 1.17         3.4 %  slower
net_other_outputs 224px b1 t1   1.01  0.990 to 1.03        3.0 %  other outputs
pinned
net_inconclusive 224px b1 t1    1.02  0.970 to 1.08        8.3 %  inconclusive
pinned
net_not_comparable 224px b1        –  –                        –  not comparable
t1 pinned
net_faster 224px b1 t1 pinned  0.900  0.870 to 0.930       3.6 %  faster
net_same 224px b1 t1 pinned     1.00  0.985 to 1.02        3.1 %  same
net_new 224px b1 t1 pinned         –  –                        –  new
"""


def shown(report: made.GateReport, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(table(report))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_the_table_has_a_row_a_case_and_the_worst_first() -> None:
    backwards = made.report(list(reversed(CaseVerdict)))
    assert shown(backwards).strip("\n") == EXPECTED.strip("\n")


def test_within_a_verdict_the_largest_ratio_is_first() -> None:
    ratios = (1.05, 1.2, 1.1)
    cases = [made.case(V.SLOWER, f"n{at}", comparison=made.compared(at, at, at, 1.03)) for at in ratios]
    assert [line.split()[0] for line in shown(made.report(cases)).splitlines()[-3:]] == ["n1.2", "n1.1", "n1.05"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_table_fits(width: int) -> None:
    hostile = made.report([made.case(V.SLOWER, name) for name in HOSTILE.values()])
    for report in (made.EVERY, hostile, made.many(20), made.report()):
        lines = shown(report, width).splitlines()
        assert max(len(line) for line in lines) <= width
        assert all(character.isprintable() or character == "\u2003" for line in lines for character in line)


def test_the_notes_say_sides_differences_control_rules_and_session() -> None:
    told = notes(made.EVERY)
    assert "net_failed 224px b1 t1 pinned: side b failed: RuntimeError: it raised (nets.py:12)" in told
    assert "a: main, commit 0123456789ab, Python 3.11.9" in told
    assert "b: working tree, commit fedcba987654 with uncommitted changes, Python 3.11.9" in told
    assert "differs: package torch: 2.12.0 in a, 2.13.0 in b" in told
    assert "control: none; --null measures side a against itself in the same session" in told
    assert "95 % CI: 99 % each, so that 95 % hold for 5 comparisons together" in told
    assert "session: 20261126T060430Z-2c11" in told
    assert any(line.startswith("protocol: 3 runs · budget 10 min") for line in told)


def test_the_control_is_told_whether_it_alarms_or_not() -> None:
    alarmed = next(line for line in notes(made.ALARMED) if line.startswith("control"))
    assert alarmed == (
        "control: side a against itself, 1 of 2 cases called different: net_inconclusive 224px b1 t1 pinned (1.12), so "
        "this session calls equal things different, and only differences of more than 17 % stand; withdrawn: 1 of "
        "slower"
    )
    quiet = next(line for line in notes(made.QUIET) if line.startswith("control"))
    assert quiet == "control: side a against itself, none of 2 cases differs (2 same)"


def test_a_control_without_a_time_vouches_for_nothing_and_is_named() -> None:
    failed = made.case(V.FAILED, "net")
    green = made.case(V.INCONCLUSIVE, "net", withdrawn=V.SAME, lacks_control=True)
    told = notes(made.report([green], controls=(failed, made.case(V.SAME))))
    assert (
        "control: side a against itself, 1 of 2 cases without a ratio: net, so nothing vouches for these cases; "
        "withdrawn: 1 of same"
    ) in told


def test_looks_and_what_is_allowed_are_told() -> None:
    rules = made.RULES._replace(allow_inconclusive=True, allow_other_outputs=True)
    told = notes(made.report([V.SAME], rules=rules, looks_taken=1, looks_declared=2))
    assert "looks: 1 of 2 declared looks taken, and the limits allow for all of them" in told
    assert sum(line.startswith("--allow-") for line in told) == 2


def test_the_level_says_how_many_looks_it_is_for() -> None:
    def level(family: int, looks: int) -> str:
        told = notes(made.report([V.SAME], family=family, looks_declared=looks))
        return next(line for line in told if line.startswith("95 % CI"))

    assert level(1, 1) == "95 % CI: 95 % each"
    assert level(2, 2) == "95 % CI: 97.5 % each, so that 95 % hold for 2 looks together"
    assert level(6, 2).endswith("so that 95 % hold for 3 cases at each of 2 looks together")


def test_a_commit_that_was_asked_for_is_named_once_and_a_clean_tree_by_its_commit() -> None:
    first, second = made.SIDES
    sides = (
        msgspec.structs.replace(first, asked=str(first.revision)),
        msgspec.structs.replace(second, asked=WORKING_TREE, dirty=False),
    )
    told = notes(made.report([V.SAME], sides=sides))
    assert "a: commit 0123456789ab, Python 3.11.9" in told
    assert "b: commit fedcba987654, Python 3.11.9" in told


def test_what_was_to_be_found_is_told_in_place_of_a_budget() -> None:
    case = made.case(V.SAME)
    assert case.second is not None
    protocol = msgspec.structs.replace(case.second.protocol, find=0.2, budget_s=60)
    case = case._replace(second=msgspec.structs.replace(case.second, protocol=protocol))
    assert any("3 runs · to find 20 % in at most 1 min ·" in line for line in notes(made.report([case])))


def test_stored_sessions_are_named_in_place_of_sides() -> None:
    told = notes(made.report([V.SAME], sides=(), differences=(), baseline="s0", session="s1"))
    assert told[:2] == ["a: session s0", "b: session s1"]
    assert not [line for line in told if line.startswith("control")]


def test_long_lists_are_cut_and_counted() -> None:
    differences = [SideDifference(kind="package", name=f"p{at}", first="1") for at in range(50)]
    told = notes(made.many(50, V.FAILED)._replace(differences=tuple(differences)))
    assert f"differs: {50 - MOST_DIFFERENCES + 1} more differences" in told
    assert f"{50 - MOST_REASONS + 1} more cases; --json has the reason of each" in told
    assert "differs: package p0: 1 in a, absent in b" in told
    assert "nothing that is recorded differs between the sides" in notes(made.report([V.SAME], differences=()))
