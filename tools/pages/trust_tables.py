"""Tables of docs/measured.md about trust: coverage over sessions, races, a planted slowdown, a second instrument.

Computed from stored sessions; refuses to measure.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from levit_bench.judge.compare.aa import pairs
from levit_bench.judge.early_stopping import race
from levit_bench.judge.estimates import ratios_by_run, relative_to_yardstick
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import SURE
from levit_bench.judge.paired_ratio import paired, paired_logs
from levit_bench.judge.timer_agreement import Agreement, account, agreements
from levit_bench.judge.verdicts import Rules, Verdict, judge, of_pairs
from levit_bench.planning.budget import looks
from levit_bench.planning.policy import Earlier
from levit_bench.records import Estimate, Record
from levit_bench.report.compare.aa import lines
from levit_bench.report.views.cases import doubts
from levit_bench.store.files import Session, records

SCALED = 0.05
DRAWS = 20
"""Sessions that are composed from a pool of runs."""


class Coverage(NamedTuple):
    """How many intervals of one session hold the mean of all other sessions."""

    intervals: int
    hits: int


def coverage(found: Sequence[Session]) -> Coverage:
    """Over all sessions and subjects: the ratio to the yardstick against the mean over the other sessions' runs."""
    by_case: dict[str, list[Record]] = {}
    for session in found:
        for record in records(session):
            if record.info.role == "subject":
                by_case.setdefault(record.info.id, []).append(record)
    tried = hits = 0
    for group in by_case.values():
        for one in group:
            pool = [log for other in group if other is not one for log in ratios_by_run(other).values()]
            own = relative_to_yardstick(one)
            assert isinstance(own, Estimate)
            tried += 1
            hits += own.low <= math.exp(fmean(pool)) <= own.high
    return Coverage(tried, hits)


def loaded_rows(loaded: Session, quiet: Sequence[Session]) -> Iterator[str]:
    """The ratio to the yardstick of a disturbed session, and that of all runs of quiet ones."""
    pool: dict[str, list[float]] = {}
    for session in quiet:
        for record in records(session):
            pool.setdefault(record.info.id, []).extend(ratios_by_run(record).values())
    for record in records(loaded):
        if record.info.role == "subject":
            own, usual = relative_to_yardstick(record), math.exp(fmean(pool[record.info.id]))
            assert isinstance(own, Estimate)
            held = "holds it" if own.low <= usual <= own.high else "misses it"
            interval = f"{own.value:.3f} ({own.low:.3f} to {own.high:.3f})"
            yield f"| {record.case.network} | {interval} | {usual:.3f} | {held} |"


def load_told(loaded: Session) -> list[str]:
    """What the session says of the machine it ran on."""
    found = doubts([record for record in records(loaded) if record.info.role == "subject"], records(loaded))
    return [f"*{one.kind}: {one.message}*" for one in found if one.kind == "busy-machine"]


class Race(NamedTuple):
    """A stored race, judged with the looks that races take now: its last runs are left out."""

    verdicts: dict[str, str]
    """By network."""
    runs: int
    seconds: float
    """From the start of the first run to the end of the last that counts."""
    to_the_end_s: float
    """To the end of the session."""


def replayed(session: Session) -> Race:
    """What a race decides when its last look comes after three quarters of the planned runs.

    Exact, because the looks before are those that it took, so that nobody rests who would not have.
    """
    protocol = session.head.protocol
    declared = looks(protocol.runs, 0.75)
    assert set(declared[:-1]) <= set(protocol.looks)
    referee = race.referee(protocol, session.cases, declared, Earlier())
    done = [end.run for end in session.ends if end.outcome == "done"]
    names = {line.id: line.case.network for line in session.cases}
    verdicts: dict[str, str] = {}
    for runs in declared:
        turns = [turn for turn in session.turns if turn.run in done[:runs]]
        look = referee.look(done[:runs], turns, last=runs == declared[-1])
        assert look is not None
        verdicts |= {names[case]: one.verdict for case, one in look.decided.items()}
    seconds = session.ends[declared[-1] - 1].at_s - session.starts[0].at_s
    return Race(verdicts, declared[-1], seconds, length_s(session))


def race_rows(full: Session, races: Sequence[Session]) -> Iterator[str]:
    """What each race decided, beside the whole protocol."""
    sure, whole_s = certain(full), length_s(full)
    yield "| | time | to the end | runs | on the front | beaten | open | certain members | certainly beaten ones |"
    yield "|:--|--:|--:|--:|--:|--:|--:|:--|:--|"
    counts = " | ".join(str(sum(v == word for v in sure.values())) for word in ("member", "beaten", "open"))
    yield f"| whole protocol | {whole_s:.0f} s | | {len(full.ends)} | {counts} | | |"
    for number, session in enumerate(races, 1):
        found = replayed(session)
        counts = " | ".join(
            str(sum(v == word for v in found.verdicts.values())) for word in ("member", "beaten", "open")
        )
        times = f"{100 * found.seconds / whole_s:.0f} % | {100 * found.to_the_end_s / whole_s:.0f} %"
        told = " | ".join(_told(sure, found, word) for word in ("member", "beaten"))
        yield f"| race {number} | {times} | {found.runs} | {counts} | {told} |"


def _told(sure: dict[str, str], found: Race, word: str) -> str:
    """What a race makes of the networks whose place is certain after the whole protocol."""
    mine = [found.verdicts.get(name) for name, verdict in sure.items() if verdict == word]
    wrong = sum(verdict not in (word, "open") for verdict in mine)
    return f"{mine.count(word)} of {len(mine)} found, {mine.count('open')} open, {wrong} wrong"


def certain(full: Session) -> dict[str, str]:
    """Of each network: `member` or `beaten` where the chance of its place is at least 95 %, else `open`."""
    (panel,) = panels(records(full))
    words = {}
    for point in panel.points:
        chance = point.chance if point.chance is not None else 0.5
        words[point.case.network] = "member" if chance >= SURE else "beaten" if chance <= 1 - SURE else "open"
    return words


def length_s(session: Session) -> float:
    """Seconds from the start of the first run to the end of the last."""
    return session.ends[-1].at_s - session.starts[0].at_s


class Planted(NamedTuple):
    """A slowdown that was built into a network, and how often sessions call it."""

    ratio: float
    low: float
    high: float
    runs: int
    live: tuple[str, ...]
    """Verdicts of the sessions themselves."""
    drawn: int
    """Of the sessions composed from the pool of their runs, those that call it slower."""
    scaled: int
    """The same, had the layer taken `SCALED` of the time: every run's log ratio less the difference."""


def planted(found: Sequence[Session], base: str, changed: str) -> Planted:
    """The changed network against its base, within each session, over the pool, and in sessions drawn from the pool."""

    def both(session: Session) -> tuple[Record, Record]:
        by_name = {record.case.network.split("#")[0]: record for record in records(session)}
        return by_name[changed], by_name[base]

    sides = [both(session) for session in found]
    logs = [paired_logs([one], [other]) for one, other in sides]
    whole = paired([one for one, _ in sides], [other for _, other in sides])
    assert whole is not None
    live = tuple(str(comparison.verdict) for each in logs for comparison in judge([of_pairs(each)], Rules()))
    pool, size = list(itertools.chain.from_iterable(logs)), round(fmean(map(len, logs)))
    draw = random.Random(0)
    less = math.log(whole.value) - math.log1p(SCALED)

    def slower(shift: float) -> int:
        drawn = ([log - shift for log in draw.sample(pool, size)] for _ in range(DRAWS))
        return sum(judge([of_pairs(logs)], Rules())[0].verdict == Verdict.SLOWER for logs in drawn)

    return Planted(whole.value, whole.low, whole.high, whole.runs, live, slower(0.0), slower(less))


def witness_rows(found: Sequence[Session]) -> Iterator[str]:
    """Our mean pass over the witness's, and the account of processor time."""
    yield "| network | ours / second timer | 95 % | runs |"
    yield "|:--|--:|:--|--:|"
    every = [record for session in found for record in records(session)]
    for one in agreements([record for record in every if record.info.role == "subject"]):
        assert isinstance(one, Agreement)
        yield f"| {one.record.case.network} | {one.value:.3f} | {one.low:.3f} to {one.high:.3f} | {one.runs} |"
    whole = account(every)
    assert whole is not None
    yield ""
    yield (
        f"Of the processor time that the system charged to the seats in these {whole.runs} runs, the seats themselves "
        f"told {100 * whole.ratio:.1f} %."
    )


def alarm_lines(found: Sequence[Session]) -> list[str]:
    """How often equals were called different, by kind."""
    return [
        f"- {line}"
        for line in lines(pairs([record for session in found for record in records(session)]))
        if "called" in line
    ]
