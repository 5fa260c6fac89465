"""Error rates and power of results across sessions, over simulated stores: verdicts, fronts, intervals and picks.

`tools.simulated.stores` simulates the sessions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from levit_bench.judge.compare.matching import keyed
from levit_bench.judge.compare.newest_session import walk
from levit_bench.judge.compare.two_sides import compare
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick import Limits, pick
from levit_bench.judge.front.pick_settings import PickSettings
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.pooled_latencies import pooled
from levit_bench.judge.variance.case_sessions import Company, ratios
from levit_bench.judge.variance.session_drift import drifts
from levit_bench.judge.verdicts import Rules, Verdict
from levit_bench.records import Estimate, Record

from tools.simulated.stores import STICK_S, Simulated, Truth, World

SIX = {f"n{number}": Truth(0.1 * number, 70.0 + number) for number in range(6)}
"""Networks that are far apart."""
SLOWER = 0.05
"""The change for which power is computed."""


class Reports(NamedTuple):
    """Comparisons of two sessions, many stores."""

    alarmed: float
    """Share of reports that call an unchanged case slower or faster."""
    found: float
    """Share that call the changed case slower."""


def reports(world: World, history: int, stores: int, *, change: bool = True, company: bool = False) -> Reports:
    """Compare the last two sessions of stores of `history` sessions more; of a third one, one case has changed.

    False alarms are counted where nothing changed. With `company` the second side was timed without two of the six.
    """
    alarmed = called = 0
    for seed in range(stores):
        machine = Simulated(world, SIX, seed)
        earlier = [record for _ in range(history) for record in machine.session()]
        first = machine.session()
        unchanged = machine.session([*SIX][:4] if company else None)
        changed = machine.session(slower={"n0": math.log1p(SLOWER)}) if change else None
        report = compare(first, unchanged, earlier, Rules())
        alarmed += any(row.comparison.verdict in (Verdict.SLOWER, Verdict.FASTER) for row in report.rows)
        if changed is not None:
            report = compare(first, changed, earlier, Rules())
            called += any(r.comparison.verdict == Verdict.SLOWER and r.second.case.network == "n0" for r in report.rows)
    return Reports(alarmed / stores, called / stores)


class Fronts(NamedTuple):
    """Panels of networks close to each other, many stores."""

    wrong: float
    """Share of panels that hold any sure place that is wrong."""
    right: float
    """Share of places rightly decided."""
    chances: list[float]
    """Stated chance of front membership of every network."""
    truths: list[bool]
    """Whether it is on the front."""


ORDERS = ("any", "as real ones", "front")
"""How accuracies correlate with speeds: not; mostly, as in real networks; or so that all are on the front."""


def ladder(spacing: float, order: str, seed: int, networks: int = 10) -> dict[str, Truth]:
    """Networks that are `spacing` apart in speed, and their accuracies."""
    draw = np.random.default_rng(seed)
    logs = [spacing * number for number in range(networks)]
    if order == "any":
        ranks = draw.permutation(networks)
    elif order == "front":
        ranks = np.arange(networks)
    else:
        ranks = np.argsort(np.argsort(np.array(logs) + draw.normal(0, 2 * spacing, networks)))
    return {f"n{at}": Truth(log, 70.0 + float(rank)) for at, (log, rank) in enumerate(zip(logs, ranks, strict=True))}


def members(networks: Mapping[str, Truth], logs: Mapping[str, float]) -> set[str]:
    """Networks on the true front."""
    return {
        name
        for name, network in networks.items()
        if not any(
            rival_truth.top1 >= network.top1 and logs[rival] < logs[name]
            for rival, rival_truth in networks.items()
            if rival != name
        )
    }


def fronts(
    world: World, spacing: float, order: str, stores: int, *, sessions: int = 1, split: bool = False, runs: int = 6
) -> Fronts:
    """Panels of ten networks; with `split`, each session holds its share of them.

    The truth of one session is that of this session; of several, that of all days.
    """
    wrong = right = 0
    chances: list[float] = []
    truths: list[bool] = []
    for seed in range(stores):
        networks = ladder(spacing, order, seed)
        machine = Simulated(world, networks, seed)
        names = [f"n{number}" for number in machine.draw.permutation(len(networks))]
        records: list[Record] = []
        for at in range(sessions):
            records += machine.session(names[at::sessions] if split else None, runs)
        logs = machine.truths[0] if sessions == 1 else {name: network.log for name, network in networks.items()}
        true = members(networks, logs)
        (panel,) = panels(records)
        sure = {p.label: p.standing for p in panel.points if p.standing is not Standing.OPEN}
        correct = [label for label, standing in sure.items() if (standing is Standing.MEMBER) == (label in true)]
        wrong += len(correct) < len(sure)
        right += len(correct)
        for point in panel.points:
            chances.append(-1.0 if point.chance is None else point.chance)
            truths.append(point.label in true)
    return Fronts(wrong / stores, right / (10 * stores), chances, truths)


def calibration(results: Sequence[Fronts], fewest: int = 100) -> list[float | None]:
    """Observed minus stated frequency for every tenth of the chances; absent with too few places."""
    chances = np.array([chance for result in results for chance in result.chances])
    true = np.array([truth for result in results for truth in result.truths])
    out: list[float | None] = []
    for tenth in range(10):
        in_tenth = (chances >= tenth / 10) & ((chances < (tenth + 1) / 10) | (tenth == 9))
        out.append(float(true[in_tenth].mean() - chances[in_tenth].mean()) if in_tenth.sum() >= fewest else None)
    return out


class Nights(NamedTuple):
    """Series of nightly sessions, many stores."""

    red: float
    """Share of stores of unchanged code with any red night."""
    called: list[float]
    """Share of stores that call the changed case slower, night by night from the change on."""
    second: float
    """Share that call it ten nights later, after a second change as large, on the fifth night."""


STEP, NIGHTS_LONG = 11, 30
"""The night, from 0, on which a lasting change of `SLOWER` begins, and how many nights are looked at."""


def nights(world: World, stores: int, runs: int = 8) -> Nights:
    """Each night's session against all before it."""
    red, called, second = 0, [0] * 8, 0
    for seed in range(stores):
        machine = Simulated(world, SIX, seed)
        quiet = _red_nights([machine.session(runs=runs) for _ in range(NIGHTS_LONG)])
        red += any(quiet.values())
        machine = Simulated(world, SIX, seed + 100_000)
        rows = []
        for night in range(STEP + 15):
            size = math.log1p(SLOWER) * ((night >= STEP) + (night >= STEP + 10))
            rows.append(machine.session(runs=runs, slower={"n0": size}))
        called_nights = _red_nights(rows)["n0"]
        for at in range(len(called)):
            called[at] += STEP + at in called_nights
        second += STEP + 14 in called_nights
    return Nights(red / stores, [count / stores for count in called], second / stores)


def _red_nights(rows: Sequence[Sequence[Record]]) -> dict[str, set[int]]:
    """Nights, from 0, on which each network is called slower: as `nightly` walks through them, in one walk."""
    records = [record for row in rows for record in row]
    names = {row[0].session: night for night, row in enumerate(rows)}
    series = {key: ratios(group, Company.seen_in(records)) for key, group in keyed(records).items()}
    out: dict[str, set[int]] = {key.network: set() for key in series}
    for key, night, red in walk(series, Rules(), {}):
        if red:
            out[key.network].add(names[night.recent[-1]])
    return out


class Covered(NamedTuple):
    """Intervals across sessions, many stores."""

    pooled: float
    """Share of intervals of a ratio, over the sessions of a store, that hold the mean over all days."""
    across_sessions: float
    """Share of intervals of a latency, of one of the sessions, that hold that of the average day."""


def covered(world: World, sessions: int, stores: int, network: str = "n1") -> Covered:
    """Stores of so many sessions of six networks, of which one is looked at."""
    pooled_hits = day_hits = 0
    for seed in range(stores):
        machine = Simulated(world, SIX, seed)
        records = [record for _ in range(sessions) for record in machine.session()]
        subjects = [record for record in records if record.info.role == "subject"]
        cases: dict[str, list[Record]] = {}
        for record in subjects:
            cases.setdefault(record.case.network, []).append(record)
        rivalry = Rivalry({g[0].info.id: g for g in cases.values()}, Company.seen_in(records), across=True)
        stick = Estimate(value=1.0, low=1.0, high=1.0, level=0.95, n=3, method="given")
        estimate = pooled(cases[network], stick, rivalry)
        assert isinstance(estimate, Estimate)
        true = math.exp(SIX[network].log)
        pooled_hits += estimate.low <= true <= estimate.high
        wide = drifts(records).across_sessions(cases[network][-1])
        assert wide is not None
        day_hits += wide.low <= STICK_S * true <= wide.high
    return Covered(pooled_hits / stores, day_hits / stores)


class Picks(NamedTuple):
    """Answers of `pick`, many stores."""

    answered: float
    """Share of stores that have an answer."""
    over: float
    """Share whose answer is over the limit in the session that it was picked from."""
    day_answered: float
    """Share that name a network for another day."""
    over_on_another_day: float
    """Share of whose answers for another day that day's session is over the limit."""


def picks(world: World, stores: int, *, networks: int = 50, sessions: int = 6, runs: int = 5) -> Picks:
    """The most accurate of many networks whose latencies crowd about the limit, the more accurate the slower."""
    answered = over = day_answered = day_over = 0
    for seed in range(stores):
        draw = np.random.default_rng(seed)
        logs = np.sort(draw.uniform(-0.15, 0.15, networks))
        crowd = {f"n{at}": Truth(float(log), 60.0 + 0.3 * at) for at, log in enumerate(logs)}
        machine = Simulated(world, crowd, seed)
        records = [record for _ in range(sessions) for record in machine.session(runs=runs)]
        newest = max(record.session for record in records)
        last = [record for record in records if record.session == newest]
        (panel,) = panels(last)
        limits = Limits(max_latency_s=STICK_S * math.exp(machine.drifts[-1]))
        choice = pick(PickSettings((panel,), {}), last, limits, drifts(records))
        sticks = machine.sticks[-1]
        if choice.answer is not None:
            answered += 1
            over += machine.truths[-1][choice.answer.label] + sticks > 0
        day = choice.another_day
        if day is not None and day.answer is not None:
            day_answered += 1
            machine.session(runs=runs)
            moved = machine.drifts[-1] - machine.drifts[-2]
            day_over += machine.truths[-1][day.answer.label] + machine.sticks[-1] + moved > 0
    return Picks(answered / stores, over / stores, day_answered / stores, day_over / stores)
