"""Who moved with whom, and what that says about the cause."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from levit_bench.judge.trend.cause import Cause
from levit_bench.judge.trend.events import Event, alerts_of, events_of
from levit_bench.judge.trend.trend_report import Trend
from levit_bench.numbers.dates import Period
from levit_bench.records import Record

from tests.judge.trend.nights import judged_of, night, nights, sticks

NETWORKS = ("a", "b", "c", "d")


def events(records: list[Record]) -> tuple[Event, ...]:
    known = judged_of(records)
    return events_of(alerts_of(known), known)


def test_one_network_that_moves_alone_is_told_by_the_others() -> None:
    records = [r for name in NETWORKS for r in nights(name, 40, {20: 1.06} if name == "b" else {})]
    (event,) = events(records)
    assert event.cause is Cause.NETWORK
    assert (event.moved, event.of) == (1, 4)
    assert event.first_after.session == records[20].session


def test_all_networks_at_once_are_the_machine_or_a_package_and_what_changed_is_named() -> None:
    records = []
    for name in NETWORKS:
        for at, r in enumerate(nights(name, 40, {20: 1.06})):
            versions = {**r.conditions.versions, "numpy": "2.0" if at < 20 else "2.1"}
            records.append(
                msgspec.structs.replace(r, conditions=msgspec.structs.replace(r.conditions, versions=versions))
            )
    (event,) = events(records)
    assert event.cause is Cause.ALL
    assert event.moved == 4
    assert event.conditions == {"numpy": ("2.0", "2.1")}


def test_both_are_told_apart_in_one_store() -> None:
    steps = {"a": {14: 1.05, 28: 1.08}, **{name: {28: 1.08} for name in NETWORKS[1:]}}
    records = [r for name in NETWORKS for r in nights(name, 42, steps[name])]
    first, second = events(records)
    assert (first.cause, second.cause) == (Cause.NETWORK, Cause.ALL)
    assert [event.first_after.session for event in (first, second)] == [records[14].session, records[28].session]


def test_cases_that_share_a_value_are_told_by_it() -> None:
    records = [
        r
        for runtime in ("eager", "onnxruntime", "openvino")
        for name in ("a", "b")
        for r in nights(name, 40, {20: 1.06} if runtime == "onnxruntime" else {}, runtime=runtime)
    ]
    (event,) = events(records)
    assert event.cause is Cause.SETTING


def test_a_single_network_is_not_told_from_its_machine() -> None:
    (event,) = events(nights("a", 40, {20: 1.06}))
    assert event.cause is Cause.UNTOLD


def test_a_machine_that_slows_moves_the_yardstick_and_no_case() -> None:
    records = [*sticks(40, {20: 1.1}), *(r for name in NETWORKS for r in nights(name, 40))]
    (event,) = events(records)
    assert event.cause is Cause.YARDSTICK
    assert all(alert.series.is_yardstick for alert in event.alerts)


def test_a_case_that_moves_too_little_for_an_alert_counts_among_those_that_moved() -> None:
    steps = {"a": 1.06, "b": 1.06, "c": 1.06, "d": 1.015}
    records = [r for name in NETWORKS for r in nights(name, 60, {30: steps[name]})]
    (event,) = events(records)
    assert len(event.alerts) == 3
    assert event.moved == 4


def test_ids_of_alerts_stay_when_nights_and_cases_are_added() -> None:
    records = [r for name in NETWORKS for r in nights(name, 40, {20: 1.06} if name == "b" else {})]
    (before,) = alerts_of(judged_of(records))
    later = [r for name in NETWORKS for r in nights(name, 80, {20: 1.06} if name == "b" else {})]
    (after,) = alerts_of(judged_of(later))
    assert after.id == before.id
    more = [*records, *(r for at in range(30) for r in nights(f"new{at}", 15, first=25))]
    assert [alert.id for alert in alerts_of(judged_of(more))] == [before.id]
    assert len(before.id) == 8


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gap", [4, 6, 9])
def test_what_moves_all_some_nights_later_is_not_told_of_the_first_event(seed: int, gap: int) -> None:
    steps = {"a": {14: 1.08, 14 + gap: 1.03}, **{name: {14 + gap: 1.03} for name in NETWORKS[1:]}}
    records = [r for name in NETWORKS for r in nights(name, 40, steps[name], seed=seed)]
    first, *rest = events(records)
    assert (first.cause, first.moved) == (Cause.NETWORK, 1)
    assert {event.cause for event in rest} <= {Cause.ALL}


@pytest.mark.parametrize("seed", range(3))
def test_a_case_that_is_placed_a_night_off_is_of_the_same_event(seed: int) -> None:
    rng = random.Random(seed)
    records = [
        night(at, f"net{number}", 0.02 * math.exp(rng.gauss(0, 0.012) + (0.04 if at >= 40 else 0.0)))
        for number in range(40)
        for at in range(70)
    ]
    told = [
        event for event in events(records) if any(a.first_after.session >= records[36].session for a in event.alerts)
    ]
    assert [event.cause for event in told] == [Cause.ALL]
    assert told[0].moved >= 38
    assert told[0].earliest.session <= records[39].session < records[40].session <= told[0].latest.session


def test_alerts_stay_when_cases_that_were_new_that_night_are_measured_again() -> None:
    for step in (1.03, 1.04, 1.05):
        base = nights("a", 16, {9: step})
        for count in range(10, 16):
            known = {alert.id for alert in alerts_of(judged_of(base[:count]))}
            if known:
                new = [night(at, f"new{number}", 0.02) for at in (count - 1, count) for number in range(200)]
                of_first = [*base[:count], *(r for r in new if r.session == base[count - 1].session)]
                first = {alert.id for alert in alerts_of(judged_of(of_first))}
                again = {alert.id for alert in alerts_of(judged_of([*base[: count + 1], *new]))}
                assert first <= again
                break


def test_other_sessions_cases_spend_nothing_of_this_ones_rate() -> None:
    alone = nights("a", 16, {9: 1.03})
    others = [night(at, f"other{number}", 0.02, tag="z") for at in range(16) for number in range(100)]
    known = alerts_of(judged_of(alone))
    assert known
    assert [alert.id for alert in alerts_of(judged_of([*alone, *others]))] == [alert.id for alert in known]


def test_a_drift_that_a_change_explains_later_keeps_its_id_and_is_not_new() -> None:
    told: set[str] = set()
    explained = 0
    for count in range(14, 40):
        rng = random.Random(5)
        logs = [0.011 * min(at, 9) + rng.gauss(0, 0.002) for at in range(count)]
        records = [night(at, "a", 0.02 * math.exp(log)) for at, log in enumerate(logs)]
        known = judged_of(records)
        alerts = alerts_of(known)
        assert told <= {alert.id for alert in alerts}
        told |= {alert.id for alert in alerts}
        drifts = [alert for alert in alerts if alert.kind == "drift"]
        trend = Trend(known, events_of(alerts, known), {}, Period())
        for alert in drifts:
            changes = [one.id for one in alerts if one.kind == "change"]
            assert trend.is_new(alert) == (alert.explained_by == "")
            if alert.explained_by:
                assert alert.explained_by in changes
                explained += 1
    assert told


def test_an_event_lies_within_sessions_that_are_sure() -> None:
    within, narrow = 0, 0
    for seed in range(40):
        rng = random.Random(seed)
        logs = [rng.gauss(0, 0.012) + (math.log(1.04) if at >= 20 else 0.0) for at in range(60)]
        records = [night(at, "a", 0.02 * math.exp(log)) for at, log in enumerate(logs)]
        for event in events(records):
            assert event.earliest.session <= event.last_before.session
            assert event.last_before.session < event.first_after.session <= event.latest.session
            within += event.earliest.session <= records[19].session < records[20].session <= event.latest.session
            narrow += event.is_narrow
    assert within >= 38
    assert 0 < narrow < 35


@pytest.mark.parametrize("at", [19, 20])
def test_a_case_that_was_not_measured_around_it_is_no_witness(at: int) -> None:
    records = [
        *nights("a", 40, {20: 1.06}), *nights("b", 40),
        *nights("c", at), *nights("d", 40 - 20, first=20),
    ]  # fmt: skip
    (event,) = events(records)
    assert event.of == 2


def test_changes_of_two_machines_are_two_events() -> None:
    from tests.judge.trend.test_series import OTHER

    records = [*nights("a", 40, {20: 1.06}), *nights("a", 40, {20: 1.06}, machine=OTHER, tag="x")]
    assert len(events(records)) == 2
