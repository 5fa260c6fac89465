"""Overlays: panels that differ in some axes alone, and the front over all values where they are of one session."""

import itertools

import msgspec
import pytest
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.front.labelled_alike import labelled_alike
from levit_bench.judge.front.overlay import MOST_VALUES, OVERLAY_AXES, overlay_axes, overlays, sessions_with_several
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import Standing

from tests.judge.front.test_pick import LOOSE, RUNTIMES, in_runtimes, timed

THREE = [
    *in_runtimes("small", (10, 8, 6), 76.0), *in_runtimes("middle", (40, 28, 29), 80.0),
    *in_runtimes("large", (90, 60, 61), 82.0), *in_runtimes("slow", (500, 400, 300), 79.0),
]  # fmt: skip


def overlaid(records, *axes, metric="latency"):
    return overlays(labelled_alike(panels(records, metric), records), axes or ("runtime",), records)


def members(overlay):
    return [(point.label, panel.setting.case.runtime) for panel, point in overlay.front]


def test_panels_that_differ_in_the_axis_alone_are_together_with_the_places_that_they_had():
    records = [*THREE, *(timed(name, ms, 80.0, batch=16) for name, ms in (("small", 90), ("middle", 400)))]
    records.append(timed("small", 70, 76.0, batch=16, runtime="openvino"))
    one, sixteen = overlaid(records)
    assert [panel.setting.case.runtime for panel in one.panels] == [*RUNTIMES]
    assert [panel.setting.case.runtime for panel in sixteen.panels] == ["eager", "openvino"]
    assert one.together.setting.case.batch == 1
    assert len(one.together.points) == len(THREE)
    alone = {(point.case.id, point.on_front, point.standing) for panel in panels(records) for point in panel.points}
    together = {(p.case.id, p.on_front, p.standing) for each in (one, sixteen) for p in each.together.points}
    assert together == alone


def test_the_front_over_all_values_of_a_session_is_what_no_point_of_any_value_beats():
    (overlay,) = overlaid(THREE)
    points = {(p.label, p.case.runtime): (p.latency.value, p.accuracy.top1) for p in overlay.together.points}
    unbeaten = [
        name
        for name, (seconds, top1) in points.items()
        if not any(
            other_s <= seconds and other_top1 >= top1 and (other_s, other_top1) != (seconds, top1)
            for other_s, other_top1 in points.values()
        )
    ]
    assert sorted(members(overlay)) == sorted(unbeaten)
    assert members(overlay) == [("small", "openvino"), ("middle", "onnxruntime"), ("large", "onnxruntime")]
    assert {overlay.overall[point.case.id].standing for _, point in overlay.front} == {Standing.MEMBER}
    slow = next(p for p in overlay.together.points if (p.label, p.case.runtime) == ("slow", "openvino"))
    assert overlay.overall[slow.case.id].standing is Standing.BEATEN


def test_where_two_values_are_as_fast_the_place_over_all_is_undecided():
    records = [timed("a", 10, 80.0, LOOSE), timed("a", 10.01, 80.0, LOOSE[::-1], runtime="openvino")]
    (overlay,) = overlaid(records)
    assert members(overlay) == [("a", "eager")]
    assert {place.standing for place in overlay.overall.values()} == {Standing.OPEN}
    assert {point.standing for point in overlay.together.points} == {Standing.MEMBER}, "each is alone on its own front"


def test_the_order_of_the_records_does_not_matter():
    expected = overlaid(THREE)
    assert overlaid(THREE[::-1]) == expected


def test_throughputs_have_a_front_over_all_values_too():
    (overlay,) = overlaid(THREE, metric="throughput")
    assert members(overlay) == [("small", "openvino"), ("middle", "onnxruntime"), ("large", "onnxruntime")]


@pytest.mark.parametrize("axis", OVERLAY_AXES)
def test_every_axis_may_be_overlaid_with_what_follows_from_it(axis):
    values = {
        "form": ("shipped", "inference"), "precision": ("fp32", "bf16"), "allocator": ("pinned", "shipped"),
        "runtime": ("eager", "openvino"), "threads": (1, 4),
    }[axis]  # fmt: skip
    records = [timed(name, 20 / (at + 1), 80.0, **{axis: value}) for at, value in enumerate(values) for name in "ab"]
    (overlay,) = overlaid(records, axis)
    assert [panel.setting.case.value(axis) for panel in overlay.panels] == sorted(values, key=str)
    assert {point.case.value(axis) for _, point in overlay.front} == {values[1]}


def test_several_axes_are_overlaid_together():
    records = [
        timed("a", 10 + at, 80.0, runtime=runtime, threads=threads)
        for at, (runtime, threads) in enumerate(itertools.product(("eager", "openvino"), (1, 4)))
    ]
    (overlay,) = overlaid(records, "runtime", "threads")
    assert len(overlay.panels) == 4
    assert len(overlaid(records, "threads")) == 2


def test_with_many_cases_threads_are_compared_by_their_pairs_and_not_by_yardsticks_of_their_own():
    # The yardstick of four threads is four times as fast: ratios to it would call the faster cases slower.
    records = [timed(f"n{at}", 10 + at, 50.0 + at) for at in range(40)]
    records += [
        timed(f"n{at}", (10 + at) / 2, 50.0 + at, threads=4, yardsticks=[0.007 / 4] * 3) for at in range(40)
    ]  # fmt: skip
    (overlay,) = overlaid(records, "threads")
    assert {point.case.threads for _, point in overlay.front} == {4}
    standings = {p.case.threads: overlay.overall[p.case.id].standing for p in overlay.together.points}
    assert standings == {1: Standing.BEATEN, 4: Standing.MEMBER}


def test_of_several_sessions_there_is_no_front_over_all_values():
    records = [timed("a", 10, 80.0), timed("a", 5, 80.0, runtime="openvino", session="s2")]
    (overlay,) = overlaid(records)
    assert (overlay.overall, overlay.front) == ({}, [])


def test_a_panel_without_a_partner_keeps_its_axes_for_itself():
    records = [*THREE, timed("small", 3, 76.0, threads=4)]
    one, four = overlaid(records)
    assert (len(one.panels), len(four.panels)) == (3, 1)
    assert four.overall == {}


def test_what_cannot_be_overlaid_is_refused_with_what_could_be():
    with pytest.raises(UsageError, match=r"--overlay batch: .* Choose from runtime, form, precision, allocator, thr"):
        overlay_axes(["runtime", "batch"])
    assert overlay_axes(["form", "form", "runtime"]) == ("form", "runtime")
    with pytest.raises(NothingToShowError, match="no two panels differ in form alone"):
        overlaid(THREE, "form")
    with pytest.raises(NothingToShowError, match=r"nothing to draw together\.$"):
        overlaid(THREE, "form")
    many = [timed("a", 10, 80.0, threads=threads) for threads in range(1, MOST_VALUES + 2)]
    with pytest.raises(NotComparableError, match=r"9 panels would share .* --where threads=1,2, "):
        overlaid(many, "threads")


def test_where_nothing_can_be_overlaid_the_sessions_that_could_be_are_named_with_a_command():
    records = [
        timed("a", 10, 80.0, session="s5"),
        *(timed("a", 10, 80.0, runtime=runtime, session=f"s{at}") for at in (2, 4) for runtime in RUNTIMES),
        *(timed("a", 10, None, runtime=runtime, session="s3") for runtime in RUNTIMES),
        *(timed("a", 10, 80.0, form=form, session="s1") for form in ("shipped", "inference")),
    ]
    newest = panels([record for record in records if record.session == "s5"])
    with pytest.raises(NothingToShowError) as caught:
        overlays(newest, ["runtime"], records)
    assert str(caught.value).endswith(
        "2 stored sessions have several values of runtime: s4, s2. To draw the newest: "
        "levit-bench front --session s4 --overlay runtime"
    )
    assert sessions_with_several(records, ["form"]) == ["s1"]
    assert sessions_with_several(records, ["precision"]) == []


def test_labels_tell_networks_apart_in_all_panels():
    made = [timed("net", 10, 80.0), timed("net", 20, 81.0, resolution=288), timed("net", 4, 80.0, runtime="openvino")]
    assert {p.label for overlay in overlaid(made) for p in overlay.together.points} == {"net@224", "net@288"}
    own = [
        msgspec.structs.replace(each, info=msgspec.structs.replace(each.info, label="mine"))
        for each in (timed("x.py:f#aaaaaaaa", 9, 80.0), timed("x.py:f#bbbbbbbb", 8, 80.0, runtime="openvino"))
    ]
    (overlay,) = overlaid(own)
    assert {p.label for p in overlay.together.points} == {"mine (x.py:f#aaaaaaaa)", "mine (x.py:f#bbbbbbbb)"}
