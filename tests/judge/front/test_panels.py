import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.front.dominance import Competitor, dominators
from levit_bench.judge.front.panel_limits import require_comparable
from levit_bench.judge.front.panels import panels
from levit_bench.records import Machine

from tests.making import passing, record

grid = st.integers(1, 12)
crowds = st.lists(st.tuples(grid, grid), min_size=1, max_size=40).map(
    lambda pairs: [Competitor(float(c), float(a), f"n{i:02d}") for i, (c, a) in enumerate(pairs)]
)


def dominates(a, b):
    return a.cost <= b.cost and a.accuracy >= b.accuracy and (a.cost < b.cost or a.accuracy > b.accuracy)


@given(crowds)
def test_dominance_agrees_with_its_definition_and_names_the_best_front_member(crowd):
    found = dominators(crowd)
    front = [a for a in crowd if not any(dominates(b, a) for b in crowd)]
    assert {label for label, by in found.items() if by is None} == {a.label for a in front}
    for a in crowd:
        over = sorted((b for b in front if dominates(b, a)), key=lambda b: (-b.accuracy, b.cost, b.label))
        assert found[a.label] == (over[0].label if over else None)


@given(crowds, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order_of_the_input(crowd, rng):
    shuffled = list(crowd)
    rng.shuffle(shuffled)
    assert dominators(shuffled) == dominators(crowd)


@given(crowds)
def test_the_front_survives_every_monotone_rescaling(crowd):
    stretched = [Competitor(c.cost**3 + 5, 2.0**c.accuracy, c.label) for c in crowd]
    assert dominators(stretched) == dominators(crowd)


def test_equals_in_both_stay_side_by_side_on_the_front():
    found = dominators([Competitor(1.0, 80.0, "a"), Competitor(1.0, 80.0, "b"), Competitor(2.0, 80.0, "c")])
    assert found == {"a": None, "b": None, "c": "a"}


class Counted(float):
    """A number that counts how often it is compared."""

    compared = 0

    def __lt__(self, other):
        Counted.compared += 1
        return float(self) < float(other)

    def __eq__(self, other):
        Counted.compared += 1
        return float(self) == float(other)

    __hash__ = float.__hash__


@pytest.mark.parametrize("everything_is_on_the_front", [True, False])
def test_ten_thousand_points_take_no_quadratic_number_of_comparisons(everything_is_on_the_front):
    rng = random.Random(1)
    costs = [rng.random() for _ in range(10_000)]
    crowd = [
        Competitor(Counted(cost), cost if everything_is_on_the_front else rng.random(), str(i))
        for i, cost in enumerate(costs)
    ]
    Counted.compared = 0
    found = dominators(crowd)
    assert (list(found.values()).count(None) == 10_000) is everything_is_on_the_front
    assert Counted.compared < 1_000_000  # the square is a hundred million


def labels(panel):
    return [point.label for point in panel.points]


def test_a_panel_names_the_dominator_of_each_point_and_orders_the_fastest_first():
    (panel,) = panels(
        [
            record("slow", (0.03, 0.03, 0.03), top1=79.0),
            record("fast", (0.01, 0.01, 0.01), top1=78.0),
            record("good", (0.02, 0.02, 0.02), top1=81.0),
        ]
    )
    assert [(p.label, p.dominated_by, p.on_front) for p in panel.points] == [
        ("fast", None, True), ("good", None, True), ("slow", "good", False),
    ]  # fmt: skip
    assert [p.label for p in panel.front] == ["fast", "good"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("threads", (1, 4)), ("batch", (1, 16)), ("runtime", ("eager", "onnx")), ("allocator", ("pinned", "shipped")),
        ("precision", ("fp32", "bf16")), ("form", ("shipped", "inference")), ("device", ("cpu", "cuda")),
        ("torch", ("2.7.0", "2.13.0")), ("weights", ("random-calibrated-1", "timm")),
        ("machine", (Machine(cpu_model="A", isa="x86_64", logical_cores=2, memory_bytes=1),
                     Machine(cpu_model="B", isa="x86_64", logical_cores=2, memory_bytes=1))),
    ],
)  # fmt: skip
def test_records_that_differ_in_a_setting_never_share_a_panel(field, values):
    found = panels([record("a", **{field: value}) for value in values])
    assert [labels(panel) for panel in found] == [["a"], ["a"]]
    assert found == panels([record("a", **{field: value}) for value in reversed(values)])


def test_a_resolution_is_no_setting_but_tells_points_of_one_network_apart():
    (panel,) = panels([record("net", resolution=224), record("net", resolution=288, top1=81.0), record("other")])
    assert sorted(labels(panel)) == ["net@224", "net@288", "other"]


def test_a_network_named_like_a_label_does_not_collide_with_one():
    (panel,) = panels([record("net", resolution=224), record("net", resolution=288), record("net@224")])
    assert len(set(labels(panel))) == 3


def test_the_instruments_own_cases_are_left_out_without_a_word():
    (panel,) = panels([record("a"), record("yardstick-1", role="yardstick"), record("null", role="null")])
    assert labels(panel) == ["a"]
    assert panel.excluded == ()


def test_what_has_no_place_is_listed_with_its_reason():
    (panel,) = panels(
        [
            record("ok"),
            record("broken", outcome="failed", reason="logits are not finite"),
            record("skipped", outcome="skipped", reason="needs 9 GiB"),
            record("unknown", top1=None),
            record("emulated", emulated=True),
        ]
    )
    assert labels(panel) == ["ok"]
    reasons = {out.case.network: out.reason for out in panel.excluded}
    assert reasons.keys() == {"broken", "skipped", "unknown", "emulated"}
    assert reasons["broken"] == "failed: logits are not finite"
    assert "accuracy" in reasons["unknown"]


def test_a_panel_of_several_sessions_is_put_on_one_scale_by_the_yardstick():
    # The second session was 20 % slower for everything; in absolute numbers `b` would lose to `a`.
    calm = record("a", (0.0100,) * 3, yardsticks=(0.005,) * 3, session="s1", top1=80.0)
    slow = record("b", (0.0114,) * 3, yardsticks=(0.006,) * 3, session="s2", top1=80.0)
    (panel,) = panels([calm, slow])
    assert labels(panel) == ["b", "a"]
    assert panel.yardstick_s == pytest.approx(0.006), "the median session's, the slower of two"
    assert "yardstick-moved" in {finding.kind for finding in panel.points[0].findings}
    assert panel.points[0].latency.value == pytest.approx(0.0114 / 0.006 * panel.yardstick_s)
    assert [origin.session for origin in panel.origins] == ["s1", "s2"]


def test_one_session_keeps_absolute_latencies():
    (panel,) = panels([record("a", (0.010, 0.011, 0.012))])
    assert panel.yardstick_s is None
    assert panel.points[0].latency.method == "t over runs"


def test_a_case_without_yardstick_cannot_join_other_sessions():
    (panel,) = panels([record("a"), record("b", yardsticks=(None,) * 3, session="s2")])
    assert labels(panel) == ["a"]
    assert "--where session=s2" in panel.excluded[0].reason


def test_a_copied_file_does_not_count_its_runs_twice():
    (panel,) = panels([record("a"), record("a")])
    assert panel.points[0].latency.n == 3


def test_a_front_of_throughput_follows_the_images_that_were_done():
    # By its median pass `uneven` is the fastest, by its images the slowest: passes of 20 ms on average.
    crowd = [
        passing("uneven", [10, 10, 40], 80.0), passing("even", [15, 15, 15], 79.0), passing("late", [19, 19, 19], 81.0)
    ]  # fmt: skip
    by = {metric: panels(crowd, metric)[0] for metric in ("latency", "throughput")}
    assert labels(by["latency"]) == ["uneven", "even", "late"]
    assert [p.dominated_by for p in by["latency"].points] == [None, "uneven", None]
    assert labels(by["throughput"]) == ["even", "late", "uneven"]
    assert [p.dominated_by for p in by["throughput"].points] == [None, None, "late"]
    assert [p.chance for p in by["latency"].points] == [1.0, 0.0, 1.0]
    assert [p.chance for p in by["throughput"].points] == [1.0, 1.0, 0.0]
    for panel in by.values():
        rates = {point.label: point.throughput.value for point in panel.points}
        assert rates == pytest.approx({"uneven": 50.0, "even": 1 / 0.015, "late": 1 / 0.019})


def test_ties_of_a_front_of_throughput_are_those_of_images():
    ratios = (0.98, 1.0, 1.03)
    same = [record("a", tuple(0.01 * r for r in ratios), top1=80.0), record("b", (0.01,) * 3, top1=80.1)]
    slow = [record("c", (0.012,) * 3, top1=80.2)]
    (panel,) = panels([*same, *slow], "throughput")
    assert {p.label: p.tied_with for p in panel.points} == {"a": ("b",), "b": ("a",), "c": ()}
    apart = [passing("a", [10, 10, 40], 80.0), passing("b", [10, 10, 10], 80.1)]
    (median,), (images,) = panels(apart), panels(apart, "throughput")
    assert [p.latency.value for p in median.points] == pytest.approx([0.01, 0.01])
    assert [(p.label, p.dominated_by) for p in images.points] == [("b", None), ("a", "b")]


def test_networks_of_even_passes_have_the_same_front_by_either_metric():
    many = [record(f"n{i}", (0.01 * (i + 1),) * 3, top1=70 + (i * 7) % 10) for i in range(10)]
    by = {metric: panels(many, metric)[0] for metric in ("latency", "throughput")}
    assert [p.label for p in by["latency"].front] == [p.label for p in by["throughput"].front]
    with pytest.raises(UsageError, match="unknown metric"):
        panels(many, "speed")


def test_throughputs_of_several_sessions_are_put_on_one_scale_by_the_yardsticks_passes():
    # The second session was 20 % slower for everything.
    calm = record("a", (0.0100,) * 3, yardsticks=(0.005,) * 3, session="s1", top1=80.0)
    slow = record("b", (0.0114,) * 3, yardsticks=(0.006,) * 3, session="s2", top1=80.0)
    (panel,) = panels([calm, slow], "throughput")
    assert labels(panel) == ["b", "a"]
    mean = 3.1 / 3  # of the passes of a turn over their median
    assert [p.throughput.value for p in panel.points] == pytest.approx([1 / (0.0114 * mean), 1 / (0.012 * mean)])
    assert "yardstick-moved" in {finding.kind for finding in panel.points[0].findings}
    assert panels([slow, calm], "throughput") == (panel,)


def test_too_many_panels_are_refused_with_the_fields_that_differ():
    found = panels([record("a", threads=t, torch=v) for t in (4, 1) for v in ("2.13.0", "2.7.0")])
    require_comparable(found)
    with pytest.raises(NotComparableError) as caught:
        require_comparable(found, 3)
    assert str(caught.value) == (
        "cannot draw one front: the records differ in threads (1, 4) and torch (2.7.0, 2.13.0). "
        "Choose with --where threads=1, … until at most 3 panels are left; now there are 4."
    )


def test_nothing_to_draw_says_why():
    with pytest.raises(NothingToShowError, match=r"\n  a@224: measured, but no accuracy is known"):
        require_comparable(panels([record("a", top1=None)]))
    with pytest.raises(NothingToShowError, match="Measure some"):
        require_comparable(())


def test_reasons_why_nothing_can_be_drawn_are_a_line_each_and_what_was_measured_comes_first():
    failed = [record(f"bad{at}", (), outcome="failed", reason=f"raised Error: no {at}. Look. ") for at in range(9)]
    long = record("a_long", (), outcome="failed", reason="very " * 100)
    ours = [record(f"z{at}", top1=None) for at in range(5)]
    elsewhere = record("bad0", (), session="s2", outcome="failed", reason="no room")
    with pytest.raises(NothingToShowError) as caught:
        require_comparable(panels([*failed, long, *ours, elsewhere]))
    head, measured, cut, first, *others = caught.value.lines
    assert head == "no stored case has both a speed and an accuracy. Left out:"
    assert measured.startswith("  z0@224, z1@224, z2@224 and 2 more: measured, but no accuracy is known for it at")
    assert "--accuracy (of one network of your own) or in a TOML file" in measured
    assert cut.startswith("  a_long@224: failed: very very")
    assert cut.endswith("very very"), "what a reason says last is what to do"
    assert first == "  bad0@224: failed: no room"
    assert others[0] == "  bad0@224: failed: raised Error: no 0. Look"
    assert others[-1] == "  … and 4 further reasons"
    assert ".." not in str(caught.value)


def test_a_case_that_lacks_an_accuracy_and_a_time_says_what_keeps_it_from_a_time():
    (panel,) = panels([record("a", top1=None, runs=(0.01,), complete=False, turns=1)])
    (out,) = panel.excluded
    assert (out.lacks, "broken off in run 1" in out.reason) == ("speed", True)


def test_a_network_that_has_no_place_is_named_with_its_height_and_width():
    (panel,) = panels([record("a", top1=None, resolution=192, width=256)])
    assert panel.excluded[0].label == "a@192x256"
