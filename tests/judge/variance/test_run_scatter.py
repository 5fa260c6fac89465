"""What this machine's sessions say of runs and rounds: the truth of simulated ones, else the pilot's."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.judge.variance.reproducibility import Kind, kind_of
from levit_bench.judge.variance.run_scatter import MOST_SESSIONS, WILD, kinds_ahead, run_scatter, worth_reading
from levit_bench.planning.budget import PILOT, RunScatter, standard_error
from levit_bench.records import Case, CaseLine, Conditions, Estimate, Record, Run, TurnLine
from levit_bench.store.files import Beginning, beginnings

from tests.making import record
from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL
from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import session, take

LOGS = st.lists(st.lists(st.floats(-0.1, 0.1), min_size=2, max_size=4), min_size=2, max_size=5)
QUIET = Scenario(session=0.02, run=0.005, case_run=0.002, round=0.005, turn=0.004, one_pass=0.002)


def measured(logs: Sequence[Sequence[float]], *, name: str = "s1", network: str = "net", unit: float = 0.01) -> Record:
    """A record of runs whose rounds have these log ratios to the yardstick, but for a constant."""

    def turn(log: float, run: int, number: int) -> TurnLine:
        return TurnLine(
            run=run, round=number, position=0, case="c", seat=0, at_s=0.0, settle_s=(), duration_s=(math.exp(log),)
        )

    runs = tuple(
        Run(
            run=at,
            turns=tuple(turn(math.log(unit) + log, at, number) for number, log in enumerate(rounds)),
            yardsticks=(tuple(turn(math.log(0.7 * unit), at, number) for number in range(len(rounds))),) * 2,
        )
        for at, rounds in enumerate(logs)
    )
    return msgspec.structs.replace(record(network, (), session=name), runs=runs)


def drawn(seed: int, between: float, within: float, *, runs: int = 6, rounds: int = 8) -> list[list[float]]:
    """Log ratios of runs and rounds with these standard deviations."""
    draw = random.Random(seed)
    return [
        [middle + draw.gauss(0, within) for _ in range(rounds)]
        for middle in (draw.gauss(0, between) for _ in range(runs))
    ]


def of(records: Sequence[Record], prior: RunScatter = PILOT) -> RunScatter:
    """The scatter for one more session like the first of these."""
    return run_scatter(records, [kind_of(records[0])], prior)


def at(scatter: RunScatter, rounds: int) -> float:
    """Variance of a run of so many rounds."""
    return standard_error(1, rounds, scatter) ** 2


HERE = kind_of(record())
NOTHING = PILOT._replace(without=1)


def test_without_a_session_the_pilots_variances_stand() -> None:
    assert run_scatter([], [HERE]) == NOTHING
    assert run_scatter([], []) == PILOT


@pytest.mark.parametrize(
    "other",
    [
        record(machine=msgspec.structs.replace(MACHINE, cpu_model="Another")),
        record(torch="2.7.0"),
        record(threads=4),
        record(allocator="shipped"),
        record(device="cuda"),
        record(role="yardstick"),
        record(emulated=True),
        record(runs=(), outcome="failed", reason="hung"),
        record(runs=(0.01,)),
        record(yardsticks=(0, 0, 0)),
        record(complete=False, turns=1),
    ],
    ids=["machine", "torch", "threads", "allocator", "device", "yardstick", "emulated", "failed", "one run",
         "no yardstick", "broken off"],
)  # fmt: skip
def test_what_is_of_another_setting_or_holds_no_two_runs_says_nothing(other: Record) -> None:
    assert run_scatter([other], [HERE]) == NOTHING


def test_one_session_and_the_pilots_are_weighed_by_their_degrees_of_freedom() -> None:
    runs = [[middle - 0.05, middle + 0.05] for middle in (0.03, -0.03, 0.0)]
    found = of([measured(runs)])
    assert found.sessions == 1
    assert found.without == 0
    # Four degrees of the pilot's beside two between runs, of sum 18e-4, and three within them, of sum 150e-4.
    assert at(found, 2) == pytest.approx((4 * at(PILOT, 2) + 18e-4) / 6)
    assert found.between == pytest.approx(PILOT.between * 4 / 6)


def test_the_pilots_do_not_outweigh_what_contradicts_them() -> None:
    quiet = [measured(drawn(seed, 0.001, 0.001), name=f"s{seed}", network=f"n{seed % 3}") for seed in range(6)]
    assert math.sqrt(at(of(quiet), 8)) == pytest.approx(0.001, rel=0.4)
    noisy = [measured(drawn(seed, 0.3, 0.5), name=f"s{seed}", network=f"n{seed % 3}") for seed in range(6)]
    assert math.sqrt(at(of(noisy), 8)) == pytest.approx(math.sqrt(0.3**2 + 1.4 * 0.5**2 / 8), rel=0.3)


@given(logs=LOGS, copies=st.integers(1, 6))
def test_more_of_the_same_sessions_move_the_estimate_towards_theirs(logs: list[list[float]], copies: int) -> None:
    rounds = len(logs) / sum(1 / len(one) for one in logs)
    medians = [sorted(one)[len(one) // 2] / 2 + sorted(one)[(len(one) - 1) // 2] / 2 for one in logs]
    mean = sum(medians) / len(medians)
    theirs = sum((one - mean) ** 2 for one in medians) / (len(medians) - 1)

    def off(count: int) -> float:
        found = of([measured(logs, name=f"s{number}") for number in range(count)])
        assert found.sessions == count
        return abs(found.between + found.within / rounds - theirs)

    assert off(copies + 1) <= off(copies) + 1e-12


@given(logs=LOGS, unit=st.floats(1e-4, 10))
def test_the_unit_of_time_does_not_matter(logs: list[list[float]], unit: float) -> None:
    one, other = of([measured(logs)]), of([measured(logs, unit=unit)])
    assert other == pytest.approx(one, rel=1e-6, abs=1e-12)


@given(logs=LOGS, factor=st.floats(0.1, 10))
def test_scatter_of_another_scale_gives_variances_of_its_square(logs: list[list[float]], factor: float) -> None:
    scaled = [[factor * log for log in rounds] for rounds in logs]
    prior = PILOT._replace(between=factor**2 * PILOT.between, within=factor**2 * PILOT.within)
    one, other = of([measured(logs)]), of([measured(scaled)], prior)
    assert other.between == pytest.approx(factor**2 * one.between, rel=1e-6, abs=1e-12)
    assert other.within == pytest.approx(factor**2 * one.within, rel=1e-6, abs=1e-12)


@given(logs=LOGS, others=st.permutations(range(4)))
def test_the_order_of_records_does_not_matter(logs: list[list[float]], others: list[int]) -> None:
    records = [measured(logs, network=f"n{number}", name=f"s{number % 2}") for number in range(4)]
    assert of([records[number] for number in others]) == pytest.approx(of(records))


def test_runs_that_agree_to_the_last_digit_leave_the_pilots() -> None:
    assert of([measured([[0.0, 0.0], [0.0, 0.0]])]) == pytest.approx(PILOT._replace(sessions=1))


def test_twenty_sessions_of_a_machine_tell_its_own_variances() -> None:
    records = [
        measured(drawn(100 * seed + case, 0.006, 0.02), name=f"s{seed:02}", network=f"n{case}")
        for seed in range(20)
        for case in range(3)
    ]
    found = of(records)
    assert found.sessions == 20
    assert math.sqrt(found.within) == pytest.approx(0.02, rel=0.15)
    # The median of eight rounds scatters by a fifth more than their mean would.
    assert math.sqrt(at(found, 8)) == pytest.approx(math.sqrt(0.006**2 + 1.4 * 0.02**2 / 8), rel=0.15)


def test_a_wild_case_counts_no_more_than_a_few_of_the_others() -> None:
    tame = [measured(drawn(seed, 0.01, 0.02), network=f"n{seed}", name="s1") for seed in range(5)]
    wild = measured(drawn(9, 0.5, 1.0), network="wild", name="s1")
    without, found = of(tame), of([*tame, wild])
    assert at(without, 8) < at(found, 8) < (5 + 2 * WILD) / 6 * at(without, 8)


def test_a_turn_that_was_disturbed_hardly_counts_as_the_median_does_not_see_it() -> None:
    runs = drawn(3, 0.01, 0.02)
    disturbed = [[*runs[0][:-1], 2.0], *runs[1:]]
    assert of([measured(disturbed)]).within < 1.2 * of([measured(runs)]).within


def test_a_copied_session_counts_once_and_old_ones_do_not_count() -> None:
    new = [measured(drawn(seed, 0.01, 0.02), name=f"t{seed:02}") for seed in range(MOST_SESSIONS)]
    old = [measured(drawn(seed, 0.3, 0.5), name=f"s{seed:02}") for seed in range(30)]
    assert of([*new, *new, *old]) == of(new)


def test_several_settings_are_averaged_by_their_cases_and_the_pilots_stand_for_those_without() -> None:
    one = measured(drawn(1, 0.005, 0.01))
    other = Kind(**{**kind_of(one)._asdict(), "threads": 4})
    found, alone = run_scatter([one], [kind_of(one), other, other, other]), of([one])
    assert (found.sessions, found.without) == (1, 1)
    assert found.within == pytest.approx((alone.within + 3 * PILOT.within) / 4)


@pytest.mark.parametrize("scenario", REGULAR.values(), ids=list(REGULAR))
def test_simulated_sessions_foretell_the_standard_errors_of_the_next(scenario: Scenario) -> None:
    networks = {"a": 0.02, "b": 0.03, "c": 0.04}
    made = [(seed, session(scenario, seed, networks=networks, runs=5, rounds=6)) for seed in range(12)]
    stored = [msgspec.structs.replace(r, session=f"s{seed:02}") for seed, records in made for r in records]
    found = run_scatter(stored, [kind_of(r) for r in stored if r.info.role == "subject"][:1])
    assert found.sessions == 12
    logs = []
    for seed in range(100, 140):
        ratios = [relative_to_yardstick(r) for r in session(scenario, seed, networks=networks, runs=5, rounds=6)[:3]]
        logs += [math.log(one.high / one.value) / 2.776 for one in ratios if isinstance(one, Estimate)]
    real = math.sqrt(sum(one**2 for one in logs) / len(logs))
    assert standard_error(5, 6, found) == pytest.approx(real, rel=0.3)


def _beginning(name: str, threads: int = 1) -> Beginning:
    taken = take(QUIET, 1, networks={"a": 0.02}, runs=1, rounds=1)
    lines = [
        msgspec.structs.replace(one, case=msgspec.structs.replace(one.case, threads=threads))
        for one in taken.session.cases
    ]
    head = msgspec.structs.replace(taken.session.head, session=name)
    return Beginning(Path(f"{name}.jsonl"), head, tuple(lines))


def test_of_a_thousand_sessions_the_newest_of_every_setting_are_read() -> None:
    single, four = _beginning("a"), _beginning("b", threads=4)
    kinds = [
        *kinds_ahead(single.cases, single.head.protocol, single.head.machine, single.head.conditions),
        *kinds_ahead(four.cases, four.head.protocol, four.head.machine, four.head.conditions),
    ]
    names = [f"s{number:04}" for number in range(1000)]
    stored = [
        one._replace(path=Path(f"{name}.jsonl"), head=msgspec.structs.replace(one.head, session=name))
        for number, name in enumerate(names)
        for one in (four if number < 2 else single,)
    ]
    found = [path.stem for path in worth_reading(stored, kinds)]
    assert set(found) == {*names[-MOST_SESSIONS:], *names[:2]}
    assert worth_reading(stored, []) == []


def test_kinds_ahead_are_those_of_the_session_that_follows(tmp_path: Path) -> None:
    taken = take(QUIET, 1, networks={"a": 0.02, "b": 0.03}, runs=2, rounds=2, folder=tmp_path)
    head, subjects = taken.session.head, [r for r in taken.records if r.info.role == "subject"]
    assert kinds_ahead(taken.session.cases, head.protocol, head.machine, head.conditions) == [*map(kind_of, subjects)]
    (stored,) = beginnings(tmp_path)
    assert worth_reading([stored], [kind_of(subjects[0])]) == [stored.path]


def test_a_case_ahead_without_a_known_torch_has_a_kind_too() -> None:
    case = Case(network="n", resolution=224)
    unknown = Conditions(taken_at=CONDITIONS.taken_at, os="", python="")
    (kind,) = kinds_ahead([CaseLine(id=case.id, case=case)], PROTOCOL, MACHINE, unknown)
    assert kind.torch is None
    assert run_scatter([record()], [kind]) == NOTHING
