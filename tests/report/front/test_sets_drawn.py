"""Several sets of images in one figure: each axis names its set, has a scale of its own, and no text meets another."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.records import Accuracy, Record
from levit_bench.report.front import figure
from levit_bench.report.front.pages import paginate

from tests.making import record
from tools.simulated.generate_store import PAPER

LONG = "Ours v2, distilled for a whole week, at twice the width (60)!"[:60]


def scored(network: str, seconds: float, label: str | None, *accuracies: Accuracy, **fields: object) -> Record:
    asked = {"allocator": "shipped", **fields}  # each in a process of its own, as every user's network is
    made = record(network, (0.99 * seconds, seconds, 1.01 * seconds), top1=None, **asked)  # type: ignore[arg-type]
    info = msgspec.structs.replace(made.info, label=label, accuracy=accuracies[0], accuracies=accuracies[1:])
    return msgspec.structs.replace(made, info=info)


def on(name: str, top1: float, images: int = 2000) -> Accuracy:
    return Accuracy(top1=top1, dataset=name, images=images, classes=10, source="made up")


IMAGENET = [scored(t.network, t.latency_s, None, Accuracy(top1=t.top1, source="paper")) for t in PAPER[:5]]
OWN = [
    scored("nets.py:a#3f2a91", 0.006, "Ours v1", on("my-parts", 88.0)),
    scored("nets.py:b#3f2a91", 0.016, LONG, on("my-parts", 93.0)),
]
SMALL = [scored("nets.py:c#3f2a91", 0.016, "Ours, small set", on("my-parts", 90.0, 500))]


def test_each_axis_names_its_set_and_has_its_own_scale() -> None:
    drawn = figure.draw(panels([*IMAGENET, *OWN])).figure
    assert [ax.get_ylabel() for ax in drawn.axes] == ["ImageNet-1k validation top-1 (%)", "my-parts top-1 (%)"]
    low, high = (ax.get_ylim() for ax in drawn.axes)
    assert low[1] < 84
    assert high[0] > 87
    assert drawn.axes[0].get_xlim() == drawn.axes[1].get_xlim()
    assert [ax.get_title(loc="left") for ax in drawn.axes] == [
        "top-1 on ImageNet-1k validation", "top-1 on my-parts (2,000 images, 10 classes)",
    ]  # fmt: skip


def test_panels_of_one_set_share_its_scale_and_name_it_once() -> None:
    two = [scored("nets.py:d#3f2a91", 0.006, None, on("my-parts", 70.0), threads=2)]
    drawn = figure.draw(panels([*OWN, *two])).figure
    assert [ax.get_ylabel() for ax in drawn.axes] == ["my-parts top-1 (%)", ""]
    assert drawn.axes[0].get_ylim() == drawn.axes[1].get_ylim()


def test_sets_of_one_name_have_their_size_on_the_axis() -> None:
    drawn = figure.draw(panels([*IMAGENET, *OWN, *SMALL])).figure
    assert [ax.get_ylabel() for ax in drawn.axes] == [
        "ImageNet-1k validation top-1 (%)",
        "my-parts top-1 (%)\n500 images, 10 classes",
        "my-parts top-1 (%)\n2,000 images, 10 classes",
    ]


def test_a_label_is_drawn_whole_in_place_of_the_name() -> None:
    drawn = figure.draw(panels(OWN))
    assert {text.get_text() for text in drawn.figure.axes[0].texts if text.get_gid() == "label"} == {"Ours v1", LONG}
    assert drawn.unlabelled == 0


@pytest.mark.parametrize(
    "records",
    [
        [*IMAGENET, *OWN],
        [*OWN, *SMALL],
        [*IMAGENET, *OWN, *SMALL],
        [scored("a", 0.01, None, on("W" * 200, 50.0)), scored("b", 0.01, None, on("$\\frac{1}{2}$ <b>", 50.0))],
    ],
    ids=["two sets", "one name", "three", "long and hostile"],
)
def test_no_axis_meets_another_or_leaves_the_page(records: list[Record]) -> None:
    drawn = figure.draw(panels(records)).figure
    renderer = drawn.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [ax.get_tightbbox(renderer) for ax in drawn.axes]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= drawn.bbox.width
        assert box.y1 <= drawn.bbox.height


def test_pages_are_divided_by_set_before_anything_else() -> None:
    many = [
        scored(r.case.network, 0.01 * at, None, *r.info.scored, threads=at)
        for at in range(1, 6)
        for r in [*IMAGENET, *OWN]
    ]
    pages = paginate(panels(many))
    assert [{panel.fields["set"] for panel in page.panels} for page in pages] == [
        {"ImageNet-1k validation"}, {"my-parts (2,000 images, 10 classes)"},
    ]  # fmt: skip
    assert pages[1].heading == "top-1 on my-parts (2,000 images, 10 classes) (page 2 of 2)"
