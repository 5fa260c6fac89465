import random
import shlex

import msgspec
import pytest
from levit_bench.cli.options import several_conditions_from
from levit_bench.errors import NotComparableError, NothingToShowError
from levit_bench.judge.comparability import where
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick import Fit, Limits, Standing, at_least, at_most, pick
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.judge.percentiles import needed
from levit_bench.judge.variance.session_drift import drifts
from levit_bench.records import Accuracy, Estimate, Machine, Shell

from tests.making import passing, record

STEADY = (0.999, 1.0, 1.001)
"""Runs with an interval of a quarter percent."""
LOOSE = (0.98, 1.0, 1.02)
"""Runs with an interval of five percent."""


def timed(name, latency_ms, top1, runs=STEADY, **more):
    return record(name, tuple(latency_ms * 1e-3 * x for x in runs), top1=top1, **more)


CROWD = [
    timed("tiny", 5, 70.0), timed("small", 10, 76.0), timed("middle", 20, 80.0), timed("heavy", 20.8, 80.0),
    timed("loose", 20.3, 81.0, LOOSE), timed("large", 40, 82.0),
]  # fmt: skip


def ask(records, **limits):
    asked = Limits(**limits)
    return pick(pick_settings(panels(records, asked.metric)), records, asked)


def names(points):
    return [point.label for point in points]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.8, 0.9, Fit.YES), (0.8, 1.0, Fit.YES), (0.8, 1.1, Fit.OPEN), (1.0, 1.1, Fit.OPEN), (1.01, 1.1, Fit.NO),
        (-float("inf"), float("inf"), Fit.OPEN),
    ],
)  # fmt: skip
def test_a_network_is_fast_enough_when_its_whole_interval_is(low, high, said):
    assert at_most(Estimate(value=0.9, low=low, high=high, level=0.95, n=3, method="given"), 1.0) is said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.1, 1.2, Fit.YES), (1.0, 1.2, Fit.YES), (0.9, 1.2, Fit.OPEN), (0.9, 1.0, Fit.OPEN), (0.8, 0.99, Fit.NO),
        (-float("inf"), float("inf"), Fit.OPEN),
    ],
)  # fmt: skip
def test_a_network_does_enough_images_when_its_whole_interval_does(low, high, said):
    assert at_least(Estimate(value=1.0, low=low, high=high, level=0.95, n=3, method="given"), 1.0) is said


def test_within_a_latency_the_most_accurate_is_picked_and_who_may_fit_is_named():
    found = ask(CROWD, max_latency_s=0.0205)
    assert found.answer.label == "middle"
    assert found.among == 3
    assert names(found.undecided) == ["loose"]
    assert found.ties == ()


def test_equals_in_top1_are_ties_and_the_fastest_of_them_is_the_answer():
    found = ask(CROWD, max_latency_s=0.03, min_top1=75)
    assert found.answer.label == "loose"
    found = ask([one for one in CROWD if one.case.network != "loose"], max_latency_s=0.03)
    assert found.answer.label == "middle"
    (tie,) = found.ties
    assert tie.point.label == "heavy"
    assert tie.ratio.value == pytest.approx(1.04)
    assert not tie.ratio.may_be_one


def test_top1_is_compared_to_its_published_digit():
    found = ask([timed("a", 5, 80.04), timed("b", 4, 79.96), timed("c", 3, 79.94)], max_latency_s=0.01)
    assert found.answer.label == "b"
    assert names(tie.point for tie in found.ties) == ["a"]


def test_a_limit_of_top1_is_taken_as_it_is_and_not_rounded():
    found = ask([timed("a", 5, 79.96), timed("b", 9, 80.0)], min_top1=80)
    assert found.answer.label == "b"


def test_above_a_top1_the_fastest_is_picked_and_speeds_that_cannot_be_told_apart_tie():
    run = (0.9, 1.0, 1.1)  # moves both alike: the pairs tell `twin` and `late` apart, the intervals would not
    crowd = [
        timed("first", 10.0, 80.0, run),
        timed("twin", 10.05, 81.0, (0.9, 1.01, 1.1)),
        timed("late", 10.3, 82.0, run),
        timed("weak", 1.0, 70.0),
    ]
    found = ask(crowd, min_top1=80)
    assert found.answer.label == "first"
    assert names(tie.point for tie in found.ties) == ["twin"]
    assert found.ties[0].ratio.runs == 3
    assert found.undecided == ()


def test_networks_of_different_sessions_tie_when_their_intervals_overlap():
    crowd = [timed("a", 10, 80.0, LOOSE), timed("b", 10.4, 80.0, LOOSE, session="s2"), timed("c", 12, 80, session="s2")]
    found = ask(crowd, min_top1=80)
    assert names(tie.point for tie in found.ties) == ["b"]
    assert found.ties[0].ratio.runs == 0


def test_a_limit_of_images_a_second_counts_the_panels_batch():
    crowd = [timed("a", 100, 80.0, batch=16), timed("b", 200, 81.0, batch=16)]
    assert ask(crowd, min_images_per_s=150).answer.label == "a"
    assert ask(crowd, min_images_per_s=70).answer.label == "b"
    assert ask(crowd, min_images_per_s=70, max_latency_s=0.15).answer.label == "a"


def test_a_limit_of_images_a_second_is_judged_by_the_images_that_were_done_and_not_by_the_median_pass():
    # Passes of 10, 10 and 40 ms: the median says 100 images a second, and 50 were done.
    crowd = [passing("uneven", [10, 10, 40], 81.0), passing("even", [15, 15, 15], 80.0)]
    assert ask(crowd, min_images_per_s=60).answer.label == "even"
    assert ask(crowd, max_latency_s=1 / 60).answer.label == "uneven"
    assert ask(crowd, max_latency_s=0.02, min_images_per_s=40).answer.label == "uneven"
    both = ask(crowd, max_latency_s=0.012, min_images_per_s=60)
    assert both.answer is None, "each network is within one limit"
    assert names(both.undecided) == []


def test_of_equals_in_top1_the_one_that_does_more_images_is_the_answer_where_images_are_limited():
    crowd = [passing("uneven", [10, 10, 40], 80.0), passing("even", [15, 15, 15], 80.0)]
    by_images = ask(crowd, min_images_per_s=10)
    assert by_images.answer.label == "even"
    assert by_images.ties[0].ratio.value == pytest.approx(20 / 15)
    by_time = ask(crowd, max_latency_s=1.0)
    assert by_time.answer.label == "uneven"
    assert by_time.ties[0].ratio.value == pytest.approx(1.5)


def test_a_limit_inside_the_interval_of_either_speed_leaves_it_open():
    crowd = [timed("a", 20, 80.0, LOOSE)]
    assert names(ask(crowd, max_latency_s=0.02, min_images_per_s=1).undecided) == ["a"]
    assert names(ask(crowd, max_latency_s=1.0, min_images_per_s=48).undecided) == ["a"]
    assert names(ask(crowd, max_latency_s=0.001, min_images_per_s=48).undecided) == []


def test_one_run_has_no_interval_and_is_never_sure_to_fit():
    found = ask([timed("once", 1, 80.0, (1.0,)), timed("often", 2, 75.0)], max_latency_s=1.0)
    assert found.answer.label == "often"
    assert names(found.undecided) == ["once"]


def test_who_may_fit_and_would_be_no_better_answer_is_not_named():
    found = ask([timed("good", 10, 80.0), timed("worse", 20, 79.0, LOOSE)], max_latency_s=0.02)
    assert found.undecided == ()


def test_who_may_fit_is_named_when_nobody_is_sure_to():
    found = ask([timed("a", 20, 80.0, LOOSE), timed("b", 50, 81.0)], max_latency_s=0.02)
    assert found.answer is None
    assert names(found.undecided) == ["a"]
    assert found.nearest == ()


@pytest.mark.parametrize(
    ("limits", "nearest"),
    [
        ({"max_latency_s": 0.001}, ["tiny"]),
        ({"min_top1": 99}, ["large"]),
        ({"max_latency_s": 0.012, "min_top1": 79}, ["middle", "small"]),
        ({"max_latency_s": 0.001, "min_top1": 79}, ["middle"]),
        ({"max_latency_s": 0.001, "min_top1": 99}, ["large"]),
    ],
)
def test_when_nobody_passes_the_nearest_misses_are_named(limits, nearest):
    found = ask(CROWD, **limits)
    assert found.answer is None
    assert (found.among, found.ties, found.undecided) == (0, (), ())
    assert names(found.nearest) == nearest


@pytest.mark.parametrize(
    "limits", [{"max_latency_s": 0.0205}, {"min_top1": 80}, {"max_latency_s": 0.03, "min_top1": 80}, {"min_top1": 99}]
)
def test_the_answer_does_not_depend_on_the_order_of_the_records(limits):
    copies = [*CROWD, *CROWD[:2], *(timed(name, 20, 80.0, session="s2") for name in ("middle", "other"))]
    expected = ask(copies, **limits)
    for seed in range(10):
        shuffled = list(copies)
        random.Random(seed).shuffle(shuffled)
        assert ask(shuffled, **limits) == expected


def test_records_of_another_setting_do_not_enter_a_ratio():
    ours = [timed("a", 10, 80.0), timed("b", 10.5, 80.0)]
    other = timed("b", 30, None, torch="2.7.0")
    assert ask([*ours, other], max_latency_s=0.02) == ask(ours, max_latency_s=0.02)


MACHINES = [Machine(cpu_model=name, isa="x86_64", logical_cores=2, memory_bytes=1) for name in "AB"]
RUNTIMES = ("eager", "onnxruntime", "openvino")
PARTS = Accuracy(top1=90.0, dataset="my-parts", images=2000, classes=10, source="our log")


def in_runtimes(name, latencies_ms, top1, runs=STEADY):
    return [timed(name, ms, top1, runs, runtime=runtime) for runtime, ms in zip(RUNTIMES, latencies_ms, strict=True)]


ACROSS = [
    *in_runtimes("small", (10, 8, 6), 76.0), *in_runtimes("middle", (40, 28, 20), 80.0),
    *in_runtimes("large", (90, 60, 31), 82.0), *in_runtimes("slow", (500, 400, 300), 79.0),
]  # fmt: skip


def test_the_answer_is_a_network_and_the_setting_to_use_it_in():
    found = ask(ACROSS, max_latency_s=0.03, min_top1=78)
    assert (found.answer.label, found.answer.case.runtime) == ("middle", "openvino")
    assert (found.among, found.networks, len(found.panels)) == (2, 4, 3)
    assert [(tie.point.label, tie.point.case.runtime) for tie in found.ties] == [("middle", "onnxruntime")]
    assert found.ties[0].ratio.value == pytest.approx(1.4)
    assert found.ties[0].ratio.runs == 3, "runtimes of one session took turns: their runs are pairs"
    best = [(each.panel.setting.case.runtime, each.point and each.point.label, each.among) for each in found.by_setting]
    assert best == [("eager", None, 0), ("onnxruntime", "middle", 1), ("openvino", "middle", 1)]
    assert found.by_setting[0].nearest.label == "middle", "the fastest that is accurate enough"
    rivals = [(rival.point.label, rival.point.case.runtime, rival.standing) for rival in found.rivals]
    assert rivals == [
        ("large", "openvino", Standing.TOO_SLOW),
        ("slow", "openvino", Standing.TOO_SLOW),
        ("small", "openvino", Standing.INACCURATE),
    ]


def test_above_a_top1_the_fastest_of_all_settings_is_picked():
    found = ask(ACROSS, min_top1=80)
    assert (found.answer.label, found.answer.case.runtime) == ("middle", "openvino")
    assert {rival.point.label: rival.standing for rival in found.rivals} == {
        "large": Standing.SLOWER, "slow": Standing.INACCURATE, "small": Standing.INACCURATE,
    }  # fmt: skip


def test_every_other_network_is_a_rival_once_with_what_keeps_it_from_being_the_answer():
    found = ask([*CROWD, timed("heavy", 9, 80.0, runtime="openvino", session="s2")], max_latency_s=0.0205)
    assert {rival.point.label: rival.standing for rival in found.rivals} == {
        "large": Standing.TOO_SLOW, "loose": Standing.OPEN, "middle": Standing.AS_ACCURATE,
        "small": Standing.LESS_ACCURATE, "tiny": Standing.LESS_ACCURATE,
    }  # fmt: skip
    assert (found.answer.label, found.answer.case.runtime) == ("heavy", "openvino")


def test_every_candidate_in_every_setting_shares_the_error_rate():
    alone = ask(in_runtimes("a", (20, 20, 20), 80.0)[:1], max_latency_s=0.0205)
    together = ask(in_runtimes("a", (20, 20, 20), 80.0), max_latency_s=0.0205)
    assert together.level > alone.level
    many = [timed(f"n{at}", 20.3, 80 + at / 10, LOOSE, runtime=runtime) for at in range(5) for runtime in RUNTIMES]
    assert ask(many, max_latency_s=0.0214).answer is None, "one of 15 would seem to be within the limit by chance"
    assert ask(many[:1], max_latency_s=0.0214).answer is not None


@pytest.mark.parametrize("field", ["runtime", "form", "precision", "allocator", "threads", "streams", "batch"])
def test_every_axis_of_a_setting_may_be_part_of_the_answer(field):
    values = {
        "form": ("shipped", "inference"), "precision": ("fp32", "bf16"), "allocator": ("pinned", "shipped"),
        "runtime": ("eager", "an odd one; rm -rf"),
    }.get(field, (1, 4))  # fmt: skip
    found = ask([timed("a", 20 / (at + 1), 80.0, **{field: value}) for at, value in enumerate(values)], min_top1=75)
    assert str(found.answer.case.value(field)) == str(values[1])
    assert len(found.by_setting) == 2


@pytest.mark.parametrize(
    ("records", "field"),
    [
        ([timed("a", 5, 70.0, machine=m, session=f"s{at}") for at, m in enumerate(MACHINES)], "machine"),
        ([timed("a", 5, 70.0), timed("a", 5, 70.0, device="mps", session="s2")], "device"),
    ],
)
def test_two_machines_or_devices_are_refused_with_a_choice_that_leaves_one(records, field):
    with pytest.raises(NotComparableError) as refused:
        pick_settings(panels(records))
    message = str(refused.value)
    assert f"the records differ in {field} (" in message
    words = shlex.split(message[message.index("--where") :])
    assert set(words[::2]) == {"--where"}
    chosen = pick_settings(panels(where(records, several_conditions_from(tuple(words[1::2])))))
    assert chosen.panels[0].origins[0].session == records[-1].session, "the newest"


def test_of_several_conditions_of_one_case_the_newest_session_counts_and_it_is_said():
    older = [timed("a", 5, 70.0, torch="2.7.0", session="s1"), timed("b", 9, 75.0, torch="2.7.0", session="s1")]
    newer = timed("a", 6, 70.0, torch="2.13.0", session="s2")
    found = ask([*older, newer], max_latency_s=1.0)
    assert (found.answer.label, found.answer.latency.value) == ("b", pytest.approx(0.009)), "measured once, and counts"
    assert (found.networks, found.passed_over) == (2, {"torch": ("2.7.0", "2.13.0")})
    (again,) = found.rivals
    assert (again.point.label, again.point.latency.value) == ("a", pytest.approx(0.006))
    assert ask([*older, newer], max_latency_s=0.0055).answer is None, "the older latency of `a` does not count"
    other_runtime = timed("b", 4, 75.0, runtime="openvino", torch="2.7.0", session="s1")
    assert ask([*older, newer, other_runtime], max_latency_s=1.0).answer.label == "b", "no newer one of its case"


def conditions_of(made, **conditions):
    """The record with other conditions of its session."""
    protocol = {name: value for name, value in conditions.items() if name == "seats"}
    return msgspec.structs.replace(
        made,
        protocol=msgspec.structs.replace(made.protocol, **protocol),
        **{name: value for name, value in conditions.items() if name != "seats"},
    )


@pytest.mark.parametrize(
    ("field", "older", "newer"),
    [
        ("isolation", {"seats": "auto"}, {"seats": "alone"}),
        ("shell", {}, {"shell": Shell(settings={"OMP_WAIT_POLICY": "active"})}),
    ],
)
def test_conditions_of_another_network_leave_a_network_alone(field, older, newer):
    first = [conditions_of(timed(name, ms, 80.0), **older) for name, ms in (("once", 5), ("again", 4))]
    second = conditions_of(timed("again", 6, 80.0, session="s2"), **newer)
    found = ask([*first, second], min_top1=75)
    assert (found.answer.label, found.networks) == ("once", 2)
    assert [*found.passed_over] == [field]
    assert found.rivals[0].point.latency.value == pytest.approx(0.006)
    assert sorted(origin.session for panel in found.panels for origin in panel.origins) == ["s1", "s2"]


def test_a_newest_session_in_which_a_network_failed_does_not_hide_the_older_one():
    older = timed("a", 5, 80.0, torch="2.7.0")
    failed = timed("a", 4, 80.0, torch="2.13.0", session="s2", outcome="failed", reason="it broke")
    unfinished = timed("a", 4, 80.0, (), torch="2.13.0", session="s3")
    other = timed("b", 6, 70.0, torch="2.13.0", session="s2")
    found = ask([older, failed, unfinished, other], min_top1=75)
    assert (found.answer.label, found.answer.latency.value) == ("a", pytest.approx(0.005))
    assert found.passed_over == {}


def test_several_sets_of_images_are_refused_with_the_networks_of_each():
    both = timed("a", 5, 70.0)
    both = msgspec.structs.replace(both, info=msgspec.structs.replace(both.info, accuracies=(PARTS,)))
    with pytest.raises(NotComparableError) as refused:
        pick_settings(panels([both, timed("b", 6, 71.0), timed("b", 6, 71.0, threads=4)]))
    assert str(refused.value) == (
        "cannot pick one network: accuracies are on 2 sets of images. Choose a set: "
        "--set 'ImageNet-1k validation' (2 networks) or --set 'my-parts (2,000 images, 10 classes)' (1 network)"
    )


def test_a_setting_without_a_point_is_no_choice():
    found = pick_settings(panels([timed("a", 5, 70.0), timed("a", 5, None, threads=4)]))
    assert [panel.setting.case.threads for panel in found.panels] == [1]


def test_records_without_any_point_are_refused_with_the_reason():
    with pytest.raises(NothingToShowError, match="no accuracy is known"):
        pick_settings(panels([timed("a", 5, None)]))


UNEVEN = passing("uneven", [10] * 180 + [40] * 20, 81.0)
EVEN = passing("even", [15] * 200, 80.0)


def test_a_percentile_judges_the_slow_passes():
    assert ask([UNEVEN, EVEN], max_latency_s=0.02).answer.label == "uneven"
    found = ask([UNEVEN, EVEN], max_latency_s=0.02, percentile=0.95)
    assert found.answer.label == "even"
    assert found.answer.latency.value == pytest.approx(0.015)
    assert [(rival.point.label, rival.standing) for rival in found.rivals] == [("uneven", Standing.TOO_SLOW)]
    assert found.another_day is None


def test_networks_with_too_few_passes_for_the_percentile_are_no_answer_and_say_what_they_would_need():
    few = passing("few", [5] * 4, 90.0)
    found = ask([EVEN, few], max_latency_s=0.02, percentile=0.95)
    assert found.answer.label == "even"
    (rival,) = found.rivals
    assert (rival.point.label, rival.standing, rival.is_known) == ("few", Standing.UNKNOWN, False)
    assert rival.missing.passes == 12
    assert rival.missing.needed >= needed(0.95)
    assert (found.unknown, found.among) == (1, 1)
    nobody = ask([few], max_latency_s=0.02, percentile=0.95)
    assert (nobody.answer, nobody.nearest, nobody.unknown) == (None, (), 1)


def test_a_network_whose_median_is_over_the_limit_of_a_percentile_is_too_slow_whatever_its_passes():
    slow = passing("slow", [50] * 4, 90.0)
    found = ask([EVEN, slow], max_latency_s=0.02, percentile=0.95)
    (rival,) = found.rivals
    assert (rival.standing, rival.is_known, rival.missing) == (Standing.TOO_SLOW, False, None)
    below = ask([EVEN, passing("slow", [50], 90.0)], max_latency_s=0.02, percentile=0.25)
    assert below.rivals[0].standing is Standing.UNKNOWN, "a quarter of its passes may be quick"


def test_a_network_that_lacks_passes_in_its_quick_setting_is_not_judged_by_its_slow_one():
    few = passing("both", [5] * 4, 90.0, runtime="openvino")
    slow = passing("both", [50] * 200, 90.0)
    (rival,) = ask([EVEN, few, slow], max_latency_s=0.02, percentile=0.95).rivals
    assert (rival.point.case.runtime, rival.standing) == ("openvino", Standing.UNKNOWN)


def test_who_is_less_accurate_than_the_answer_loses_by_that_even_where_its_speed_is_open():
    found = ask([timed("good", 10, 80.0), timed("worse", 20, 79.0, LOOSE)], max_latency_s=0.02)
    assert [(rival.point.label, rival.standing) for rival in found.rivals] == [("worse", Standing.LESS_ACCURATE)]
    few = passing("few", [5] * 4, 70.0)
    found = ask([EVEN, few], max_latency_s=0.02, percentile=0.95)
    assert [(rival.point.label, rival.standing) for rival in found.rivals] == [("few", Standing.LESS_ACCURATE)]


def test_a_network_has_one_label_in_all_settings_and_two_networks_never_share_one():
    sizes = [timed("net", 10, 80.0), timed("net", 20, 81.0, resolution=288), timed("net", 4, 80.0, threads=4)]
    found = ask(sizes, max_latency_s=0.03)
    assert {point.label for panel in found.panels for point in panel.points} == {"net@224", "net@288"}
    versions = [_called("mine", timed(f"nets.py:build#{digest}", 9, 80.0, threads=threads))
                for threads, digest in ((1, "aaaaaaaa"), (4, "bbbbbbbb"))]  # fmt: skip
    found = ask(versions, max_latency_s=0.03)
    assert {found.answer.label, found.rivals[0].point.label} == {
        "mine (nets.py:build#aaaaaaaa)", "mine (nets.py:build#bbbbbbbb)"
    }  # fmt: skip


def test_the_networks_within_are_counted_once_though_they_are_within_in_several_settings():
    found = ask(ACROSS, max_latency_s=0.05)
    assert (found.among, found.networks_within) == (7, 3)


def _called(label, made):
    return msgspec.structs.replace(made, info=msgspec.structs.replace(made.info, label=label))


def test_a_percentile_is_judged_at_the_level_that_all_candidates_share():
    # In two of three runs a tenth of the passes are slow, in the third a twentieth: the interval of p90 is wide.
    passes = [[10] * 90 + [12] * 10, [10] * 90 + [12] * 10, [10] * 95 + [12] * 5]
    uneven = passing("x", passes[0], 80.0)
    runs = tuple(
        msgspec.structs.replace(
            run, turns=tuple(msgspec.structs.replace(t, duration_s=tuple(1e-3 * p for p in own)) for t in run.turns)
        )
        for run, own in zip(uneven.runs, passes, strict=True)
    )
    uneven = msgspec.structs.replace(uneven, runs=runs)
    found = ask([uneven], max_latency_s=0.011, percentile=0.9)
    assert found.answer is None
    assert names(found.undecided) == ["x"]


@pytest.mark.parametrize(
    "newest",
    [
        {"outcome": "failed", "reason": "it broke"},
        {"emulated": True},
        {"complete": False},
    ],
    ids=["failed", "emulated", "broken off"],
)
def test_a_percentile_is_of_the_newest_session_that_has_passes(newest):
    later = passing("uneven", [10] * 200, 81.0, session="s2", **newest)
    beside = passing("even", [15] * 200, 80.0, session="s2")
    found = ask([UNEVEN, EVEN, later, beside], max_latency_s=0.05, percentile=0.95)
    assert (found.answer.label, found.unknown) == ("uneven", 0)
    assert found.answer.latency.value == pytest.approx(0.04)
    again = passing("uneven", [12] * 200, 81.0, session="s3")
    found = ask([UNEVEN, EVEN, later, beside, again], max_latency_s=0.05, percentile=0.95)
    assert found.answer.latency.value == pytest.approx(0.012)


def test_an_answer_on_another_day_does_not_hang_on_a_newest_session_in_which_the_network_failed():
    sessions = [timed("a", 10 + at / 10, 80.0, session=f"s{at}", yardsticks=(0.007,) * 3) for at in range(4)]
    sticks = [timed("yardstick", 7 + at / 10, None, session=f"s{at}", role="yardstick") for at in range(4)]
    failed = timed("a", 10, 80.0, session="s9", outcome="failed", reason="it broke")
    limits = Limits(max_latency_s=0.05)
    for records in (sessions, [*sessions, failed]):
        found = pick(pick_settings(panels(records)), records, limits, drifts([*sessions, *sticks]))
        assert found.another_day is not None
        assert found.another_day.within


def drifting(*factors):
    """Two networks in sessions in which the machine takes so many times as long."""
    return [
        timed(name, ms * factor, top1, session=f"s{at}", yardsticks=(0.007 * factor,) * 3)
        for at, factor in enumerate(factors)
        for name, ms, top1 in (("a", 30, 80.0), ("b", 25, 79.0))
    ]


@pytest.mark.parametrize("factors", [(1, 2), (2, 1)])
def test_a_limit_in_seconds_must_hold_in_every_session_that_is_joined(factors):
    crowd = drifting(*factors)
    between = ask(crowd, max_latency_s=0.035)
    assert between.answer is None, "`a` took 60 ms in half of its sessions"
    assert names(between.undecided) == ["a", "b"]
    assert {rival.standing for rival in between.rivals} == {Standing.OPEN}
    slow, fast = f"s{factors.index(2)}", f"s{factors.index(1)}"
    assert between.drifted == (pytest.approx(2.0), slow, fast)
    above = ask(crowd, max_latency_s=0.07)
    assert (above.answer.label, above.drifted) == ("a", None)
    assert above.answer.latency.low < 0.030
    assert 0.060 < above.answer.latency.high < 0.07
    beyond = ask(crowd, max_latency_s=0.02)
    assert [rival.standing for rival in beyond.rivals] == [Standing.TOO_SLOW, Standing.TOO_SLOW]


def test_a_limit_in_images_a_second_must_hold_in_every_session_that_is_joined():
    crowd = drifting(1, 2)
    assert names(ask(crowd, min_images_per_s=25).undecided) == ["a", "b"]
    assert ask(crowd, min_images_per_s=14).answer.label == "a"
    assert ask(crowd, min_images_per_s=14, max_latency_s=0.035).answer is None
    rivals = ask(crowd, min_images_per_s=50).rivals
    assert [rival.standing for rival in rivals] == [Standing.TOO_SLOW, Standing.TOO_SLOW]


def test_drift_of_joined_sessions_widens_no_interval_where_no_limit_is_in_seconds_and_no_ratio():
    crowd = drifting(1, 2)
    (panel,) = panels(crowd)
    by_top1 = ask(crowd, min_top1=75)
    assert {(p.label, p.latency) for p in (by_top1.answer, by_top1.rivals[0].point)} == {
        (point.label, point.latency) for point in panel.points
    }  # fmt: skip
    steady = ask(drifting(1, 1), max_latency_s=0.035)
    (panel,) = panels(drifting(1, 1))
    (point,) = (point for point in panel.points if point.label == "a")
    assert (steady.answer.latency.low, steady.answer.latency.high) == pytest.approx(
        (point.latency.low, point.latency.high)
    )
    alone = [timed("a", 30, 80.0, session="s0"), timed("c", 60, 80.0, session="s1", yardsticks=(0.014,) * 3)]
    ((tie,),) = (ask(alone, max_latency_s=1.0).ties,)
    assert (tie.ratio.low, tie.ratio.high) == pytest.approx((1 / tie.ratio.high, 1 / tie.ratio.low))
    assert tie.ratio.high < 1.2, "the yardstick puts both on one scale"


def test_a_percentile_must_be_within_its_limit_at_the_speed_of_every_session_that_is_joined():
    slow = [
        passing(name, [2 * ms] * 200, top1, yardsticks=(0.014,) * 3)
        for name, ms, top1 in (("a", 30, 81.0), ("b", 25, 80.0))
    ]
    fast = [passing(name, [ms] * 200, top1, session="s2") for name, ms, top1 in (("a", 30, 81.0), ("b", 25, 80.0))]
    for crowd in ([*slow, *fast], [*fast, *slow]):
        found = ask(crowd, max_latency_s=0.035, percentile=0.95)
        assert (found.answer, names(found.undecided)) == (None, ["a", "b"])
        assert found.undecided[0].latency.value == pytest.approx(0.030), "of the newest session"
        assert found.drifted is not None
    assert ask([*slow, *fast], max_latency_s=0.065, percentile=0.95).answer.label == "a"


def test_fewer_than_three_runs_make_nothing_sure_as_on_the_front():
    two = [timed("a", 30, 80.0, (1.0, 1.001)), timed("b", 25, 79.0, (1.0, 1.001))]
    (panel,) = panels(two)
    assert {point.label: point.standing.value for point in panel.points}["b"] == "open"
    for limit in (0.031, 0.001):
        found = ask(two, max_latency_s=limit)
        assert (found.answer, names(found.undecided)) == (None, ["a", "b"])
    assert ask(two, min_images_per_s=1).answer is None
    three = [timed("a", 30, 80.0), timed("b", 25, 79.0)]
    assert ask(three, max_latency_s=0.031).answer.label == "a"
    passes = [passing(name, [10] * 200, 80.0) for name in "ab"]
    cut = [msgspec.structs.replace(each, runs=each.runs[:2]) for each in passes]
    assert ask(cut, max_latency_s=0.02, percentile=0.9).answer is None
    (tie,) = ask(two, min_top1=75).ties
    assert (tie.point.label, tie.ratio.may_be_one) == ("a", True), "which of the two is faster is open"
