"""What further threads and streams bring, from records whose truth is known."""

from __future__ import annotations

import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.front.panels import panels
from levit_bench.judge.scaling import scaling

from tests.making import passing, record

ONE = (0.040, 0.041, 0.0395)


def scaled(factor: float) -> tuple[float, ...]:
    return tuple(factor * seconds for seconds in ONE)


def test_speed_up_counts_images_and_efficiency_divides_by_processors() -> None:
    (curve,) = scaling(
        [
            record(runs=scaled(1.1), streams=2),
            record(runs=scaled(0.625), threads=2),
            record(runs=ONE),
        ]
    )
    base, threads, streams = curve.steps
    assert (base.record.case.threads, base.record.case.streams) == (1, 1)
    assert (base.speedup.value, base.efficiency) == (1.0, 1.0)
    assert threads.speedup.value == pytest.approx(1.6)
    assert threads.efficiency == pytest.approx(0.8)
    assert streams.speedup.value == pytest.approx(2 / 1.1)
    assert streams.over_threads.value == pytest.approx((2 / 1.1) / 1.6)
    assert streams.over_threads.low <= streams.over_threads.value <= streams.over_threads.high
    assert threads.over_threads is None


def test_speed_up_counts_images_over_time_where_passes_are_uneven() -> None:
    uneven = passing("net", [10, 10, 40], threads=2)
    two = passing("net", [20, 20, 20, 20, 20, 80], streams=2)  # one stream does 50 images a second, the other 25
    (curve,) = scaling([passing("net", [40, 40, 40]), uneven, two])
    assert [step.speedup.value for step in curve.steps] == pytest.approx([1.0, 2.0, 3.0])
    assert curve.steps[2].over_threads.value == pytest.approx(1.5)


def test_streams_of_several_threads_are_held_against_one_process_with_as_many() -> None:
    (curve,) = scaling([record(runs=scaled(1 / count), threads=count) for count in (1, 2, 4)]
                       + [record(runs=scaled(0.55), threads=2, streams=2)])  # fmt: skip
    assert [step.processors for step in curve.steps] == [1, 2, 4, 4]
    assert curve.steps[-1].over_threads.value == pytest.approx(2 / 0.55 / 4)


def test_other_settings_and_sessions_are_curves_of_their_own() -> None:
    cases = [
        record(runs=scaled(0.6 if threads == 2 else 1), threads=threads, batch=batch, session=session)
        for threads in (1, 2)
        for batch in (1, 16)
        for session in ("a", "b")
    ]
    assert len(scaling(cases)) == 4
    assert all(len(curve.steps) == 2 for curve in scaling(cases))


def test_a_case_without_a_time_or_with_too_few_runs_has_no_speed_up() -> None:
    cases = [
        record(runs=ONE),
        record(runs=(0.02, 0.02), threads=2),
        record(runs=(), threads=4, outcome="failed", reason="no"),
    ]
    (curve,) = scaling(cases)
    assert [step.speedup is None for step in curve.steps] == [False, True, True]
    assert [step.efficiency for step in curve.steps[1:]] == [None, None]


@pytest.mark.parametrize("cases", [[], [record()], [record(threads=2), record(threads=4)]])
def test_nothing_to_scale_is_refused_with_what_to_measure(cases: list[object]) -> None:
    with pytest.raises(NothingToShowError, match=r"--threads 1,2 --streams 1,2"):
        scaling(cases)


def test_streams_have_a_panel_of_their_own_and_count_every_stream() -> None:
    found = panels([record(), record(streams=2)])
    rates = {panel.setting.case.streams: panel.points[0].throughput.value for panel in found}
    assert rates[2] == pytest.approx(2 * rates[1])
