"""Verdicts of gates whose truth is known: how often unchanged code is called slower, and how often a slowdown is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_INTERRUPTED, EXIT_NOTHING, NothingToShowError
from levit_bench.judge.early_stopping.gate import gate_looks
from levit_bench.judge.gate.control import differing, reach
from levit_bench.judge.gate.gate_report import CaseVerdict, GateOutcome
from levit_bench.judge.gate.pairs import judged
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.judge.verdicts import Rules, of_pairs
from levit_bench.planning.gate_runs import fewest_runs
from levit_bench.records import Record
from levit_bench.store.files import Session, records

from tests.making import record
from tools.simulated.gates_truth import NOISY, QUIET, RULES, gate, report, trials, two_state_alarms
from tools.simulated.known_truth import fewest_hits, most_alarms

pytestmark = pytest.mark.slow  # judges thousands of made-up gates

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
    taken = gate(3, QUIET, {"same": 1.0, "slower": 1.3}, runs=14)
    looks = [look for end in taken.session.ends if (look := end.look)]
    assert [look.runs for look in looks] == [7]
    assert {decision.verdict for decision in looks[0].decided.values()} == {"same", "slower"}
    assert {end.run for end in taken.session.ends} == set(range(7)), "nothing is left to measure"
    assert {case.name.partition(" ")[0]: case.verdict for case in report(taken).cases} == {
        "same": CaseVerdict.SAME, "slower": CaseVerdict.SLOWER,
    }  # fmt: skip
    assert (report(taken).looks_taken, report(taken).looks_declared, report(taken).family) == (1, 2, 4)


def cut(session: Session, *, ended: int, begun: int) -> Session:
    """A session as its file is where the process was lost after so many runs had ended, and so many had begun."""
    return session._replace(
        ends=session.ends[:ended], starts=session.starts[:begun],
        turns=tuple(turn for turn in session.turns if turn.run < begun),
    )  # fmt: skip


@pytest.mark.parametrize(("ended", "begun"), [(0, 0), (0, 1), (4, 4), (4, 5), (7, 7), (13, 14)])
@pytest.mark.parametrize("ratio", [1.0, 1.3])
def test_a_gate_that_did_not_come_to_its_end_is_interrupted_whatever_it_measured(
    ratio: float, ended: int, begun: int
) -> None:
    whole = gate(4, QUIET, {"kept": ratio, "hangs": 1.025}, runs=14).session
    assert side_by_side(records(whole), RULES).is_over
    made = side_by_side(records(cut(whole, ended=ended, begun=begun)), RULES._replace(allow_inconclusive=True))
    assert (made.outcome, made.exit_code) == (GateOutcome.INTERRUPTED, EXIT_NOTHING)
    assert made._replace(is_stopped=True).exit_code == EXIT_INTERRUPTED
    assert made.looks_taken == (1 if ended >= 7 else 0)


def test_a_gate_whose_cases_all_failed_before_the_first_run_is_over() -> None:
    whole = gate(3, QUIET, {"kept": 1.0}).session
    failed = tuple(msgspec.structs.replace(line, outcome="failed", reason="it raised") for line in whole.cases)
    nothing = whole._replace(cases=failed, starts=(), ends=(), turns=())
    assert side_by_side(records(nothing), RULES).outcome is GateOutcome.FAILED


def test_a_gate_of_an_older_file_which_does_not_say_is_over() -> None:
    whole = gate(3, QUIET, {"kept": 1.0}).session
    ends = tuple(msgspec.structs.replace(end, last=None) for end in whole.ends)
    assert side_by_side(records(whole._replace(ends=ends)), RULES).outcome is GateOutcome.PASSED


@pytest.mark.parametrize(
    ("runs", "cases"), [(3, 1), (3, 5), (4, 5), (4, 20), (5, 20), (7, 20), (8, 5), (8, 20), (12, 1)]
)
def test_processes_in_two_states_give_no_more_alarms_than_promised(runs: int, cases: int) -> None:
    assert two_state_alarms(200, runs, cases) <= most_alarms(200, 0.05)


def test_three_runs_that_agree_call_one_case_and_not_one_of_many() -> None:
    def verdicts(cases: int) -> set[str]:
        effects = [of_pairs([0.1, 0.101, 0.099], of_gate=True) for _ in range(cases)]
        return {str(comparison.verdict) for comparison in judged(effects, Rules(RULES.min_effect, RULES.margin), 1)}

    assert verdicts(1) == {"slower"}
    assert verdicts(2) == {"inconclusive"}
    assert [fewest_runs(cases) for cases in (1, 2, 5, 12, 20, 40)] == [3, 4, 4, 5, 5, 6]


@pytest.mark.parametrize(
    ("runs", "looks"), [(3, (3,)), (6, (6,)), (12, (12,)), (13, (7, 13)), (14, (7, 14)), (40, (20, 40))]
)
def test_looks_are_declared_before_the_first_run(runs: int, looks: tuple[int, ...]) -> None:
    assert gate_looks(runs) == looks


def test_there_is_no_look_after_fewer_runs_than_a_verdict_needs() -> None:
    assert gate_looks(14, 103) == (7, 14)
    assert gate_looks(14, 1000) == (14,)


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


def test_a_case_that_failed_on_side_a_alone_is_not_comparable_and_never_green() -> None:
    records = Sided(a=None).records()
    records.append(record("nets.py:build", (), session="s", side="a", outcome="failed", reason="it raised"))
    same = [other_of(r) for r in Sided().records()]
    for of_gate in (records, [*records, *same]):
        made = side_by_side(of_gate, RULES._replace(allow_inconclusive=True))
        assert made.cases[0].verdict is CaseVerdict.NOT_COMPARABLE
        assert "no time on side a: failed: it raised" in made.cases[0].reason
        assert made.exit_code == EXIT_NOTHING


@pytest.mark.parametrize(("first", "second"), [("skipped", "skipped"), ("failed", "skipped"), ("skipped", "done")])
def test_what_was_not_measured_is_never_allowed_to_pass(first: str, second: str) -> None:
    same = [other_of(r) for r in Sided().records()]
    records = [
        msgspec.structs.replace(r, outcome=outcome, reason="time is up", runs=r.runs if outcome == "done" else ())
        for r, outcome in zip(Sided().records(), (first, second), strict=True)
    ]
    made = side_by_side([*same, *records], RULES._replace(allow_inconclusive=True))
    assert [case.verdict for case in made.cases] == [CaseVerdict.SAME, CaseVerdict.INCONCLUSIVE]
    assert (made.is_allowed, made.exit_code) == (False, EXIT_NOTHING)


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


@pytest.mark.parametrize(
    ("ratio", "control", "verdict", "withdrawn"),
    [
        (2.0, 1.05, CaseVerdict.SLOWER, None),
        (1.2, 1.06, CaseVerdict.SLOWER, None),
        (1.2, 0.94, CaseVerdict.SLOWER, None),
        (0.5, 1.06, CaseVerdict.FASTER, None),
        (1.06, 1.06, CaseVerdict.INCONCLUSIVE, CaseVerdict.SLOWER),
        (1.06, 0.94, CaseVerdict.INCONCLUSIVE, CaseVerdict.SLOWER),
        (0.9, 1.2, CaseVerdict.INCONCLUSIVE, CaseVerdict.FASTER),
        (1.0, 1.5, CaseVerdict.INCONCLUSIVE, CaseVerdict.SAME),
        (1.0, 0.7, CaseVerdict.INCONCLUSIVE, CaseVerdict.SAME),
        (1.0, 1.0, CaseVerdict.SAME, None),
    ],
)
def test_verdicts_stand_where_they_lie_beyond_what_the_control_differs_by(
    ratio: float, control: float, verdict: CaseVerdict, withdrawn: CaseVerdict | None
) -> None:
    made = report(gate(2, QUIET, {"net": ratio}, control=control))
    (case,) = made.cases
    assert (case.verdict, case.withdrawn) == (verdict, withdrawn)
    assert bool(differing(made.controls)) is (control != 1)
    allowed = made._replace(rules=RULES._replace(allow_inconclusive=True))
    fails = verdict is CaseVerdict.SLOWER
    assert (made.exit_code, allowed.exit_code) == (1 if fails else 3 if withdrawn else 0, 1 if fails else 0)
    if withdrawn:
        assert "but in 1 case side a differs from itself, by up to " in case.reason


def test_one_case_of_a_control_that_differs_is_about_the_session_and_every_case_of_it() -> None:
    noisy = Sided(b=1.0, control=1.2).records()
    quiet = [other_of(r) for r in Sided(b=1.1, control=1.0).records()]
    made = side_by_side([*noisy, *quiet], RULES)
    assert [case.withdrawn for case in made.cases] == [CaseVerdict.SAME, CaseVerdict.SLOWER]
    assert reach(made.controls) == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("runs", [0, 2])
@pytest.mark.parametrize(
    ("ratio", "verdict", "code"),
    [
        (1.0, CaseVerdict.INCONCLUSIVE, EXIT_NOTHING),
        (0.5, CaseVerdict.INCONCLUSIVE, EXIT_NOTHING),
        (2.0, CaseVerdict.SLOWER, EXIT_FAILED_CASE),
    ],
)
def test_a_control_without_a_ratio_vouches_for_nothing_and_excuses_nothing(
    ratio: float, verdict: CaseVerdict, code: int, runs: int
) -> None:
    *sides, control = Sided(b=ratio, control=1.0).records()
    outcome = "done" if runs else "failed"
    broken = msgspec.structs.replace(control, runs=control.runs[:runs], outcome=outcome, reason="it raised")
    for of_gate in ([*sides, broken], [*sides, other_of(broken)]):
        made = side_by_side(of_gate, RULES._replace(allow_inconclusive=True))
        (case,) = (one for one in made.cases if one.second is not None)
        assert (case.verdict, made.exit_code) == (verdict, code)
        assert case.lacks_control is (verdict is CaseVerdict.INCONCLUSIVE)
        assert ("its control gave nothing to rely on" in case.reason) is case.lacks_control


def other_of(one: Record) -> Record:
    """The record of a network that has no counterpart."""
    case = msgspec.structs.replace(one.case, network="elsewhere")
    return msgspec.structs.replace(one, info=msgspec.structs.replace(one.info, case=case))


def test_a_control_seldom_withdraws_anything_on_a_steady_machine() -> None:
    made = [report(gate(seed, QUIET, {"a": 1.0, "b": 1.2}, control=True, runs=6)) for seed in range(40)]
    assert sum(any(case.withdrawn for case in one.cases) for one in made) <= most_alarms(40, 0.05)
    assert all(one.exit_code == EXIT_FAILED_CASE for one in made), "20 % lie beyond what the control shows"


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
