"""The simulated machine is what its scenario says, and its sessions are what the store would give."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean, pstdev

import pytest
from levit_bench.judge.variance.components import components

from tools.simulated.machine import NOMINAL_HZ, PATHOLOGICAL, REGULAR, Scenario
from tools.simulated.sessions import LADDER, NETWORKS, Taken, session, take

SILENT = Scenario(session=0, run=0, case_run=0, round=0, turn=0, one_pass=0, first_pass=0)


def seconds(taken: Taken) -> list[float]:
    """All timed passes of the subjects over their true latencies, in order."""
    truth = {record.info.id: taken.truth_s(record.case.network) for record in taken.records}
    subjects = {record.info.id for record in taken.records if record.info.role == "subject"}
    return [d / truth[turn.case] for turn in taken.session.turns if turn.case in subjects for d in turn.duration_s]


@pytest.mark.parametrize("scenario", [REGULAR["normal"], PATHOLOGICAL["page faults"]], ids=["regular", "faults"])
def test_a_session_kept_in_memory_gives_the_records_of_one_read_from_its_file(
    scenario: Scenario, tmp_path: Path
) -> None:
    kept, read = take(scenario, 3, runs=3, rounds=4), take(scenario, 3, runs=3, rounds=4, folder=tmp_path)
    assert kept.session == read.session
    assert kept.records == read.records


def test_a_session_has_the_size_asked_for_and_the_instrument_in_every_round() -> None:
    found = session(REGULAR["normal"], 1, runs=5, rounds=7)
    assert [record.info.role for record in found] == ["subject"] * 6 + ["yardstick"] * 2 + ["null"]
    assert all(len(record.runs) == 5 for record in found)
    assert all(run.complete and len(run.turns) == 7 for record in found for run in record.runs)
    assert all(len(stick) == 7 for record in found for run in record.runs for stick in run.yardsticks)


def test_the_seed_fixes_a_session_and_another_seed_gives_another() -> None:
    one, same, other = (session(REGULAR["normal"], seed, runs=2, rounds=2) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_without_noise_every_pass_is_the_truth() -> None:
    taken = take(SILENT, 1, networks=LADDER, runs=2, rounds=2)
    assert seconds(taken) == pytest.approx([1.0] * len(seconds(taken)))
    assert {record.case.network: taken.truth_s(record.case.network) for record in taken.records[:6]} == pytest.approx(
        LADDER
    )


def test_the_components_of_the_study_find_the_deviations_of_the_scenario() -> None:
    one = Scenario(run=0.03, case_run=0.02, round=0.04, turn=0.03, one_pass=0.01)
    found = [record for seed in range(12) for record in session(one, seed, runs=6, rounds=8)]
    subjects = [record for record in found if record.info.role == "subject"]
    latency = [each for each in components(subjects) if each.quantity == "latency"]
    ratio = [each for each in components(subjects) if each.quantity == "ratio"]
    assert fmean(each.between_sessions for each in latency) == pytest.approx(0.10, rel=0.5)
    assert fmean(each.between_runs for each in latency) == pytest.approx(math.hypot(0.03, 0.02), rel=0.25)
    assert fmean(each.between_runs for each in ratio) == pytest.approx(0.02 * math.sqrt(1.5), rel=0.25)
    assert fmean(each.between_rounds for each in latency) == pytest.approx(math.hypot(0.04, 0.03), rel=0.15)
    assert fmean(each.between_passes for each in latency) == pytest.approx(0.01, rel=0.15)


def test_a_regular_machine_shows_nothing_unusual() -> None:
    taken = take(REGULAR["normal"], 5)
    ends = taken.session.ends
    assert all(end.conditions.clock_hz == pytest.approx(NOMINAL_HZ, rel=0.01) for end in ends)
    assert all((end.conditions.temperature_c or 0) < 60 and (end.conditions.load_1m or 0) < 2 for end in ends)
    assert all(turn.minor_faults == 0 and turn.major_faults == 0 for turn in taken.session.turns)
    assert not any(end.findings for end in ends)
    stolen_s = (ends[-1].conditions.steal_s or 0) - (taken.session.head.conditions.steal_s or 0)
    assert stolen_s < 0.01 * ends[-1].at_s


def halves(taken: Taken) -> float:
    """Log of how much longer passes take in the second half of the session."""
    logs = [math.log(each) for each in seconds(taken)]
    return fmean(logs[len(logs) // 2 :]) - fmean(logs[: len(logs) // 2])


def test_drift_and_throttling_slow_the_second_half_and_show_in_the_clock() -> None:
    drift, throttled = (take(SILENT._replace(**one), 1) for one in ({"drift": 0.2}, {"throttle": 0.75}))
    assert halves(drift) == pytest.approx(0.1, rel=0.05)
    assert halves(throttled) == pytest.approx(-math.log(0.75), rel=0.05)
    for taken in (drift, throttled):
        first, last = taken.session.starts[0].conditions, taken.session.ends[-1].conditions
        assert (last.clock_hz or 0) < 0.9 * (first.clock_hz or 0)
        assert (last.temperature_c or 0) > 5 + (first.temperature_c or 0)


def test_steal_shows_in_the_counter_and_as_processor_time_that_is_missing() -> None:
    taken = take(SILENT._replace(steal=1 / 3), 1)
    stolen = [turn for turn in taken.session.turns if sum(turn.duration_s) > 1.2 * (turn.cpu_s or 0)]
    assert len(stolen) == pytest.approx(len(taken.session.turns) / 6, rel=0.3)
    first, last = taken.session.head.conditions.steal_s or 0, taken.session.ends[-1].conditions.steal_s or 0
    assert last - first > 0.03 * taken.session.ends[-1].at_s


def test_a_process_in_the_slow_state_is_slow_for_its_life_in_one_case_only() -> None:
    taken = take(SILENT._replace(two_states=0.34), 2)
    medians = {
        record.info.id: [fmean(turn.duration_s) / record.info.probe_s for run in record.runs for turn in run.turns[:1]]
        for record in taken.records
    }
    slow = {case: [each for each in runs if each > 1.19] for case, runs in medians.items()}
    assert {case: len(runs) for case, runs in slow.items() if runs} == {taken.machine.two_faced: 2}
    assert all(pstdev(medians[case]) < 1e-9 for case in medians if case != taken.machine.two_faced)


def test_states_drawn_at_random_are_slow_in_as_many_runs_as_chance_has_it_and_in_one_case_only() -> None:
    scenario = SILENT._replace(slow_run=0.2, slow_subject="base")
    counts = []
    for seed in range(60):
        taken = take(scenario, seed, networks=LADDER, runs=6, rounds=1)
        slow = {
            record.case.network: sum(
                fmean(run.turns[0].duration_s) > 1.2 * (record.info.probe_s or 0) for run in record.runs
            )
            for record in taken.records
        }
        assert {network: runs for network, runs in slow.items() if runs} == (
            {"base": taken.machine.slow} if taken.machine.slow else {}
        )
        counts.append(taken.machine.slow)
    assert len(set(counts)) >= 4
    assert fmean(counts) == pytest.approx(1.2, abs=0.5)


def test_faults_cost_time_and_are_counted() -> None:
    taken = take(SILENT._replace(faults=0.4), 1)
    subjects = [t for t in taken.session.turns if t.minor_faults]
    assert len(subjects) == pytest.approx(0.4 * len(taken.session.turns), rel=0.2)
    assert {finding.kind for end in taken.session.ends for finding in end.findings} == {"page-faults"}


def test_a_machine_that_swaps_shows_it_and_a_neighbour_shows_in_the_load() -> None:
    swapping, busy = (take(PATHOLOGICAL[name], 1) for name in ("swapping", "neighbour"))
    assert sum(turn.major_faults or 0 for turn in swapping.session.turns) > 0
    assert (swapping.session.ends[-1].conditions.swap_used_bytes or 0) > 0
    assert all((end.conditions.load_1m or 0) > 4 for end in busy.session.ends)


def test_a_first_pass_that_settles_slowly_leaves_the_first_timed_pass_slow() -> None:
    taken = take(SILENT._replace(first_pass=0.6, settling=0.5), 1, networks=NETWORKS)
    for turn in taken.session.turns:
        first, second, *_ = turn.duration_s
        assert first / second == pytest.approx(1.3 / 1.15)


def test_heavy_tails_have_passes_many_times_as_long() -> None:
    assert max(seconds(take(SILENT._replace(tails=0.15), 1))) > 3
