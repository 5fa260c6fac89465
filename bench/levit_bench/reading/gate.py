"""The gate over stored sessions: which sessions are compared, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from levit_bench.command_lines import command_line
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.compare.matching import keyed
from levit_bench.judge.compare.two_sides import Report
from levit_bench.judge.gate.gate_report import GateReport, GateRules
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.judge.gate.stored_sessions import StoredSide, against_stored
from levit_bench.judge.verdicts import Rules
from levit_bench.reading.comparison import judged_against, paths_of, stored_at, tag_of
from levit_bench.reading.rules import gate_rules_from
from levit_bench.records import Finding, Record
from levit_bench.store import files


def gate_of_session(records: Sequence[Record], findings: Sequence[Finding], rules: GateRules) -> GateReport:
    """The verdicts on the sides that one session measured.

    Raises:
        NothingToShowError: it measured no sides.
    """
    return side_by_side(records, rules, findings)


def gate_again(
    records: Sequence[Record],
    findings: Sequence[Finding],
    *,
    min_effect: str | None = None,
    margin: str | None = None,
    allow_inconclusive: bool = False,
    allow_other_outputs: bool = False,
) -> GateReport:
    """The verdicts of a stored gate once more, by the rules that it was measured under unless others are given.

    Args:
        records: of one session.
        findings: about its file.
        min_effect: share below which slowdowns do not fail, such as `"2%"`.
        margin: share within which a case is the same.
        allow_inconclusive: as of the verb `gate`.
        allow_other_outputs: as of the verb `gate`.

    Raises:
        NothingToShowError: these are none or several sessions, or one that measured no sides.
        UsageError: a share is invalid.
    """
    if len(sessions := sorted({record.session for record in records})) > 1:
        raise NothingToShowError(
            f"a gate is one session, and these are {len(sessions)}. Name one, such as {sessions[-1]}."
        )
    given = gate_rules_from(min_effect, margin)
    for record in records[:1]:
        stored = record.protocol
        if min_effect is None and stored.min_effect is not None:
            given = given._replace(min_effect=stored.min_effect)
        if margin is None and stored.margin is not None:
            given = given._replace(margin=stored.margin)
    rules = GateRules(given.min_effect, given.margin, allow_inconclusive, allow_other_outputs)
    return gate_of_session(records, findings, rules)


def gate_of_stored(root: Path, session: str, baselines: Sequence[str], rules: GateRules) -> GateReport:
    """The verdicts on a stored session against others of its machine, each at a share of the error rate.

    Args:
        root: the store.
        session: the judged one, as users name sessions.
        baselines: sessions, tags or stores, as `levit-bench compare` takes them.
        rules: what decides.

    Raises:
        BenchError: a session is not there, or holds no case; or two baselines are the same.
    """
    judged, findings = files.load(*paths_of(root, session))
    _refuse_gate(session, judged)
    name = max((record.session for record in judged), default=session)
    history = stored_at(root)
    loaded = [(text, _baseline(root, text)) for text in baselines]
    _refuse_same(loaded)
    sides = [_stored_side(text, records, judged, history, rules, len(baselines)) for text, records in loaded]
    report = against_stored(name, sides, rules)
    return report._replace(findings=(*report.findings, *findings))


def _baseline(root: Path, text: str) -> Sequence[Record]:
    """The records of a baseline.

    Raises:
        NothingToShowError: there are none.
    """
    baseline, _ = files.load(*paths_of(root, text))
    if not baseline:
        raise NothingToShowError(f"{text[:80]!r} holds no case to compare with.")
    _refuse_gate(text, baseline)
    return baseline


def _refuse_same(baselines: Sequence[tuple[str, Sequence[Record]]]) -> None:
    """Check that no two baselines are the same sessions.

    Raises:
        UsageError: naming both.
    """
    named: dict[frozenset[str], str] = {}
    for text, records in baselines:
        sessions = frozenset(record.session for record in records)
        if sessions in named:
            raise UsageError(
                f"the baseline {named[sessions][:80]} and the reference {text[:80]} are the same sessions, which share "
                "the error rate for nothing. Leave --reference out, or name an older session."
            )
        named[sessions] = text


def _stored_side(
    text: str,
    baseline: Sequence[Record],
    judged: Sequence[Record],
    history: Sequence[Record],
    rules: GateRules,
    baselines: int,
) -> StoredSide:
    """How the judged session compares with a baseline, as `levit-bench compare` says it."""
    try:
        report = judged_against(
            baseline,
            judged,
            history,
            Rules(rules.min_effect, rules.margin),
            is_tag=bool(tag_of(text, baseline)),
            baselines=baselines,
        )
    except NotComparableError as error:
        cases = tuple(group[-1] for group in keyed(judged).values())
        return StoredSide(text, Report((), new=cases), refusal=str(error))
    return StoredSide(text, report)


def _refuse_gate(text: str, records: Sequence[Record]) -> None:
    """Refuse what gates measured alone: their cases are sides, which have no yardstick's ratio of other sessions.

    Raises:
        NothingToShowError: naming what to compare instead.
    """
    if records and all(record.sides for record in records):
        raise NothingToShowError(
            f"{text[:80]!r} was measured by a gate, whose two sides are judged against each other alone, and not "
            "against other sessions. Measure what is to be compared with by the verb run, and name that session; the "
            f"verdicts of the gate itself: {command_line('gate', '--session', text)}"
        )
