"""Fronts of several sets of images: a panel for each, none of which an accuracy on another set can touch."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from levit_bench.catalog.image_sets import IMAGENET, ImageSet
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.comparability import where
from levit_bench.judge.early_stopping.race import runners
from levit_bench.judge.front.changes import base_of, bases_of, changes
from levit_bench.judge.front.panel_limits import require_comparable
from levit_bench.judge.front.panels import of_set, panels
from levit_bench.judge.front.pick import Limits, pick
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.records import Accuracy, Record

from tests.making import record

PARTS = ImageSet("my-parts", 2000, 10)


def on(one: ImageSet, top1: float) -> Accuracy:
    return Accuracy(top1=top1, dataset=one.name, images=one.images, classes=one.classes, source="made up")


def scored(network: str, seconds: float, *accuracies: Accuracy, classes: int | None = None, **fields: Any) -> Record:
    """A record with these accuracies, of three even runs in a process of its own, as every user's network has."""
    made = record(network, (seconds,) * 3, top1=None, **{"allocator": "shipped", **fields})
    first, others = (accuracies[0], accuracies[1:]) if accuracies else (None, ())
    info = msgspec.structs.replace(made.info, accuracy=first, accuracies=others, classes=classes)
    return msgspec.structs.replace(made, info=info)


LEVIT = scored("levit_128s", 0.007, on(IMAGENET, 76.6), on(PARTS, 95.0))
BIG = scored("levit_384", 0.044, on(IMAGENET, 82.6))
MINE = scored("nets.py:tiny", 0.002, on(PARTS, 91.0), classes=10)
SLOW = scored("nets.py:slow", 0.020, on(PARTS, 90.0), classes=10)
ALL = [LEVIT, BIG, MINE, SLOW]


def test_each_set_is_a_panel_and_what_was_scored_on_another_says_so() -> None:
    imagenet, parts = panels(ALL)
    assert [(p.label, p.accuracy.top1, p.dominated_by) for p in imagenet.points] == [
        ("levit_128s", 76.6, None), ("levit_384", 82.6, None),
    ]  # fmt: skip
    assert [(p.label, p.accuracy.top1, p.dominated_by) for p in parts.points] == [
        ("nets.py:tiny", 91.0, None), ("levit_128s", 95.0, None), ("nets.py:slow", 90.0, "levit_128s"),
    ]  # fmt: skip
    assert (imagenet.scored_on, parts.scored_on) == (IMAGENET, PARTS)
    told = "scored on my-parts (2,000 images, 10 classes), not on ImageNet-1k validation"
    assert [(one.label, one.reason) for one in imagenet.excluded] == [
        ("nets.py:slow@224", told), ("nets.py:tiny@224", told),
    ]  # fmt: skip
    assert [one.reason for one in parts.excluded] == [
        "scored on ImageNet-1k validation, not on my-parts (2,000 images, 10 classes)"
    ]


@pytest.mark.parametrize("metric", ["latency", "throughput"])
def test_a_panel_is_what_it_would_be_without_those_of_other_sets(metric: str) -> None:
    nothing = scored("nobody", 0.001)
    for at, kept in enumerate(([LEVIT, BIG, nothing], [LEVIT, MINE, SLOW, nothing])):
        whole = panels([*ALL, nothing], metric, ALL)[at]
        (alone,) = (p for p in panels(kept, metric, ALL) if p.set_key == whole.set_key)
        assert whole.points == alone.points
        assert whole.findings == alone.findings
        assert "nobody@224" in {one.label for one in whole.excluded}


def test_a_network_with_ten_classes_does_not_dominate_its_self_with_a_thousand() -> None:
    ten = scored("nets.py:ten", 0.006, on(IMAGENET, 95.0), classes=10)
    (panel,) = panels([LEVIT, BIG, ten])[:1]
    assert [p.label for p in panel.front] == ["levit_128s", "levit_384"]
    (out,) = panel.excluded
    assert (out.label, out.reason) == (
        "nets.py:ten@224", "it returns 10 classes, and ImageNet-1k validation has 1,000: state its own set",
    )  # fmt: skip
    with pytest.raises(NothingToShowError, match="returns 10 classes, and ImageNet-1k validation has 1,000"):
        require_comparable(panels([ten]))
    known = scored("nets.py:many", 0.006, on(PARTS, 95.0), classes=1000)
    assert [p.label for p in panels([known])[0].points] == ["nets.py:many"]


def test_files_without_classes_are_of_the_sets_that_newer_ones_name() -> None:
    old = scored("old", 0.010, Accuracy(top1=78.0, source="made up"))
    mine = scored("mine", 0.010, Accuracy(top1=93.0, dataset="My Parts", images=2000, source="made up"))
    imagenet, parts = panels([*ALL, old, mine])
    assert "old" in {p.label for p in imagenet.points}
    assert "mine" in {p.label for p in parts.points}


def test_one_name_with_another_size_is_another_panel() -> None:
    other = scored("nets.py:other", 0.001, on(ImageSet("my-parts", 500, 10), 99.0))
    found = panels([*ALL, other])
    assert [p.fields["set"] for p in found] == [
        "ImageNet-1k validation", "my-parts (500 images, 10 classes)", "my-parts (2,000 images, 10 classes)",
    ]  # fmt: skip


def test_the_small_lead_of_a_small_set_is_that_of_its_own_images() -> None:
    (panel,) = panels([MINE, scored("nets.py:next", 0.003, on(PARTS, 92.0), classes=10)])
    (found,) = (f for f in panel.findings if f.kind == "small-lead")
    assert "less than 1.39 points (nets.py:next)" in found.message  # 100 · 1.96 · sqrt(0.1 / 2000)
    assert "the 2,000 images of my-parts" in found.message


def test_a_set_is_chosen_by_its_name_or_its_name_and_size() -> None:
    found = panels(ALL)
    assert of_set(found, "My Parts") == of_set(found, PARTS.words) == (found[1],)
    assert of_set(found, "imagenet") == (found[0],)
    with pytest.raises(
        NothingToShowError, match=r"--set 'parts': nothing .* Stored are: ImageNet-1k validation, my-parts"
    ):
        of_set(found, "parts")


def test_where_keeps_what_was_scored_on_a_set_with_these_accuracies_alone() -> None:
    kept = where(ALL, {"set": "my parts"})
    assert [r.case.network for r in kept] == ["levit_128s", "nets.py:tiny", "nets.py:slow"]
    assert [r.info.scored for r in kept] == [(on(PARTS, top1),) for top1 in (95.0, 91.0, 90.0)]
    assert len(panels(kept)) == 1
    with pytest.raises(NothingToShowError, match="no stored case was scored on set=other"):
        where(ALL, {"set": "other"})


def test_a_pick_among_several_sets_is_refused_with_the_choice_and_made_within_one() -> None:
    found = panels(ALL)
    with pytest.raises(NotComparableError, match=r"2 sets of images. Choose .*--set 'my-parts \(2,000 images"):
        pick_settings(found)
    picked = pick(pick_settings(of_set(found, "my-parts")), ALL, Limits(min_top1=90.5))
    assert picked.answer is not None
    assert (picked.answer.label, picked.answer.accuracy.dataset) == ("nets.py:tiny", "my-parts")


def test_moves_are_told_against_a_panel_of_the_same_set() -> None:
    more = [scored(r.case.network, r.runs[0].turns[0].duration_s[0], *r.info.scored, threads=2) for r in ALL]
    found = panels([*ALL, *more])
    bases = bases_of(found)
    assert [(b.fields["set"], b.setting.case.threads) for b in bases] == [(IMAGENET.words, 1), (PARTS.words, 1)]
    for base in bases:
        (change,) = changes(found, base)
        assert change.panel.scored_on == base.scored_on
        assert (change.only_here, change.only_base) == ((), ())
    assert [b.setting.case.threads for b in bases_of(found, {"threads": "2"})] == [2, 2]
    assert base_of(found, {"set": "my parts", "threads": "2"}).scored_on == PARTS
    assert [b.setting.case.threads for b in bases_of(found, {"set": "my-parts", "threads": "2"})] == [2, 2]
    with pytest.raises(UsageError, match="no panel has it; it is ImageNet-1k validation, my-parts"):
        base_of(found, {"set": "other"})


def test_a_race_is_among_those_of_one_set_however_many_are_left() -> None:
    lines = [r.info for r in (LEVIT, MINE, SLOW)]
    assert [(one.name, one.accuracy) for one in runners(lines)] == [
        ("levit_128s@224", 95.0), ("nets.py:tiny@224", 91.0), ("nets.py:slow@224", 90.0),
    ]  # fmt: skip
    assert [one.accuracy for one in runners(lines[:1], lines)] == [95.0]
    assert [one.accuracy for one in runners(lines[:1])] == [76.6]
    assert runners([MINE.info, BIG.info]) == []
    unfit = scored("nets.py:ten", 0.006, on(IMAGENET, 95.0), classes=10)
    assert [one.name for one in runners([BIG.info, unfit.info])] == ["levit_384@224"]


def labelled(made: Record, label: str) -> Record:
    return msgspec.structs.replace(made, info=msgspec.structs.replace(made.info, label=label))


def test_a_label_stands_for_the_name_where_people_read_and_write_and_the_case_stays_the_same() -> None:
    ours = labelled(MINE, "Ours v2")
    (panel,) = panels([LEVIT, ours, SLOW])[1:]
    assert (panel.points[0].label, panel.points[0].case.network) == ("Ours v2", "nets.py:tiny")
    assert ours.info.id == MINE.info.id
    assert where([LEVIT, ours], {"network": "Ours v2"}) == [ours]
    with pytest.raises(NothingToShowError):
        where([LEVIT, MINE], {"network": "Ours v2"})


def test_labels_that_two_networks_have_are_told_apart() -> None:
    one, other = labelled(MINE, "Ours"), labelled(SLOW, "Ours")
    (panel,) = panels([one, other])
    assert {p.label for p in panel.points} == {"Ours (nets.py:tiny)", "Ours (nets.py:slow)"}
    stolen = labelled(MINE, "levit_128s")
    (panel,) = panels([LEVIT, stolen])[1:]
    assert {p.label for p in panel.points} == {"levit_128s", "levit_128s (nets.py:tiny)"}
    small = labelled(scored("nets.py:tiny", 0.001, on(PARTS, 80.0), resolution=160), "Ours")
    (panel,) = panels([one, small])
    assert {p.label for p in panel.points} == {"Ours@224", "Ours@160"}
