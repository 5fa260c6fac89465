"""Sets of images: which names and sizes are one set, whatever their order, and what a set is called."""

from __future__ import annotations

import itertools

import pytest
from levit_bench.catalog.image_sets import IMAGENET, ImageSet, common, in_order, same_sets, set_of, usual
from levit_bench.records import Accuracy


def scored(dataset: str = IMAGENET.name, images: int = 50_000, classes: int | None = None) -> Accuracy:
    return Accuracy(top1=80.0, dataset=dataset, images=images, classes=classes, source="made up")


@pytest.mark.parametrize("name", ["my-parts", "My Parts", " my  parts ", "MY_PARTS", "my‑parts"])
def test_case_spaces_and_hyphens_make_no_other_set(name: str) -> None:
    assert ImageSet(name, 2000, 10).key == ImageSet("my-parts", 2000, 10).key


@pytest.mark.parametrize(
    "other", [ImageSet("my-parts", 2001, 10), ImageSet("my-parts", 2000, 11), ImageSet("my-part", 2000, 10)]
)
def test_another_name_number_of_images_or_of_classes_is_another_set(other: ImageSet) -> None:
    assert other.key != ImageSet("my-parts", 2000, 10).key
    assert len(set(same_sets([other, ImageSet("my-parts", 2000, 10)]).values())) == 2


@pytest.mark.parametrize("name", ["ImageNet", "imagenet-1k val", "ILSVRC2012 validation", "ImageNet_1K Validation"])
def test_imagenet_has_many_names_and_a_thousand_classes(name: str) -> None:
    assert set_of(scored(name)).key == IMAGENET.key
    assert set_of(scored(name, 10_000)).key != IMAGENET.key
    assert set_of(scored(name, classes=10)).key != IMAGENET.key


@pytest.mark.parametrize(
    ("name", "images", "classes"),
    [("imagenet-v2", 10_000, 1000), ("ImageNet-ReaL", 46_837, 1000), ("ImageNet-A", 7_500, 200), ("parts", None, None)],
)
def test_public_sets_have_their_usual_size(name: str, images: int | None, classes: int | None) -> None:
    found = usual(name)
    assert (found and found.images, found and found.classes) == (images, classes)
    assert found is None or found.key != IMAGENET.key


def test_classes_that_nobody_states_are_those_of_the_only_set_of_that_name_and_size() -> None:
    unknown, ten, twelve = (ImageSet("parts", 2000, classes) for classes in (None, 10, 12))
    assert same_sets([unknown, ten]) == {unknown: ten, ten: ten}
    assert same_sets([unknown, ten, twelve]) == {one: one for one in (unknown, ten, twelve)}
    assert same_sets([unknown]) == {unknown: unknown}


def test_a_set_is_shown_as_most_of_its_accuracies_write_it_whatever_their_order() -> None:
    written = [
        ImageSet("My Parts", 9, 2),
        ImageSet("my-parts", 9, 2),
        ImageSet("my-parts", 9, 2),
        ImageSet("ImageNet", 9),
    ]
    assert {same_sets(order)[written[0]].name for order in itertools.permutations(written)} == {"my-parts"}
    public = [set_of(scored("imagenet")), set_of(scored("imagenet")), set_of(scored())]
    assert set(same_sets(public).values()) == {IMAGENET}


def test_a_set_is_called_by_its_name_and_by_its_size_where_that_does_not_go_without_saying() -> None:
    assert IMAGENET.words == "ImageNet-1k validation"
    assert (
        ImageSet("ImageNet-1k validation", 10_000, 1000).words
        == "ImageNet-1k validation (10,000 images, 1,000 classes)"
    )
    one = ImageSet("my-parts", 2000, 10)
    assert one.words == "my-parts (2,000 images, 10 classes)"
    assert one.answers_to("My Parts")
    assert one.answers_to("my-parts (2,000 images, 10 classes)")
    assert not one.answers_to("my-parts (1,000 images, 10 classes)")
    assert in_order([one, IMAGENET, ImageSet("a", 1)]) == [IMAGENET, ImageSet("a", 1), one]


def test_a_set_is_common_when_every_network_was_scored_on_it() -> None:
    mine = scored("parts", 2000, 10)
    assert common([[scored()], [scored(), mine]]) == IMAGENET
    assert common([[mine], [scored(), scored("parts", 2000)]]) == set_of(mine)
    assert common([[scored()], [mine]]) is None
    assert common([[scored()], []]) == IMAGENET
    assert common([]) is None
