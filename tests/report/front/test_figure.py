import itertools

import pytest
from levit_bench.errors import NothingToShowError, StoreError
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import Standing
from levit_bench.report.front import figure
from levit_bench.report.front.scales import ticks
from levit_bench.report.front.styles import WELL_KNOWN, styles

from tests.making import record
from tools.simulated.generate_store import PAPER, population

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
    assert first.get_ylabel() == "ImageNet-1k validation top-1 (%)"
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


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def words(drawn):
    return [words for text in drawn.figure.legends[0].get_texts() if (words := text.get_text()).strip()]


ROUGH = (0.0100, 0.0104, 0.0101, 0.0099, 0.0102)
OTHERS = (0.0101, 0.0100, 0.0103, 0.0100, 0.0101)
RACE = (
    record("tied_a", ROUGH, top1=80.0),
    record("tied_b", OTHERS, top1=79.9),
    record("good", [0.02 * one / 0.01 for one in ROUGH], top1=82.0),
    record("bad", [0.03 * one / 0.01 for one in OTHERS], top1=78.0),
)


def test_members_are_full_open_places_half_and_the_beaten_hollow():
    (ax,) = figure.draw(panels(RACE)).figure.axes
    found = {
        (line.get_fillstyle(), line.get_markerfacecolor() == "white"): sorted(map(float, line.get_ydata()))
        for line in lines(ax, "points")
    }
    assert found == {("full", False): [80.0, 82.0], ("left", False): [79.9], ("full", True): [78.0]}


@pytest.mark.parametrize("metric", ["latency", "throughput"])
def test_the_front_is_solid_where_it_is_sure_and_broken_where_a_member_may_be_beaten(metric):
    made = [record("a", ROUGH, top1=80.0), record("b", OTHERS, top1=75.0), *RACE[2:]]
    (panel,) = panels(made, metric)
    (ax,) = figure.draw((panel,)).figure.axes
    found = {line.get_linestyle(): line for line in lines(ax, "front")}
    assert [point.label for point in panel.front if point.standing is Standing.OPEN] == ["b"]
    broken, solid = found["--"], found["-"]
    assert max(broken.get_ydata()) == 75.0
    assert min(solid.get_ydata()) == 75.0
    assert max(solid.get_ydata()) == 82.0


def test_ties_share_a_band_and_labels_keep_out_of_it():
    drawn = figure.draw(panels(RACE))
    (ax,) = drawn.figure.axes
    edge, ground = lines(ax, "ties")
    assert [*ground.get_ydata()][:2] == [80.0, 79.9]
    assert edge.get_linewidth() > ground.get_linewidth()
    ((_, labels),) = texts(drawn)
    places = ax.transData.transform([*zip(ground.get_xdata()[:2], ground.get_ydata()[:2], strict=True)])
    radius = ground.get_markersize() / 72 * drawn.figure.dpi / 2
    for _, extent in labels:
        for x, y in places:
            inside = extent.x0 < x + radius * 0.9 and x - radius * 0.9 < extent.x1
            assert not (inside and extent.y0 < y + radius * 0.9 and y - radius * 0.9 < extent.y1)


def test_the_legend_explains_the_marks_that_occur():
    sure, perhaps = "on the front by speed (95 %)", "undecided"
    assert words(figure.draw(panels(RACE))) == ["Fam", sure, perhaps, "dominated (95 %)", "tied in top-1 and speed"]
    assert words(figure.draw(panels(RACE[2:]))) == ["Fam", sure, "dominated (95 %)"]


@pytest.mark.parametrize("families", [1, 3, 5, 12])
def test_families_and_marks_have_columns_of_their_own_in_the_legend(families):
    drawn = figure.draw(panels([*RACE, *(record(f"n{i}", [1.0] * 5, family=f"family{i}") for i in range(families))]))
    drawn.figure.canvas.draw()  # which puts the legend's texts into their places
    renderer = drawn.figure.canvas.get_renderer()
    (legend,) = drawn.figure.legends
    places = {text.get_text(): text.get_window_extent(renderer).x0 for text in legend.get_texts()}
    named = {name: x for name, x in places.items() if name.startswith(("family", "Fam"))}
    assert len(named) == families + 1
    assert max(named.values()) < places["on the front by speed (95 %)"]


def test_where_too_few_runs_leave_no_chance_the_picture_claims_none():
    def thin(top1=79.9, **fields):
        return [record("a", (0.01, 0.011), top1=80.0, **fields), record("b", (0.0101, 0.0109), top1=top1, **fields)]

    drawn = figure.draw(panels(thin()))
    (ax,) = drawn.figure.axes
    # Nothing is as accurate as the first one, whatever the runs say; the place of the other depends on them.
    assert words(drawn) == ["Fam", "on the front by speed (95 %)", "undecided"]
    assert not lines(ax, "ties")
    assert sorted(line.get_fillstyle() for line in lines(ax, "points")) == ["full", "left"]
    (ax,) = figure.draw(panels(thin(top1=80.0))).figure.axes
    assert {line.get_fillstyle() for line in lines(ax, "points")} == {"left"}
    assert {line.get_linestyle() for line in lines(ax, "front")} == {"--"}
    (caption,) = figure.draw(panels([*RACE, *thin(threads=4)])).figure.texts
    assert "places that hang on a network of fewer than 3 runs are undecided" in caption.get_text().replace("\n", " ")


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


def test_well_known_families_look_the_same_in_every_figure():
    alone = styles(panels([record("levit_192", family="LeViT")]))
    beside = styles(panels([record(f"n{i}", family=name) for i, name in enumerate(("A", "DeiT", "LeViT", "ResNet"))]))
    assert alone["LeViT"] == beside["LeViT"]
    assert len({look.colour for look in beside.values()}) == 4
    assert len(set(WELL_KNOWN.values())) == len(WELL_KNOWN)
    for eight in (list(WELL_KNOWN.values())[:8], list(WELL_KNOWN.values())[8:]):
        assert len({look.colour for look in eight}) == len(eight) == 8


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
