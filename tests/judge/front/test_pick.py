import random
import shlex

import msgspec
import pytest
from levit_bench.cli.options import conditions_from
from levit_bench.errors import NotComparableError, NothingToShowError
from levit_bench.judge.comparability import where
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick import Fit, Limits, at_least, at_most, only, pick
from levit_bench.records import Accuracy, Estimate, Machine

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
    return pick(only(panels(records, asked.metric)), records, asked)


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
SEVERAL = [
    [timed("a", 5, 70.0, threads=n, batch=b) for n in (1, 4) for b in (1, 16)],
    [timed("a", 5, 70.0, allocator="shipped"), timed("a", 5, 70.0), timed("b", 5, 70.0)],
    [timed("a", 5, 70.0, machine=machine, session=f"s{at}") for at, machine in enumerate(MACHINES)],
    [timed("a", 5, 70.0, torch=version) for version in ("2.7.0", "2.13.0")],
    [timed("a", 5, 70.0, runtime=text) for text in ("an odd one; rm -rf", "it's", "eager")],
]


@pytest.mark.parametrize("records", SEVERAL)
def test_several_settings_are_refused_with_a_choice_that_leaves_one(records):
    with pytest.raises(NotComparableError) as refused:
        only(panels(records))
    message = str(refused.value)
    words = shlex.split(message[message.index("--where") :])
    assert set(words[::2]) == {"--where"}
    assert only(panels(where(records, conditions_from(tuple(words[1::2]))))).points


def test_the_choice_that_is_offered_is_the_newest_sessions():
    records = [timed("a", 5, 70.0, threads=1, session="s1"), timed("a", 5, 70.0, threads=4, session="s2")]
    with pytest.raises(NotComparableError, match=r"differ in threads \(1, 4\).*--where threads=4$"):
        only(panels(records))


def test_several_sets_beside_several_settings_are_told_as_well():
    parts = Accuracy(top1=90.0, dataset="my-parts", images=2000, classes=10, source="our log")
    both = timed("a", 5, 70.0)
    both = msgspec.structs.replace(both, info=msgspec.structs.replace(both.info, accuracies=(parts,)))
    with pytest.raises(NotComparableError) as refused:
        only(panels([both, timed("b", 6, 71.0), timed("b", 6, 71.0, threads=4)]))
    message = str(refused.value)
    assert "which differ in threads (1, 4), set (" in message
    assert message.endswith(
        "Choose a set: --set 'ImageNet-1k validation' (2 networks) or --set 'my-parts (2,000 images, 10 classes)' "
        "(1 network)"
    )


def test_a_setting_without_a_point_is_no_choice():
    found = only(panels([timed("a", 5, 70.0), timed("a", 5, None, threads=4)]))
    assert found.setting.case.threads == 1


def test_records_without_any_point_are_refused_with_the_reason():
    with pytest.raises(NothingToShowError, match="no accuracy is known"):
        only(panels([timed("a", 5, None)]))
