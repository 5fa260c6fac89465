import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NothingToShowError, StoreError
from bench.judge.front import panels
from bench.report import figure
from bench.report.layout import ticks
from bench.report.style import styles
from tests.generate_store import PAPER, population
from tests.making import record

SPREAD = (0.98, 1.0, 1.02)


def measured(truths, **fields):
    return [
        record(t.network, [t.latency_s * f for f in SPREAD], top1=t.top1, family=t.family, **fields) for t in truths
    ]


def paper():
    return panels([*measured(PAPER), *measured(PAPER, allocator="shipped")])


def texts(drawn):
    """Real extents of every label in pixels, axes by axes."""
    renderer = drawn.figure.canvas.get_renderer()
    return [
        (ax, [(t.get_text(), t.get_window_extent(renderer)) for t in ax.texts if t.get_gid() == "label"])
        for ax in drawn.figure.axes
    ]


@pytest.mark.parametrize(
    "shown",
    [
        paper(),
        panels(measured(population(35, 3))),
        panels(measured(population(35, 4)), "throughput"),
        panels(measured([t for i, t in enumerate(population(60, 5))])),
        panels([r for n in (1, 2, 4, 8, 16) for r in measured(PAPER, threads=n)]),
        panels([*measured(PAPER), *measured(PAPER, form="inference")]),
    ],
    ids=["paper", "many", "throughput", "crowd", "five panels", "forms"],
)
def test_no_label_overlaps_another_or_a_marker_or_is_clipped(shown):
    drawn = figure.draw(shown)
    for (ax, labels), panel in zip(texts(drawn), shown, strict=True):
        frame = ax.get_window_extent()
        assert labels
        for (_, a), (_, b) in itertools.combinations(labels, 2):
            assert not a.overlaps(b)
        for _, extent in labels:
            assert frame.x0 - 1 <= extent.x0
            assert extent.x1 <= frame.x1 + 1
            assert frame.y0 - 1 <= extent.y0
            assert extent.y1 <= frame.y1 + 1
            for point in panel.points:
                x, y = ax.transData.transform(figure.xy(point, panel.metric))
                assert not (extent.x0 < x < extent.x1 and extent.y0 < y < extent.y1)


def test_every_network_of_the_paper_gets_its_name_and_the_count_of_missing_names_is_right():
    drawn = figure.draw(paper())
    assert drawn.unlabelled == 0
    assert [{text for text, _ in labels} for _, labels in texts(drawn)] == [{t.network for t in PAPER}] * 2
    crowded = figure.draw(panels(measured(population(35, 3))))
    assert sum(len(labels) for _, labels in texts(crowded)) == 35 - crowded.unlabelled


def test_beyond_forty_points_only_the_front_is_named():
    (panel,) = panels(measured(population(60, 5)))
    ((_, labels),) = texts(figure.draw((panel,)))
    assert {text for text, _ in labels} <= {point.label for point in panel.front}


def test_title_legend_and_caption_neither_overlap_nor_leave_the_page():
    drawn = figure.draw(paper())
    renderer = drawn.figure.canvas.get_renderer()
    (legend,), (caption,) = drawn.figure.legends, drawn.figure.texts
    boxes = [legend.get_window_extent(renderer), caption.get_window_extent(renderer)]
    boxes += [ax.get_tightbbox(renderer) for ax in drawn.figure.axes]
    width, height = drawn.figure.get_size_inches() * drawn.figure.dpi
    for one in boxes:
        assert one.x0 >= 0
        assert one.y0 >= 0
        assert one.x1 <= width
        assert one.y1 <= height
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_panels_share_their_scales_and_their_titles_say_what_differs():
    first, second = figure.draw(paper()).figure.axes
    assert first.get_xlim() == second.get_xlim()
    assert first.get_ylim() == second.get_ylim()
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["allocator pinned", "allocator shipped"]
    assert first.get_ylabel() == "ImageNet top-1 (%)"
    assert first.get_xlabel() == "Latency of one image (ms)"


def test_an_axis_that_stands_for_several_batches_names_none():
    both = [
        one for batch in (1, 16) for form in ("inference", "shipped") for one in measured(PAPER, batch=batch, form=form)
    ]
    *_, third, fourth = figure.draw(panels(both)).figure.axes
    assert third.get_xlabel() == fourth.get_xlabel() == "Latency of a batch (ms)"
    one_batch = [one for form in ("inference", "shipped") for one in measured(PAPER, batch=16, form=form)]
    assert figure.draw(panels(one_batch)).figure.axes[0].get_xlabel() == "Latency of a batch of 16 (ms)"


def test_forms_have_panels_of_their_own_that_say_so():
    drawn = figure.draw(panels([*measured(PAPER), *measured(PAPER, form="inference")]))
    assert [ax.get_title(loc="left") for ax in drawn.figure.axes] == ["form inference", "form shipped"]
    (caption,) = drawn.figure.texts
    assert "form" not in caption.get_text()
    alone = figure.draw(panels(measured(PAPER, form="inference")))
    (caption,) = alone.figure.texts
    assert "form inference" in caption.get_text()


def test_the_caption_states_the_conditions():
    (caption,) = figure.draw(paper()).figure.texts
    said = caption.get_text()
    for words in (
        "Example Xeon",
        "1 thread",
        "batch 1",
        "runtime eager",
        "torch 2.13.0",
        "3 runs",
        "95 %",
        "session s1",
    ):
        assert words in said
    (alone,) = figure.draw(panels([record("a", (0.01,))])).figure.texts
    assert "1 run, no interval" in alone.get_text().replace("\n", " ")


fronts = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=30, unique=True)


@given(fronts, st.sampled_from(["latency", "throughput"]))
def test_the_staircase_passes_through_the_front_and_never_below_or_beyond_a_point(cloud, metric):
    sign = 1 if metric == "latency" else -1

    def beats(a, b):
        return a != b and sign * a[0] <= sign * b[0] and a[1] >= b[1]

    front = [a for a in cloud if not any(beats(b, a) for b in cloud)]
    corners = figure.staircase(front, metric)
    assert set(front) <= set(corners)
    for a, b in itertools.pairwise(corners):
        assert a[0] == b[0] or a[1] == b[1]
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        # What the line claims can be had, some member really offers; and no measured point is better than the line.
        assert any(sign * p[0] <= sign * middle[0] and p[1] >= middle[1] for p in front)
        assert not any(sign * p[0] < sign * middle[0] and p[1] > middle[1] for p in cloud)


def test_ticks_are_plain_numbers_inside_the_limits():
    assert ticks(6, 520) == [10, 20, 50, 100, 200, 500]
    assert ticks(0.9, 2e5) == [1, 10, 100, 1000, 10000, 100000]
    assert len(ticks(10.2, 10.6)) >= 2
    assert all(3 <= tick <= 4.5 for tick in ticks(3, 4.5))


def test_families_beyond_the_palette_share_grey_and_looks_are_unique():
    looks = styles(panels([record(f"n{i}", family=f"f{i:02d}") for i in range(30)]))
    assert len(looks) == 17
    assert len(set(looks.values())) == 17
    assert "other families" in looks


def test_saving_twice_gives_the_same_bytes_and_leaves_matplotlibs_settings_alone(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    before = dict(matplotlib.rcParams)
    for kind in ("png", "svg", "pdf"):
        for name in ("a", "b"):
            figure.save(figure.draw(paper()).figure, tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    assert dict(matplotlib.rcParams) == before


def test_hostile_names_draw_without_warnings_and_as_text(tmp_path):
    shown = panels([record("$x_{1}$ 净 \x1b[0m", family="\n</svg>$"), record("plain", (0.02,) * 3, top1=81.0)])
    figure.save(figure.draw(shown).figure, tmp_path / "x.svg")
    ((_, labels),) = texts(figure.draw(shown))
    assert ("$x_{1}$ \\u51c0 \\x1b[0m") in {text for text, _ in labels}


def test_one_point_without_an_interval_can_be_drawn():
    drawn = figure.draw(panels([record("a", (0.01,))]))
    assert drawn.unlabelled == 0


def test_nothing_to_draw_is_said_not_drawn():
    with pytest.raises(NothingToShowError):
        figure.draw(panels([record("a", top1=None)]))


def test_an_unwritable_file_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="cannot write"):
        figure.save(figure.draw(panels([record("a")])).figure, tmp_path / "missing" / "x.png")
