"""The trend of a store: what is new, what is acknowledged, and what is wrong with the sessions."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import levit_bench
import msgspec
import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.trend.cause import Cause
from levit_bench.reading.results import Results

from tests.judge.trend.nights import nights
from tools.simulated.generate_store import PAPER
from tools.simulated.nights_store import name_of, write_nights

NETWORKS = PAPER[:4]
NAMES = [truth.network for truth in NETWORKS]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nights") / "store"
    steps = {12: {NAMES[1]: 1.06}, 24: {"*": 1.08}}
    write_nights(root, NETWORKS, range(36), steps, {24: {"numpy": "2.1"}})
    return root


def test_the_changes_of_a_store_are_found_placed_and_told_apart(store: Path) -> None:
    page = levit_bench.load(store).trend()
    first, second = page.events
    assert (first.cause, second.cause) == (Cause.NETWORK, Cause.ALL)
    assert [event.first_after.session for event in page.events] == [name_of(12), name_of(24)]
    assert math.expm1(first.alerts[0].log) == pytest.approx(0.06, abs=0.02)
    assert "numpy" in second.conditions
    assert page.exit_code == 1
    assert page.trend.findings == ()


def test_alerts_are_the_same_however_cases_are_chosen(store: Path) -> None:
    whole = {alert.id for alert in levit_bench.load(store).trend().trend.alerts}
    parts = [levit_bench.load(store).where(network=name).trend() for name in NAMES]
    assert {alert.id for page in parts for alert in page.trend.alerts} == whole
    assert all(len([s for s in page.trend.series if not s.is_yardstick]) == 1 for page in parts)
    assert len(parts[0].new) == 1


def test_since_and_acknowledgements_decide_what_is_new(store: Path, tmp_path: Path) -> None:
    results = levit_bench.load(store)
    assert {alert.found_with.session for alert in results.trend(since="2025-01-20").new} <= {
        name_of(number) for number in range(24, 36)
    }
    assert results.trend(since="2026").exit_code == 0
    known = tmp_path / "known.toml"
    known.write_text(
        "".join(
            f'[[alert]]\nid = "{alert.id}"\nverdict = "expected"\nwho = "mk"\nwhy = "meant"\n'
            for alert in results.trend().trend.alerts
        )
    )
    page = results.trend(acknowledged=known)
    assert (page.new, page.exit_code) == ((), 0)
    assert len(page.trend.alerts) == 5


def test_an_acknowledgement_of_nothing_is_a_finding(store: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text('[[alert]]\nid = "00000000"\nverdict = "noise"\nwho = "mk"\nwhy = "?"\n')
    (finding,) = levit_bench.load(store).trend(acknowledged=known).trend.findings
    assert finding.kind == "acknowledged-unknown"
    assert "00000000" in finding.message


def test_a_reference_that_is_not_there_is_an_error_and_one_that_is_decides_drift(store: Path) -> None:
    results = levit_bench.load(store)
    with pytest.raises(UsageError, match="no session"):
        results.trend(reference="20200101")
    of_first, of_fifth = (
        results.trend(reference=name).trend.judged[0].segments[0].drift for name in (None, name_of(5))
    )  # fmt: skip
    assert of_first is not None
    assert of_fifth is not None
    assert of_fifth.log != of_first.log


def test_a_reference_of_other_cases_is_an_error(tmp_path: Path) -> None:
    write_nights(tmp_path, NETWORKS[:1], range(8))
    write_nights(tmp_path, NETWORKS[2:3], range(9, 10))
    with pytest.raises(UsageError, match="is no session of these series"):
        levit_bench.load(tmp_path).trend(reference=name_of(9))


@pytest.mark.parametrize("count", [1, 2, 6])
def test_few_sessions_are_told(tmp_path: Path, count: int) -> None:
    write_nights(tmp_path, NETWORKS[:1], range(count))
    results = levit_bench.load(tmp_path)
    if count == 1:
        with pytest.raises(NothingToShowError, match="here is 1 session"):
            results.trend()
        return
    page = results.trend()
    assert (page.events, page.exit_code) == ((), 0)
    assert [finding.kind for finding in page.trend.findings] == ["trend-too-short"]


def test_a_gap_of_months_is_told(tmp_path: Path) -> None:
    write_nights(tmp_path, NETWORKS[:1], [*range(8), *range(100, 108)])
    (finding,) = levit_bench.load(tmp_path).trend().trend.findings
    assert finding.kind == "session-gap"
    assert "93 days between" in finding.message


def test_sessions_that_overlap_are_told_also_where_two_machines_are_alike(tmp_path: Path) -> None:
    write_nights(tmp_path, NETWORKS[:1], range(8))
    (path, *_) = sorted(tmp_path.rglob("*.jsonl"))
    lines = path.read_text().splitlines()
    head = json.loads(lines[0])
    head["session"] = f"{name_of(0)[:13]}01Z-beef"
    head["conditions"]["taken_at"] = head["conditions"]["taken_at"].replace(":00Z", ":01Z")
    path.with_name(f"{head['session']}.jsonl").write_text("\n".join([json.dumps(head), *lines[1:]]) + "\n")
    for each in tmp_path.rglob("*.jsonl"):  # Sessions of minutes.
        longer = [json.loads(line) for line in each.read_text().splitlines()]
        each.write_text(
            "".join(json.dumps(one | ({"at_s": 600.0} if one["kind"] == "run-end" else {})) + "\n" for one in longer)
        )
    findings = levit_bench.load(tmp_path).trend().trend.findings
    assert "sessions-overlap" in {finding.kind for finding in findings}
    assert "two machines with the same hardware" in next(f for f in findings if f.kind == "sessions-overlap").message


def test_a_clock_that_says_another_time_than_the_name_is_told(tmp_path: Path) -> None:
    write_nights(tmp_path, NETWORKS[:1], range(8))
    (path, *_) = sorted(tmp_path.rglob("*.jsonl"))
    lines = path.read_text().splitlines()
    head = json.loads(lines[0])
    head["conditions"]["taken_at"] = "2019-06-01T00:00:00Z"
    path.write_text("\n".join([json.dumps(head), *lines[1:]]) + "\n")
    assert "session-out-of-order" in {f.kind for f in levit_bench.load(tmp_path).trend().trend.findings}


def test_a_broken_line_costs_itself(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    path = sorted(copy.rglob("*.jsonl"))[5]
    path.write_bytes(path.read_bytes() + b'{"kind":"turn","run":9')
    page = levit_bench.load(copy).trend()
    assert len(page.events) == 2
    assert "bad-line" in {finding.kind for finding in page.trend.findings}


def test_a_store_of_gates_alone_has_no_trend() -> None:
    with pytest.raises(NothingToShowError):
        Results([r for at in range(3) for r in nights("net", 9, side="a", seed=at)]).trend()


def test_dirty_sessions_are_told_with_their_commits(tmp_path: Path) -> None:
    from levit_bench.reading.commit_ranges import commit_range

    before, after = nights("net", 2)
    both = [
        msgspec.structs.replace(one, revision=commit, dirty=dirty)
        for one, commit, dirty in ((before, "a" * 40, False), (after, "a" * 40, True))
    ]
    found = commit_range(*both, tmp_path)
    assert found is not None
    assert (found.number, found.is_dirty, found.problem) == (0, True, "")
    assert commit_range(both[0], both[0], tmp_path) is None


def test_arguments_of_the_method_are_checked(store: Path) -> None:
    results = levit_bench.load(store)
    for wrong in ({"since": "yesterday"}, {"min_effect": "2"}, {"acknowledged": "nowhere.toml"}, {"reference": 3}):
        with pytest.raises(UsageError):
            results.trend(**wrong)  # type: ignore[arg-type]


def test_files_are_written_whole_and_hold_the_same(store: Path, tmp_path: Path) -> None:
    page = levit_bench.load(store).trend()
    written = page.write(tmp_path / "out", each=True)
    assert [path.name for path in written[:3]] == ["trend.json", "trend.svg", "trend.png"]
    assert len(written) == 3 + 2 * len(NAMES)
    held = json.loads(written[0].read_text())
    assert held["new"] == [alert.id for alert in page.new]
    assert [event["cause"] for event in held["events"]] == ["one network", "the machine or a package"]
    assert {one["network"] for one in held["series"] if not one["is_yardstick"]} == set(NAMES)
