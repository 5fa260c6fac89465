"""What the README and docs/measured.md claim is true of the sessions in results/; nothing is timed here."""

from __future__ import annotations

import re

import pytest
from levit_bench.judge.estimates import latency
from levit_bench.judge.front.panels import panels
from levit_bench.judge.throughput import throughput
from levit_bench.judge.timer_agreement import Agreement, account, agreements
from levit_bench.records import Estimate
from levit_bench.report.front import table
from levit_bench.store.files import records

from tools.pages import ROOT, compare_page, levit_tables, plain_pytest, trust_tables
from tools.pages import measured_page as measured


def test_the_page_and_the_readme_are_computed_from_the_stored_sessions() -> None:
    assert measured.PAGE.read_text(encoding="utf-8") == measured.page(), "run: python -m tools.pages.measured_page"
    assert measured.readme_block() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_relative_latencies_of_ten_pinned_sessions_scatter_by_little() -> None:
    found = [one for one in measured.scatters(measured.sessions("stability")) if one.allocator == "pinned"]
    assert len(found) == 6
    assert all(one.sessions == 10 and one.runs >= 60 for one in found)
    assert measured.root_mean_square(one.ratio for one in found) <= 0.010
    assert max(one.ratio for one in found) <= 0.0155


def test_intervals_of_one_session_hold_what_the_others_found() -> None:
    pinned = [one for one in measured.sessions("stability") if one.cases[0].case.allocator == "pinned"]
    found = trust_tables.coverage(pinned)
    assert found.intervals == 60
    assert found.hits >= 53


def test_races_contradict_the_whole_protocol_nowhere_and_take_three_fifths_of_its_time() -> None:
    full, *races = measured.sessions("race")
    sure, whole_s = trust_tables.certain(full), trust_tables.length_s(full)
    assert len(races) == 5
    found = [trust_tables.replayed(one) for one in races]
    for one in found:
        assert set(one.verdicts) == set(sure)
        assert not [name for name, word in sure.items() if {word, one.verdicts[name]} == {"member", "beaten"}]
    assert sum(one.seconds for one in found) / len(found) <= 0.6 * whole_s


def test_a_planted_slowdown_is_called_slower() -> None:
    found = trust_tables.planted(measured.sessions("planted"), "nets.py:base", "nets.py:planted")
    assert 1.03 < found.ratio < 1.10
    assert set(found.live) == {"slower"}
    assert found.drawn >= 18
    assert found.scaled >= 18


def test_a_second_instrument_agrees() -> None:
    (session,) = measured.sessions("witness")
    found = [a for a in agreements(records(session)) if isinstance(a, Agreement) and a.record.info.role == "subject"]
    assert len(found) == 4
    assert all(0.98 <= one.value <= 1.02 and one.agrees is not False for one in found)
    whole = account(records(session))
    assert whole is not None
    assert 0.98 <= whole.ratio <= 1.02


def test_a_session_on_a_busy_machine_says_so_and_its_ratios_hold() -> None:
    (session,) = measured.sessions("loaded")
    assert trust_tables.load_told(session)
    quiet = [one for one in measured.sessions("stability") if one.cases[0].case.allocator == "pinned"]
    rows = list(trust_tables.loaded_rows(session, quiet))
    assert len(rows) == 6
    assert sum("holds it" in row for row in rows) >= 5


def test_a_case_alone_in_its_seat_agrees_with_the_same_case_sharing_one() -> None:
    found = measured.agreements(measured.sessions("seats"))
    assert len(found) == 5
    assert all(1 / 1.03 <= one.ratio <= 1.03 for one in found), found


def test_the_instrument_costs_next_to_nothing() -> None:
    for topic in measured.TOPICS:
        own = measured.instrument(measured.sessions(topic))
        assert own.null_pass_s < 20e-6
        assert own.worst_share < 0.03


def test_the_readmes_picture_comes_from_the_session_it_names() -> None:
    (session,) = measured.sessions("front")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.search(r"<!-- front: session (\S+) -->", text)
    assert named
    assert named[1] == session.head.session
    found = panels(records(session))
    assert [panel.setting.case.allocator for panel in found] == ["pinned", "shipped"]
    assert all(len(panel.points) == 12 and not panel.excluded for panel in found)
    assert (ROOT / "docs/pictures/front.csv").read_text(encoding="utf-8") == table.csv(found)
    assert session.head.session.encode() in (ROOT / "docs/pictures/front.png").read_bytes()


def test_this_suites_levit_is_in_no_form_slower_than_timms() -> None:
    (session,) = measured.sessions("levit")
    found = levit_tables.races(measured.subjects([session]))
    assert {(one.network, one.batch, one.form) for one in found} == {
        (name, batch, form) for name in levit_tables.SIZES for batch in (1, 16) for form in ("shipped", "inference")
    }
    assert not [one for one in found if one.ratio.high < 1], "timm's is surely faster"


def test_the_gpu_session_is_whole_and_its_events_lie_within_its_passes() -> None:
    (session,) = measured.sessions("gpu")
    assert session.findings == ()
    assert {end.outcome for end in session.ends} == {"done"}
    assert {record.outcome for record in records(session)} == {"done"}
    assert len(session.head.machine.gpus) == 1
    assert all(start.conditions.gpus for start in session.starts)
    for turn in session.turns:
        assert len(turn.device_s) == len(turn.duration_s)
        assert all(0 < device < wall for device, wall in zip(turn.device_s, turn.duration_s, strict=True))


def test_what_is_said_of_throughput_and_the_median_pass_is_computed_from_the_stored_sessions() -> None:
    claimed: dict[str, list[float]] = {}
    for topic in ("threads", "gpu"):
        for record in measured.subjects(measured.sessions(topic)):
            time, rate = latency(record), throughput(record)
            assert isinstance(time, Estimate)
            assert isinstance(rate, Estimate)
            at_once = record.case.batch * record.case.streams
            claimed.setdefault(topic, []).append(100 * (at_once / time.value / rate.value - 1))
    text = " ".join((ROOT / "docs/statistics.md").read_text(encoding="utf-8").split())
    assert f"claims {min(claimed['threads']):.1f} to {max(claimed['threads']):.1f} % more images" in text
    assert f"and up to {max(claimed['gpu']):.1f} % in that [of the GPU]" in text
    eager = [
        record
        for record in measured.subjects(measured.sessions("gpu"))
        if (record.case.runtime, record.case.precision, record.case.batch) == ("eager", "fp16", 256)
    ]
    fronts = {metric: {p.label for p in panels(eager, metric)[0].front} for metric in ("latency", "throughput")}
    assert fronts["throughput"] - fronts["latency"] == {"deit_tiny"}
    assert fronts["latency"] - fronts["throughput"] == {"levit_128s"}


def test_committed_sessions_are_whole_and_of_a_clean_checkout() -> None:
    for topic in measured.TOPICS:
        for session in measured.sessions(topic):
            assert session.findings == ()
            assert {end.outcome for end in session.ends} == {"done"}
            assert session.head.conditions.commit
            assert session.head.conditions.dirty is False
            assert {record.outcome for record in records(session)} == {"done"}


@pytest.mark.parametrize("topic", ["pilot", *measured.TOPICS])
def test_every_topic_that_is_cited_has_sessions(topic: str) -> None:
    assert measured.sessions(topic)


def test_what_is_said_of_plain_pytest_benchmark_is_computed_from_its_stored_invocations() -> None:
    assert len(plain_pytest.rows()) >= 9
    assert plain_pytest.PAGE.read_text(encoding="utf-8") == plain_pytest.page()
    assert plain_pytest.alarms([dict.fromkeys(plain_pytest.NETWORKS, s) for s in (1.0, 1.04, 1.2)]) == (1, 2)


def test_the_figures_about_comparisons_are_computed_from_the_stored_sessions() -> None:
    text = compare_page.PAGE.read_text(encoding="utf-8")
    assert text == compare_page.page(text), "run: python -m tools.pages.compare_page"


def test_pinned_sessions_find_a_tenth_and_hardly_ever_what_is_not_there() -> None:
    pinned, _ = compare_page.outcomes()
    assert pinned.alarmed / pinned.reports <= 0.15  # of reports that share sessions
    assert pinned.found[1] >= 0.85
