"""Nights: a lasting change is called and stays called, and quiet code stays green."""

from __future__ import annotations

import math

import msgspec
import pytest
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.compare.newest_session import MOST, RECENT, nightly, since
from levit_bench.judge.verdicts import Rules, Verdict
from levit_bench.records import Record

from tests.making import record
from tools.simulated.stores import NOISES, Simulated
from tools.simulated.stores_truth import SIX, nights

QUIET = NOISES["quiet"]._replace(scatter=0.005)


def row(count: int, step: int = 99, size: float = 0.05, seed: int = 0) -> list[list[Record]]:
    """Nights of a machine on which n0 becomes slower for good."""
    machine = Simulated(QUIET, SIX, seed)
    return [machine.session(runs=8, slower={"n0": size if night >= step else 0.0}) for night in range(count)]


def flat(rows: list[list[Record]]) -> list[Record]:
    return [one for each in rows for one in each]


def verdicts(rows: list[list[Record]]) -> dict[str, Verdict]:
    report = nightly(flat(rows[:-1]), rows[-1])
    return {one.second.case.network: one.comparison.verdict for one in report.rows}


def test_a_lasting_change_is_called_by_the_fifth_night_and_stays_called() -> None:
    rows = row(40, step=12)
    for night in (16, 20, 30, 39):
        found = verdicts(rows[: night + 1])
        assert found["n0"] == Verdict.SLOWER
        assert Verdict.SLOWER not in {found[name] for name in ("n1", "n2", "n3", "n4", "n5")}


def test_a_jump_is_called_on_its_first_night_and_alone() -> None:
    rows = row(16, step=15, size=0.3)
    report = nightly(flat(rows[:-1]), rows[-1])
    (one,) = report.having(Verdict.SLOWER)
    assert one.second.case.network == "n0"
    assert not one.comparison.reason.startswith("the newest")


def test_a_small_lasting_change_is_told_of_all_recent_nights_together() -> None:
    rows = row(17, step=12, size=0.032, seed=5)
    report = nightly(flat(rows[:-1]), rows[-1])
    (one,) = report.having(Verdict.SLOWER)
    assert one.comparison.reason.startswith(f"the newest {RECENT} sessions together: takes 1.0")


def test_after_a_recovery_the_slow_nights_are_no_baseline() -> None:
    rows = row(12, seed=3)
    machine = Simulated(QUIET, SIX, 3)
    rows = [machine.session(runs=8, slower={"n0": 0.2 if 12 <= night < 18 else 0.0}) for night in range(40)]
    assert verdicts(rows[:17])["n0"] == Verdict.SLOWER
    assert verdicts(rows)["n0"] not in (Verdict.SLOWER, Verdict.FASTER)
    again = [*rows, machine.session(runs=8, slower={"n0": 0.2})]
    assert verdicts(again)["n0"] == Verdict.SLOWER


def test_the_verdict_depends_on_the_store_alone() -> None:
    rows = row(10, step=7)
    one, other = (nightly(flat(each), rows[-1]) for each in (rows[:-1], rows[-2::-1]))
    assert {r.second.info.id: r.comparison for r in one.rows} == {r.second.info.id: r.comparison for r in other.rows}


def test_nights_are_counted_and_told() -> None:
    rows = row(31)
    (told,) = (f for f in nightly(flat(rows[:-1]), rows[-1]).findings if f.kind == "nights-counted")
    assert "night 30" in told.message
    assert "14%" in told.message
    assert since(flat(rows[:3]), flat(rows)) == 28
    (first,) = (f for f in nightly(flat(rows[:1]), rows[1]).findings if f.kind == "nights-counted")
    assert "of nights. A named" in first.message, "of one night there is nothing to add up"


def test_the_first_night_has_one_before_it_and_short_or_odd_nights_give_an_answer() -> None:
    rows = row(2)
    assert set(verdicts(rows).values()) <= {Verdict.INCONCLUSIVE, Verdict.SAME}
    short = [record("n0", (0.01,), session="20270101T000000Z-0000")]
    report = nightly([record("n0", session="20260101T000000Z-0000")], short)
    assert report.rows[0].comparison.reason.startswith("too few runs")
    thousand = [record("net", session=f"s{at:04d}") for at in range(300)]
    assert nightly(thousand[:-1], thousand[-1:]).rows[0].comparison.verdict == Verdict.SAME
    assert MOST < 300


def test_what_cannot_be_a_night_is_refused() -> None:
    earlier = [record("net", session="s1")]
    with pytest.raises(UsageError, match="'before' judges one session against those before it, and these are 2"):
        nightly(earlier, [record("net", session="s2"), record("net", session="s3")])
    with pytest.raises(NotComparableError, match="differ in torch"):
        nightly(earlier, [record("net", session="s2", torch="2.14.0")])
    with pytest.raises(NothingToShowError, match="the second side holds no case"):
        nightly(earlier, [])
    ignored = nightly(earlier, [record("net", session="s2", torch="2.14.0")], ignore=["torch"])
    assert ignored.findings[0].kind == "ignored-difference"


def test_a_failed_night_is_a_failure_and_no_verdict() -> None:
    rows = row(8)
    broken = record("n0", (), session="2027", outcome="failed", reason="it raised")
    report = nightly(flat(rows), [broken])
    assert [one.comparison.verdict for one in report.failed] == [Verdict.NOT_COMPARABLE]


def test_a_night_that_was_resumed_pays_for_its_looks() -> None:
    rows = row(8)
    again = [msgspec.structs.replace(one, resumes=5) for one in rows[-1]]
    plain, paid = (nightly(flat(rows[:-1]), newest).rows[0].comparison for newest in (rows[-1], again))
    assert plain.ratio is not None
    assert paid.ratio is not None
    assert paid.family == 42 * plain.family
    assert paid.ratio.high > plain.ratio.high


def test_without_yardstick_turns_the_reason_is_that() -> None:
    bare = record("net", [0.01] * 3, yardsticks=[None] * 3, session="s2")  # type: ignore[list-item]
    (one,) = nightly([record("net", session="s1")], [bare]).rows
    assert one.comparison.findings[0].kind == "no-yardstick"
    (one,) = nightly([msgspec.structs.replace(bare, session="s1")], [record("net", session="s2")]).rows
    assert one.comparison.findings[0].kind == "no-yardstick"


def test_a_case_that_is_gone_since_the_night_before_is_named() -> None:
    rows = row(4)
    report = nightly(flat(rows[:-1]), [one for one in rows[-1] if one.case.network != "n3"])
    (told,) = (finding for finding in report.findings if finding.kind == "cases-gone")
    assert told.message.startswith("n3: in session 20260101T000002Z-0002, the one before")


def test_the_least_effect_is_what_was_asked_for() -> None:
    rows = row(20, step=12, size=0.05)
    assert not nightly(flat(rows[:-1]), rows[-1], Rules(0.1, 0.1)).having(Verdict.SLOWER)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("noise", NOISES)
def test_thirty_quiet_nights_are_green_and_five_percent_are_called_on_the_fifth(noise: str) -> None:
    found = nights(NOISES[noise], 100)
    assert found.red <= 0.10 + 3 * math.sqrt(0.1 * 0.9 / 100)
    assert found.called[4] >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 100)


def of_file(rows: list[list[Record]], *, edited: bool) -> list[list[Record]]:
    """The nights with n0 as a network of a file, edited every night or never."""

    def named(one: Record, night: int) -> Record:
        if one.case.network != "n0":
            return one
        case = msgspec.structs.replace(one.case, network=f"nets.py:build#{night if edited else 0:06x}")
        return msgspec.structs.replace(one, info=msgspec.structs.replace(one.info, case=case, id=case.id))

    return [[named(one, night) for one in each] for night, each in enumerate(rows)]


def test_a_file_that_is_edited_every_night_is_judged_as_one_that_is_not() -> None:
    rows = row(20, step=12)
    for edited in (False, True):
        named = of_file(rows, edited=edited)
        report = nightly(flat(named[:-1]), named[-1])
        (one,) = report.having(Verdict.SLOWER)
        assert one.second.case.network.startswith("nets.py:build#")
        told = [finding.message for finding in report.findings if finding.kind == "file-edited"]
        assert bool(told) == edited
        assert not edited or "nets.py:build (in 19 of 19 earlier sessions)" in told[0]
        assert not [finding for finding in report.findings if finding.kind in ("cases-gone", "several-versions")]


def test_what_an_edit_did_is_no_scatter_between_sessions() -> None:
    """A file that got faster by 10 % with every one of three edits scatters as one that stayed as it was."""
    plain = of_file(row(24), edited=False)
    versions = []
    for night, each in enumerate(of_file(row(24), edited=True)):
        version, records = min(night // 6, 3), []
        for one in each:
            if not one.case.network.startswith("nets.py"):
                records.append(one)
                continue
            case = msgspec.structs.replace(one.case, network=f"nets.py:build#{version:06x}")
            runs = tuple(
                msgspec.structs.replace(
                    run,
                    turns=tuple(
                        msgspec.structs.replace(turn, duration_s=tuple(0.9**version * s for s in turn.duration_s))
                        for turn in run.turns
                    ),
                )
                for run in one.runs
            )
            info = msgspec.structs.replace(one.info, case=case, id=case.id)
            records.append(msgspec.structs.replace(one, info=info, runs=runs))
        versions.append(records)

    def width(rows: list[list[Record]]) -> float:
        report = nightly(flat(rows[:-1]), rows[-1])
        (one,) = (one for one in report.rows if one.second.case.network.startswith("nets.py"))
        ratio = one.comparison.ratio
        assert ratio is not None
        return math.log(ratio.high / ratio.low)

    assert width(versions) == pytest.approx(width(plain), rel=0.25)


def test_nights_since_a_baseline_count_whatever_was_edited() -> None:
    named = of_file(row(4), edited=True)
    only = [[one for one in each if one.case.network.startswith("nets.py")] for each in named]
    assert since(only[0], flat(only)) == 3
