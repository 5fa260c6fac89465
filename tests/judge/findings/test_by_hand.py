"""What each finding says, and that it is silent about the smallest sessions and about identical durations."""

from __future__ import annotations

import random
import re
from functools import lru_cache

import pytest
from levit_bench.judge.estimates import latency
from levit_bench.judge.findings import OF_A_CASE, OF_A_SESSION, joining, session_findings
from levit_bench.judge.findings.run_checks import runs_disagree
from levit_bench.judge.findings.session_checks import sharing_differs_from_alone
from levit_bench.judge.findings.session_view import LONG_S, session_views
from levit_bench.records import Estimate, Record

from tests.judge.findings.faults import in_state, kinds, messages, of_case, replace, slower, staged
from tests.making import record
from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import session

SILENT = Scenario(session=0, run=0, case_run=0, round=0, turn=0, one_pass=0, first_pass=0)


@lru_cache(maxsize=4)
def _healthy(scenario: Scenario = REGULAR["quiet"], runs: int = 5, rounds: int = 6) -> tuple[Record, ...]:
    return tuple(session(scenario, 7, runs=runs, rounds=rounds))


def healthy(scenario: Scenario = REGULAR["quiet"], runs: int = 5, rounds: int = 6) -> list[Record]:
    return [*_healthy(scenario, runs, rounds)]


def with_case(records: list[Record], **changes: object) -> list[Record]:
    """Every case with these fields; ids stay."""
    return [replace(r, info=replace(r.info, case=replace(r.info.case, **changes))) for r in records]


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("runs", [1, 2, 3])
@pytest.mark.parametrize("scenario", [SILENT, REGULAR["quiet"]], ids=["identical durations", "quiet"])
def test_the_smallest_sessions_raise_nothing(scenario, runs, rounds):
    assert kinds(session(scenario, 1, runs=runs, rounds=rounds)) == set()


def test_no_record_and_a_record_without_a_run_raise_nothing():
    assert session_findings([]) == []
    assert session_findings([record(runs=())]) == []
    assert session_findings([record(runs=(), outcome="failed", reason="hung")]) == []


def test_cases_missing_from_half_of_the_rounds_raise_no_finding():
    odd = [
        replace(r, runs=tuple(replace(run, turns=run.turns[i % 2 :: 2]) for run in r.runs))
        for i, r in enumerate(healthy())
    ]
    assert kinds(odd) == set()


def test_findings_do_not_depend_on_the_order_of_the_records():
    one = session(REGULAR["normal"]._replace(drift=0.3, two_states=0.4, faults=0.3), 3)
    other = [*one]
    random.Random(1).shuffle(other)
    assert {d.finding for d in session_findings(one)} == {d.finding for d in session_findings(other)}


def test_a_finding_about_a_case_names_it_and_one_about_the_session_names_none():
    sick = session(REGULAR["normal"]._replace(throttle=0.7, two_states=0.34), 3)
    for found in session_findings(sick):
        subjects = {r.info.id for r in sick if r.info.role == "subject"}
        assert found.session == sick[0].session
        assert found.finding.case is None or found.finding.case in subjects
    assert {"throttled", "runs-disagree"} <= kinds(sick)


def test_every_finding_is_registered_once():
    registered = [*OF_A_SESSION, *OF_A_CASE]
    assert len(set(registered)) == len(registered)


def test_a_slow_first_turn_is_told_with_its_factor():
    (said,) = set(messages(slower(healthy(SILENT), lambda t: 1.5 if t.round == 0 else 1.0), "first-turn-slow"))
    assert "1.50 times as long" in said
    assert "larger --budget" in said


def test_after_an_hour_nobody_is_told_to_spend_more():
    sick = slower(healthy(SILENT), lambda t: 1.5 if t.round == 0 else 1.0)
    patient = [replace(r, protocol=replace(r.protocol, budget_s=LONG_S)) for r in sick]
    (said,) = set(messages(patient, "first-turn-slow"))
    assert "--budget" not in said
    assert "1 h 00 min already" in said


def test_a_slow_first_pass_is_told_with_its_factor():
    said = messages(session(SILENT._replace(first_pass=0.6, settling=0.5), 1), "first-pass-slow")
    assert "takes 1.13 times as long as the last, after 1 settle pass:" in said[0]


def test_a_case_that_drifts_alone_is_told_apart_from_a_session_that_drifts():
    sessions = healthy()
    case = of_case(sessions, "levit_192")
    alone = slower(sessions, lambda t: 1.0 + 0.1 * t.run if t.case == case else 1.0)
    together = slower(sessions, lambda t: 1.0 + 0.1 * t.run)
    assert [d.finding.case for d in session_findings(alone) if d.finding.kind == "drift"] == [case]
    assert [d.finding.case for d in session_findings(together) if d.finding.kind == "drift"] == [None]
    assert "all cases became 38% slower" in messages(together, "drift")[0]
    assert "faster" in messages(slower(sessions, lambda t: 1.5 - 0.1 * t.run), "drift")[0]


def test_a_step_is_throttling_and_no_drift_and_a_fall_is_neither():
    step = slower(healthy(), lambda t: 1.4 if t.run >= 3 else 1.0)
    assert "throttled" in kinds(step)
    assert "drift" not in kinds(step)
    assert "the last 12 of 30 rounds" in messages(step, "throttled")[0]
    assert "throttled" not in kinds(slower(healthy(), lambda t: 1.0 if t.run >= 3 else 1.4))


def test_a_step_that_the_yardstick_did_not_take_is_not_throttling():
    sessions = healthy()
    sticks = {r.info.id for r in sessions if r.info.role == "yardstick"}
    assert "throttled" not in kinds(slower(sessions, lambda t: 1.4 if t.run >= 3 and t.case not in sticks else 1.0))


def two_states(records: list[Record], **changes: object) -> list[Record]:
    case = of_case(records, "efficientnet_b0")
    return with_case(slower(records, lambda t: 1.4 if t.case == case and t.run in (1, 3) else 1.0), **changes)


def test_two_states_of_processes_are_told_with_the_next_step_that_was_not_taken_yet():
    (pinned,) = messages(two_states(healthy()), "two-humps")
    assert "2 of 5 runs are slow from beginning to end" in pinned
    assert "may be too narrow: quote both states" in pinned
    assert "--allocator" not in pinned
    assert "--isolation alone" in pinned
    (shipped,) = messages(two_states(healthy(), allocator="shipped"), "two-humps")
    assert "--allocator pinned" in shipped
    alone = [replace(r, protocol=replace(r.protocol, seats="alone")) for r in two_states(healthy())]
    (said,) = messages(alone, "two-humps")
    assert "--isolation" not in said


def test_passes_that_switch_within_runs_have_two_humps_too():
    sessions = healthy()
    case = of_case(sessions, "resnet50")
    (said,) = messages(slower(sessions, lambda t: 1.5 if t.case == case and t.round % 2 else 1.0), "two-humps")
    assert "within runs" in said
    assert "50% of the passes are slow" in said
    assert "too narrow" not in said


def odd(factor: float, runs: int = 5, case: str = "resnet50", **protocol: object) -> list[Record]:
    """A session in which one run of one case takes so many times as long."""
    sessions = healthy(runs=runs)
    key = of_case(sessions, case)
    sick = slower(sessions, lambda t: factor if t.case == key and t.run == 1 else 1.0)
    return [replace(r, protocol=replace(r.protocol, **protocol)) for r in sick]


def test_one_odd_run_is_no_second_state():
    assert "two-humps" not in kinds(odd(1.5))


@pytest.mark.parametrize("runs", [4, 6, 12, 30])
def test_a_single_slow_run_is_told_however_many_others_there_are(runs):
    (said,) = messages(odd(1.28, runs), "runs-disagree")
    assert re.search(rf"1 of {runs} runs is 2[789]% slower than the others", said)
    assert "may be too narrow" in said
    assert "Take more runs with a larger --budget, also with --isolation alone" in said
    assert said.endswith("and quote both states.")


def test_a_case_that_was_alone_is_not_to_be_measured_alone():
    (said,) = messages(odd(1.28, seats="alone"), "runs-disagree")
    assert "--isolation" not in said
    assert "quote both states" in said


def test_a_single_fast_run_and_a_run_that_is_hardly_slower_are_no_state():
    assert not any("slower than the others" in said for said in messages(odd(0.7), "runs-disagree"))
    assert "runs-disagree" not in kinds(odd(1.08))


@pytest.mark.parametrize("runs", [2, 3])
def test_of_three_runs_none_is_called_the_odd_one(runs):
    assert not any("slower than the others" in said for said in messages(odd(1.28, runs), "runs-disagree"))


def test_runs_that_disagree_are_told_what_rounds_explain():
    sessions = healthy()
    case = of_case(sessions, "resnet50")
    sick = slower(sessions, lambda t: (1.0, 1.1, 1.3, 0.9, 1.2)[t.run] if t.case == case else 1.0)
    (said,) = messages(sick, "runs-disagree")
    assert "--isolation alone" in said
    (view,) = session_views(sick)
    others = [seen for seen in view.subjects if seen.record.info.id != case]
    assert [runs_disagree(seen, view) for seen in others] == [None] * 5


def test_large_scatter_is_told_with_the_budget_that_it_would_take():
    sick = session(REGULAR["quiet"]._replace(turn=0.4), 1, runs=4, rounds=6)
    said = messages(sick, "spread-large")
    assert said
    assert all("±5% would take about" in one for one in said)
    times = [time for one in sick if isinstance(time := latency(one), Estimate)]
    widths = {f"the interval is ±{time.high / time.value - 1:.0%}" for time in times}
    assert all(any(width in one for width in widths) for one in said), "as tables show it"


def test_a_turn_near_the_clock_and_near_a_pass_of_nothing_is_too_short():
    sessions = healthy(SILENT)
    case = of_case(sessions, "levit_192")
    sick = slower(sessions, lambda t: 1e-3 if t.case == case else 1.0)
    (short,) = messages(sick, "turn-too-short")
    assert "larger batch than 1" in short
    (share,) = messages(sick, "null-network-slow")
    assert "40.0 µs" in share
    assert "turn-too-short" not in kinds(sessions)


def test_a_slow_null_network_is_told_once_and_only_of_a_processor():
    sessions = healthy(SILENT)
    null = next(r.info.id for r in sessions if r.info.role == "null")
    (said,) = messages(slower(sessions, lambda t: 2.0 if t.case == null else 1.0), "null-network-slow")
    assert "80.0 µs, where 50.0 µs are plenty" in said
    gpu = with_case(slower(sessions, lambda t: 2.0 if t.case == null else 1.0), device="cuda")
    assert "null-network-slow" not in kinds(gpu)


def faulty(records: list[Record], faults: int) -> list[Record]:
    return [
        replace(r, runs=tuple(
            replace(run, turns=tuple(replace(t, minor_faults=faults if t.round % 2 else 0) for t in run.turns))
            for run in r.runs
        ))
        for r in records
    ]  # fmt: skip


def test_faults_that_vary_are_told_with_the_next_step_that_was_not_taken_yet():
    pinned = messages(faulty(healthy(), 20_000), "page-faults-vary")[0]
    assert "--allocator pinned" not in pinned
    shipped = messages(faulty(with_case(healthy(), allocator="shipped"), 20_000), "page-faults-vary")[0]
    assert "--allocator pinned" in shipped


def test_faults_that_cost_nothing_and_faults_that_nobody_counted_raise_no_finding():
    assert "page-faults-vary" not in kinds(faulty(healthy(), 150))
    uncounted = [
        replace(r, runs=tuple(
            replace(run, turns=tuple(replace(t, minor_faults=None) for t in run.turns)) for run in r.runs
        ))
        for r in healthy()
    ]  # fmt: skip
    assert kinds(uncounted) == set()


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("on-battery", {"on_battery": True}, "battery"),
        ("governor-not-performance", {"governor": "powersave"}, "'powersave'"),
        ("dirty-tree", {"dirty": True, "commit": "0123456789"}, "at 0123456"),
    ],
)
def test_a_state_of_the_machine_is_told_once_a_session(kind, state, words):
    (said,) = messages(in_state(healthy(), **state), kind)
    assert words in said
    assert kind not in kinds(in_state(healthy(), on_battery=False, governor="performance", dirty=False))


def test_what_the_system_does_not_tell_raises_no_finding():
    nothing = dict.fromkeys(
        ("governor", "clock_hz", "temperature_c", "load_1m", "steal_s", "swap_used_bytes", "on_battery", "dirty")
    )
    assert kinds(in_state(healthy(), **nothing)) == set()
    lost = [replace(r, runs=tuple(replace(run, before=None, after=None) for run in r.runs)) for r in healthy()]
    assert kinds(lost) == set()


def test_a_clock_that_fell_is_told_in_gigahertz():
    (said,) = messages(staged(healthy(), lambda run, _: {"clock_hz": 3e9 if run < 2 else 2.5e9}), "frequency-fell")
    assert "3.00 to 2.50 GHz" in said
    assert "frequency-fell" not in kinds(staged(healthy(), lambda run, _: {"clock_hz": 2.5e9 if run < 2 else 3e9}))


def test_stolen_time_is_a_share_of_the_run_and_a_load_is_no_sign():
    stolen = staged(healthy(), lambda _, when: {"steal_s": 0.0 if when == "before" else 1e3})
    assert "the hypervisor took" in messages(stolen, "busy-machine")[0]
    assert "busy-machine" not in kinds(in_state(healthy(), load_1m=9.0)), "its own processes, while they start"


def test_what_other_processes_use_is_what_the_suite_does_not():
    def used(own_s):
        return staged(
            healthy(),
            lambda _, when: (
                {"busy_s": 9e3 if when == "before" else 1e4, "own_s": 0.0}
                | ({} if when == "before" else {"own_s": own_s})
            ),
        )

    assert "other processes used" in messages(used(0.0), "busy-machine")[0]
    assert "busy-machine" not in kinds(used(1e3))


def test_swap_that_grew_is_told_in_bytes_and_swap_that_was_full_before_is_not():
    grown = staged(healthy(), lambda _, when: {"swap_used_bytes": 0 if when == "before" else 1 << 30})
    assert "swap grew by 1 GiB in one run" in messages(grown, "swapping")[0]
    assert "swapping" not in kinds(in_state(healthy(), swap_used_bytes=1 << 30))


def test_a_yardstick_that_moved_between_runs_is_told_with_its_factor():
    (said,) = messages(slower(healthy(SILENT), lambda t: 1.5 if t.run == 2 else 1.0), "yardstick-moved")
    assert "1.50 times as long" in said


@pytest.mark.parametrize(
    ("reason", "raised"),
    [
        ("output differs from fp32 eager by 0.3 (relative L2; 0.0001 is allowed)", True),
        ("output is constant: two different inputs give the same bits", True),
        ("raised RuntimeError: output of layer 3", False),
        (None, False),
    ],
)
def test_wrong_outputs_are_told_apart_from_other_failures(reason, raised):
    failed = record(runs=(), outcome="failed", reason=reason)
    assert (kinds([failed]) == {"outputs-differ"}) is raised


def test_wrong_outputs_of_a_model_file_are_not_held_against_fp32_eager():
    reason = "output differs from what the file answered in another process by 0.3 (relative L2; 0.0001 is allowed)"
    (said,) = messages([record("net.onnx#3f2a91", runs=(), outcome="failed", reason=reason)], "outputs-differ")
    assert "fp32 eager" not in said
    assert "Try another runtime, or export the file anew." in said


def resumed(times: int, **protocol: object) -> list[Record]:
    return [replace(r, resumes=times, protocol=replace(r.protocol, **protocol)) for r in healthy()]


def test_a_session_that_was_resumed_is_told_what_that_cost():
    (said,) = messages(resumed(2), "resumed")
    assert "resumed 2 times" in said
    assert "at 99.58% instead of 95%, 112% wider than those of 5 runs in one sitting" in said
    assert "resumed once" in messages(resumed(1), "resumed")[0]
    assert kinds(resumed(0)) == set()


def test_a_session_whose_looks_were_declared_may_be_resumed():
    assert kinds(resumed(2, looks=(4, 7))) == set()


def sharing(factor: float) -> list[Record]:
    shared = record(runs=(0.010, 0.0101, 0.0102), session="s1")
    alone = record(runs=tuple(factor * t for t in (0.010, 0.0101, 0.0102)), session="s2")
    return [shared, replace(alone, protocol=replace(alone.protocol, seats="alone"))]


def test_a_case_that_suffers_from_its_neighbours_is_told_by_how_much():
    (said,) = messages(sharing(0.8), "sharing-differs-from-alone")
    assert "25% slower beside other cases" in said
    assert kinds(sharing(1.02)) == set()
    assert sharing_differs_from_alone([sharing(0.8)[0]]) is None


def test_another_machine_says_nothing_about_sharing():
    one, other = sharing(0.8)
    assert kinds([one, replace(other, machine=replace(other.machine, logical_cores=2))]) == set()


def test_sessions_of_two_versions_on_one_scale_are_told():
    one, other = replace(record(session="s1"), bench="0.1"), replace(record(session="s2"), bench="0.2")
    (finding,) = joining([one, other])
    assert finding.kind == "engine-changed"
    assert "0.1, 0.2" in finding.message
    assert joining([one, replace(other, bench="0.1")]) == []


def with_line(records: list[Record], **fields: object) -> list[Record]:
    """Every subject's line with these fields."""
    return [replace(r, info=replace(r.info, **fields)) if r.info.role == "subject" else r for r in records]


def test_a_rate_that_matrices_do_not_reach_is_told_and_one_that_they_do_is_not():
    sessions = healthy()
    (pass_s, macs) = (session_views(sessions)[0].subjects[0].pass_s, 300_000_000)
    case = session_views(sessions)[0].subjects[0].record.info.id
    told = [
        {d.finding.case for d in session_findings(with_line(sessions, macs=macs, matrix_macs_s=macs / pass_s / times))
         if d.finding.kind == "faster-than-matrices"}
        for times in (1.5, 1.2)
    ]  # fmt: skip
    assert case in told[0]
    assert case not in told[1]
    assert "faster-than-matrices" not in kinds(with_line(sessions, macs=None, matrix_macs_s=1.0))


def test_passes_that_are_faster_over_images_seen_before_are_told():
    sessions = with_line(healthy(SILENT, runs=4, rounds=8), distinct_images=12)
    seen: dict[tuple[str, int], int] = {}

    def faster(turn: object) -> float:
        key = turn.case, turn.run  # type: ignore[attr-defined]
        before = seen.setdefault(key, 2)
        seen[key] += len(turn.settle_s) + len(turn.duration_s)  # type: ignore[attr-defined]
        return 0.5 if before >= 12 else 1.0

    assert "faster-on-known-images" not in kinds(sessions)
    (said,) = set(messages(slower(sessions, faster), "faster-on-known-images"))
    assert re.search(r"take 0\.5\d? times as long as those over new ones, in 4 runs", said)
