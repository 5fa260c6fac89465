"""Series of records: what is one case along time, and where its unit changes."""

from __future__ import annotations

import msgspec
from levit_bench.judge.trend.series import Series
from levit_bench.records import Machine, Record, Shell

from tests.judge.trend.nights import night, nights, series_of, sticks

OTHER = Machine(cpu_model="Another", isa="x86_64", logical_cores=4, memory_bytes=16 << 30)


def one(records: list[Record]) -> Series:
    (series,) = series_of(records)
    return series


def test_a_case_is_one_series_in_the_order_of_its_sessions() -> None:
    series = one(list(reversed(nights("net", 5))))
    assert [point.session for point in series.points] == sorted(point.session for point in series.points)
    assert (len(series.points), len(series.segments), series.splits) == (5, 1, ())


def test_a_newer_torch_splits_a_series_and_is_named() -> None:
    records = [*nights("net", 4, torch="2.12.0"), *nights("net", 3, first=4, torch="2.13.0")]
    series = one(records)
    assert [len(segment.points) for segment in series.segments] == [4, 3]
    (split,) = series.splits
    assert split.changed == {"torch": ("2.12.0", "2.13.0")}
    assert (split.before, split.after) == (records[3].session, records[4].session)


def test_another_yardstick_and_another_runtime_split_as_well() -> None:
    first = nights("net", 2, runtime="onnxruntime")
    made_by = [
        msgspec.structs.replace(r, info=msgspec.structs.replace(r.info, made_by={"runtime": f"onnxruntime 1.{at}"}))
        for at, r in enumerate(first)
    ]
    (split,) = one(made_by).splits
    assert split.changed == {"runtime_version": ("onnxruntime 1.0", "onnxruntime 1.1")}
    protocols = [
        msgspec.structs.replace(r, protocol=msgspec.structs.replace(r.protocol, yardstick=f"yardstick-{at + 1}"))
        for at, r in enumerate(nights("net", 2))
    ]
    assert one(protocols).splits[0].changed == {"yardstick": ("yardstick-1", "yardstick-2")}


def test_what_the_shell_set_is_a_condition_and_no_split() -> None:
    records = nights("net", 3)
    records[2] = msgspec.structs.replace(records[2], shell=Shell(settings={"MALLOC_ARENA_MAX": "1"}))
    assert len(one(records).segments) == 1


def test_machines_axes_and_networks_are_series_of_their_own_and_an_edited_file_is_not() -> None:
    records = [
        *nights("net", 2), *nights("net", 2, machine=OTHER, tag="x"), *nights("net", 2, threads=2), *nights("other", 2),
        *nights("nets.py:build#aaaaaa", 2), *nights("nets.py:build#bbbbbb", 2, first=2),
    ]  # fmt: skip
    series = series_of(records)
    assert len(series) == 5
    assert len({one.id for one in series}) == 5
    assert next(one for one in series if one.network == "nets.py:build").points[-1].runs == 3


def test_series_of_one_name_say_what_they_differ_in() -> None:
    alone = [
        msgspec.structs.replace(r, protocol=msgspec.structs.replace(r.protocol, seats="alone"))
        for r in nights("net", 2, tag="x")
    ]
    names = [one.case for one in series_of([*nights("net", 2), *alone])]
    assert len(set(names)) == 2
    assert all("isolation" in name for name in names)


def test_gates_emulated_sessions_twins_and_thin_ones_have_no_points() -> None:
    records = [
        night(0, "net", 0.02, side="a"), night(1, "net", 0.02, emulated=True), night(2, "net~twin", 0.02),
    ]  # fmt: skip
    short = night(3, "net", 0.02)
    records.append(msgspec.structs.replace(short, runs=short.runs[:2]))
    assert [one for one in series_of(records) if one.network == "net"] == []


def test_a_session_that_was_copied_counts_once() -> None:
    records = nights("net", 3)
    assert len(one([*records, *records]).points) == 3


def test_yardsticks_are_series_of_seconds() -> None:
    series = one(sticks(3))
    assert (series.is_yardstick, series.network) == (True, "yardstick")
    assert abs(series.points[0].log - (-4.96)) < 0.05


def test_half_widths_come_from_the_scatter_of_all_runs() -> None:
    halves = one(nights("net", 10)).half_widths
    assert len(set(halves)) == 1
    assert 0.001 < halves[0] < 0.01
