"""Tables of docs/measured.md on validity: coverage over sessions, races, a planted slowdown, a second timer.

Computed from stored sessions.
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
from levit_bench.report.views.cases import findings_of
from levit_bench.store.files import Session, records

SCALED = 0.05
DRAWS = 20
"""Sessions that are composed from a pool of runs."""


class Coverage(NamedTuple):
    """How many intervals of one session hold the mean of all other sessions."""

    intervals: int
    hits: int


def coverage(session_list: Sequence[Session]) -> Coverage:
    """Over all sessions and subjects: the ratio to the yardstick against the mean over the other sessions' runs."""
    by_case: dict[str, list[Record]] = {}
    for session in session_list:
        for record in records(session):
            if record.info.role == "subject":
                by_case.setdefault(record.info.id, []).append(record)
    intervals = hits = 0
    for group in by_case.values():
        for subject in group:
            pool = [log for other in group if other is not subject for log in ratios_by_run(other).values()]
            ratio = relative_to_yardstick(subject)
            assert isinstance(ratio, Estimate)
            intervals += 1
            hits += ratio.low <= math.exp(fmean(pool)) <= ratio.high
    return Coverage(intervals, hits)


def loaded_rows(loaded: Session, quiet: Sequence[Session]) -> Iterator[str]:
    """The ratio to the yardstick of a disturbed session, and that of all runs of quiet ones."""
    pool: dict[str, list[float]] = {}
    for session in quiet:
        for record in records(session):
            pool.setdefault(record.info.id, []).extend(ratios_by_run(record).values())
    for record in records(loaded):
        if record.info.role == "subject":
            ratio, usual = relative_to_yardstick(record), math.exp(fmean(pool[record.info.id]))
            assert isinstance(ratio, Estimate)
            verdict = "holds it" if ratio.low <= usual <= ratio.high else "misses it"
            interval = f"{ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
            yield f"| {record.case.network} | {interval} | {usual:.3f} | {verdict} |"


def load_told(loaded: Session) -> list[str]:
    """The findings of the session about other load on its machine."""
    findings = findings_of([record for record in records(loaded) if record.info.role == "subject"], records(loaded))
    return [f"*{finding.kind}: {finding.message}*" for finding in findings if finding.kind == "busy-machine"]


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

    Exact, because the earlier looks are those that it took, so that the same networks rest.
    """
    protocol = session.head.protocol
    declared = looks(protocol.runs, 0.75)
    assert set(declared[:-1]) <= set(protocol.looks)
    referee = race.referee(protocol, session.cases, declared, Earlier())
    complete = [end.run for end in session.ends if end.outcome == "done"]
    names = {line.id: line.case.network for line in session.cases}
    verdicts: dict[str, str] = {}
    for runs in declared:
        turns = [turn for turn in session.turns if turn.run in complete[:runs]]
        look = referee.look(complete[:runs], turns, last=runs == declared[-1])
        assert look is not None
        verdicts |= {names[case]: decision.verdict for case, decision in look.decided.items()}
    seconds = session.ends[declared[-1] - 1].at_s - session.starts[0].at_s
    return Race(verdicts, declared[-1], seconds, length_s(session))


def race_rows(full: Session, races: Sequence[Session]) -> Iterator[str]:
    """Decisions of each race, beside those of the whole protocol."""
    sure, whole_s = certain(full), length_s(full)
    yield "| | time | to the end | runs | on the front | dominated | undecided | certainly on it | certainly not |"
    yield "|:--|--:|--:|--:|--:|--:|--:|:--|:--|"
    counts = " | ".join(str(sum(v == word for v in sure.values())) for word in ("member", "beaten", "open"))
    yield f"| whole protocol | {whole_s:.0f} s | | {len(full.ends)} | {counts} | | |"
    for number, session in enumerate(races, 1):
        replay = replayed(session)
        counts = " | ".join(
            str(sum(v == word for v in replay.verdicts.values())) for word in ("member", "beaten", "open")
        )
        times = f"{100 * replay.seconds / whole_s:.0f} % | {100 * replay.to_the_end_s / whole_s:.0f} %"
        places = " | ".join(_places_of(sure, replay, word) for word in ("member", "beaten"))
        yield f"| race {number} | {times} | {replay.runs} | {counts} | {places} |"


def _places_of(sure: dict[str, str], replay: Race, word: str) -> str:
    """A race's decisions on the networks whose membership is certain after the whole protocol."""
    decisions = [replay.verdicts.get(name) for name, verdict in sure.items() if verdict == word]
    wrong = sum(verdict not in (word, "open") for verdict in decisions)
    return f"{decisions.count(word)} of {len(decisions)} found, {decisions.count('open')} open, {wrong} wrong"


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


def planted(session_list: Sequence[Session], base: str, changed: str) -> Planted:
    """The changed network against its base, within each session, over the pool, and in sessions drawn from the pool."""

    def both(session: Session) -> tuple[Record, Record]:
        by_name = {record.case.network.split("#")[0]: record for record in records(session)}
        return by_name[changed], by_name[base]

    sides = [both(session) for session in session_list]
    logs = [paired_logs([changed_record], [base_record]) for changed_record, base_record in sides]
    pooled = paired([changed_record for changed_record, _ in sides], [base_record for _, base_record in sides])
    assert pooled is not None
    live = tuple(
        str(comparison.verdict) for session_logs in logs for comparison in judge([of_pairs(session_logs)], Rules())
    )
    pool, size = list(itertools.chain.from_iterable(logs)), round(fmean(map(len, logs)))
    draw = random.Random(0)
    less = math.log(pooled.value) - math.log1p(SCALED)

    def slower(shift: float) -> int:
        draws = ([log - shift for log in draw.sample(pool, size)] for _ in range(DRAWS))
        return sum(judge([of_pairs(logs)], Rules())[0].verdict == Verdict.SLOWER for logs in draws)

    return Planted(pooled.value, pooled.low, pooled.high, pooled.runs, live, slower(0.0), slower(less))


def witness_rows(session_list: Sequence[Session]) -> Iterator[str]:
    """Ratio of our mean pass to the second timer's, and the account of processor time."""
    yield "| network | ours / second timer | 95 % | runs |"
    yield "|:--|--:|:--|--:|"
    all_records = [record for session in session_list for record in records(session)]
    for agreement in agreements([record for record in all_records if record.info.role == "subject"]):
        assert isinstance(agreement, Agreement)
        limits = f"{agreement.low:.3f} to {agreement.high:.3f}"
        yield f"| {agreement.record.case.network} | {agreement.value:.3f} | {limits} | {agreement.runs} |"
    charged = account(all_records)
    assert charged is not None
    yield ""
    yield (
        f"Of the processor time that the system charged to the workers in these {charged.runs} runs, the workers "
        f"themselves told {100 * charged.ratio:.1f} %."
    )


def alarm_lines(session_list: Sequence[Session]) -> list[str]:
    """How often equals were called different, by kind."""
    return [
        f"- {line}"
        for line in lines(pairs([record for session in session_list for record in records(session)]))
        if "called" in line
    ]
