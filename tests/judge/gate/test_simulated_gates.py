"""Verdicts of gates whose truth is known: how often unchanged code is called slower, and how often a slowdown is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_NOTHING, NothingToShowError
from levit_bench.judge.early_stopping.gate import gate_looks
from levit_bench.judge.gate.gate_report import CaseVerdict, GateOutcome
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.records import Record

from tests.making import record
from tools.simulated.gates_truth import NOISY, QUIET, RULES, gate, report, trials
from tools.simulated.known_truth import fewest_hits, most_alarms

UNCHANGED = (1.0,) * 5


@pytest.mark.parametrize("scenario", [QUIET, NOISY], ids=["quiet", "noisy"])
def test_unchanged_code_is_called_different_in_at_most_one_gate_in_twenty(scenario: object) -> None:
    made = trials(200, scenario, UNCHANGED)  # type: ignore[arg-type]
    assert made.alarms <= most_alarms(200, 0.05)


def test_on_a_quiet_machine_unchanged_code_is_the_same_and_not_inconclusive() -> None:
    assert trials(200, QUIET, UNCHANGED).inconclusive <= 10


@pytest.mark.parametrize(("ratio", "share"), [(1.05, 0.9), (1.1, 0.99), (1 / 1.1, 0.99)])
def test_slowdowns_and_speed_ups_are_found(ratio: float, share: float) -> None:
    made = trials(100, QUIET, (ratio, ratio))
    assert made.found >= fewest_hits(200, share)


def test_on_a_noisy_machine_a_gate_that_could_not_find_its_margin_is_never_green() -> None:
    made = trials(50, NOISY, UNCHANGED)
    assert made.inconclusive >= 45, "five cases, twelve runs: some 8 % are detectable"
    (first, *_) = (report(gate(seed, NOISY, dict.fromkeys("abcde", 1.0))) for seed in range(1))
    assert first.outcome is GateOutcome.INCONCLUSIVE
    assert first.exit_code == EXIT_NOTHING
    assert first._replace(rules=RULES._replace(allow_inconclusive=True)).exit_code == EXIT_DONE


def test_certain_cases_rest_at_the_look_in_the_middle_and_keep_their_verdict() -> None:
    taken = gate(3, QUIET, {"same": 1.0, "slower": 1.3})
    looks = [look for end in taken.session.ends if (look := end.look)]
    assert [look.runs for look in looks] == [6]
    assert {decision.verdict for decision in looks[0].decided.values()} == {"same", "slower"}
    assert {end.run for end in taken.session.ends} == set(range(6)), "nothing is left to measure"
    assert {case.name.partition(" ")[0]: case.verdict for case in report(taken).cases} == {
        "same": CaseVerdict.SAME, "slower": CaseVerdict.SLOWER,
    }  # fmt: skip
    assert (report(taken).looks_taken, report(taken).looks_declared, report(taken).family) == (1, 2, 4)


@pytest.mark.parametrize(
    ("runs", "looks"), [(3, (3,)), (6, (6,)), (7, (4, 7)), (8, (4, 8)), (12, (6, 12)), (40, (20, 40))]
)
def test_looks_are_declared_before_the_first_run(runs: int, looks: tuple[int, ...]) -> None:
    assert gate_looks(runs) == looks


@dataclass
class Sided:
    """Records of a hand-made gate of one network, each with its ratio over side a."""

    a: float | None = 1.0
    b: float | None = 1.0
    control: float | None = None

    def records(self, **of_b: object) -> list[Record]:
        out = []
        for side, step in (("a", 1), ("b", 2), ("control", 5)):
            ratio = getattr(self, side)
            if ratio is None:
                continue
            runs = [0.01 * ratio * (1 + 0.001 * ((at * step) % 3)) for at in range(8)]
            made = record("nets.py:build#123456", runs, session="s", side=side, turns=3)
            out.append(made)
        return [msgspec.structs.replace(r, **of_b) if of_b and r.case.side == "b" else r for r in out]


def only(records: list[Record], **rules: bool) -> tuple[CaseVerdict, int]:
    made = side_by_side(records, RULES._replace(**rules))
    (case,) = made.cases
    assert case.name == "nets.py:build 224px b1 t1 pinned"
    return case.verdict, made.exit_code


def test_each_verdict_has_its_exit_code() -> None:
    assert only(Sided().records()) == (CaseVerdict.SAME, EXIT_DONE)
    assert only(Sided(b=1.2).records()) == (CaseVerdict.SLOWER, EXIT_FAILED_CASE)
    assert only(Sided(b=0.8).records()) == (CaseVerdict.FASTER, EXIT_DONE)
    assert only(Sided(b=None).records()) == (CaseVerdict.MISSING, EXIT_FAILED_CASE)
    assert only(Sided(a=None).records()) == (CaseVerdict.NEW, EXIT_NOTHING)


def test_a_case_that_failed_on_both_sides_fails_the_gate() -> None:
    failed = [
        record("nets.py:build", (), session="s", side=side, outcome="failed", reason="it raised") for side in ("a", "b")
    ]
    made = side_by_side(failed, RULES)
    assert made.cases[0].verdict is CaseVerdict.FAILED
    assert "no time on either side" in made.cases[0].reason
    assert made.exit_code == EXIT_FAILED_CASE


def test_a_case_that_failed_on_side_a_alone_is_new_and_nothing_was_compared() -> None:
    records = Sided(a=None).records()
    records.append(record("nets.py:build", (), session="s", side="a", outcome="failed", reason="it raised"))
    made = side_by_side(records, RULES)
    assert made.cases[0].verdict is CaseVerdict.NEW
    assert made.exit_code == EXIT_NOTHING
    assert made._replace(rules=RULES._replace(allow_inconclusive=True)).exit_code == EXIT_NOTHING


def test_a_session_without_a_run_is_not_green() -> None:
    records = [msgspec.structs.replace(r, runs=()) for r in Sided().records()]
    assert only(records) == (CaseVerdict.INCONCLUSIVE, EXIT_NOTHING)


def test_too_few_pairs_are_inconclusive() -> None:
    records = [msgspec.structs.replace(r, runs=r.runs[:2]) for r in Sided(b=1.5).records()]
    assert only(records) == (CaseVerdict.INCONCLUSIVE, EXIT_NOTHING)


def with_outputs(records: list[Record], apart: float) -> list[Record]:
    return [
        msgspec.structs.replace(r, info=msgspec.structs.replace(r.info, outputs_apart=apart, outputs_allowed=1e-4))
        if r.case.side == "b" else r
        for r in records
    ]  # fmt: skip


def test_a_side_that_computes_something_else_fails_whatever_its_time() -> None:
    records = with_outputs(Sided(b=0.5).records(), 0.4)
    assert only(records) == (CaseVerdict.OTHER_OUTPUTS, EXIT_FAILED_CASE)
    assert only(records, allow_other_outputs=True) == (CaseVerdict.FASTER, EXIT_DONE)
    assert only(with_outputs(Sided().records(), 5e-5)) == (CaseVerdict.SAME, EXIT_DONE)
    reason = side_by_side(records, RULES).cases[0].reason
    assert reason.startswith("its outputs are 0.4 from those of side a"), reason


@pytest.mark.parametrize("control", [1.3, 0.7])
def test_a_control_that_differs_withdraws_verdicts(control: float) -> None:
    made = side_by_side(Sided(b=1.2, control=control).records(), RULES)
    assert (made.cases[0].verdict, made.cases[0].is_downgraded) == (CaseVerdict.INCONCLUSIVE, True)
    assert "1 control of side a against itself differs as well" in made.cases[0].reason
    assert made.exit_code == EXIT_NOTHING


def test_a_control_that_does_not_differ_changes_nothing() -> None:
    made = side_by_side(Sided(b=1.2, control=1.0).records(), RULES)
    assert made.cases[0].verdict is CaseVerdict.SLOWER
    assert [case.verdict for case in made.controls] == [CaseVerdict.SAME]


def test_a_session_without_sides_is_no_gate() -> None:
    with pytest.raises(NothingToShowError, match="not measured by a gate"):
        side_by_side([record("a", [0.01] * 5)], RULES)


def test_files_with_other_digests_are_one_case_of_both_sides() -> None:
    records = Sided().records()
    case = msgspec.structs.replace(records[1].case, network="nets.py:build#abcdef")
    other = msgspec.structs.replace(records[1], info=msgspec.structs.replace(records[1].info, case=case))
    assert only([records[0], other]) == (CaseVerdict.SAME, EXIT_DONE)
