"""Variance components recover what a simulated store was made with."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pytest
from levit_bench.judge.variance.components import components
from levit_bench.records import Case, CaseLine, Record, Run, TurnLine

from tools.simulated.fake_world import CONDITIONS, MACHINE, PROTOCOL


@dataclass
class _Truth:
    session: float
    run: float
    round: float
    one_pass: float


def _records(truth: _Truth, sessions: int, seed: int) -> list[Record]:
    """Sessions of six runs of eight rounds; the yardstick shares the session's and the round's drift."""
    rng = random.Random(seed)
    case = Case(network="x", resolution=224)
    info = CaseLine(id=case.id, case=case)
    out = []
    for session in range(sessions):
        drift = rng.gauss(0, truth.session)
        runs = []
        for run in range(6):
            own, rounds = rng.gauss(0, truth.run), [rng.gauss(0, truth.round) for _ in range(8)]
            subject, stick = (
                tuple(_turn(rng, run, n, drift + rounds[n] + extra, truth.one_pass) for n in range(8))
                for extra in (own, 0.0)
            )
            runs.append(Run(run=run, turns=subject, yardsticks=(stick,)))
        out.append(
            Record(
                session=f"s{session}", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS, info=info,
                runs=tuple(runs), outcome="done",
            )
        )  # fmt: skip
    return out


def _turn(rng: random.Random, run: int, number: int, log: float, one_pass: float) -> TurnLine:
    durations = tuple(0.01 * math.exp(log + rng.gauss(0, one_pass)) for _ in range(9))
    return TurnLine(
        run=run, round=number, position=0, case="x", seat=0, at_s=0.0, settle_s=(), duration_s=durations
    )  # fmt: skip


def test_each_level_is_recovered_and_the_ratio_is_free_of_what_the_yardstick_shares() -> None:
    truth = _Truth(session=0.10, run=0.03, round=0.05, one_pass=0.01)
    latency, ratio = components(_records(truth, 40, 1))
    assert (latency.quantity, ratio.quantity) == ("latency", "ratio")
    assert (latency.sessions, latency.runs) == (40, 240)
    assert latency.between_sessions == pytest.approx(truth.session, rel=0.3)
    assert latency.between_rounds == pytest.approx(truth.round, rel=0.1)
    assert latency.between_passes == pytest.approx(truth.one_pass, rel=0.1)
    assert ratio.between_runs == pytest.approx(truth.run, rel=0.2)
    assert ratio.between_rounds < 0.01
    assert ratio.of_sessions < 0.03 < latency.of_sessions


def test_levels_that_the_data_cannot_show_are_unknown_and_not_zero() -> None:
    latency, _ = components(_records(_Truth(0.1, 0.03, 0.05, 0.01), 1, 1))
    assert math.isnan(latency.between_sessions)
    assert math.isnan(latency.of_sessions)


def test_failed_records_and_other_seat_modes_are_kept_apart() -> None:
    import msgspec

    records = _records(_Truth(0.1, 0.03, 0.05, 0.01), 2, 1)
    failed = msgspec.structs.replace(records[0], outcome="failed")
    alone = msgspec.structs.replace(records[1], protocol=msgspec.structs.replace(PROTOCOL, seats="alone"))
    found = components([failed, alone])
    assert [one.isolation for one in found] == ["alone", "alone"]
