"""Sizes are data, and grids follow from the image."""

from __future__ import annotations

import pytest
from levit_bench.levit.sizes import SIZES, Size, grids


def test_shrinks_have_the_heads_of_the_authors_code():
    found = {name: size.shrink_heads for name, size in SIZES.items() if size.classifiers == 2}
    assert found == {
        "levit_128s": (8, 16),
        "levit_128": (8, 16),
        "levit_192": (6, 9),
        "levit_256": (8, 12),
        "levit_384": (12, 16),
    }


def test_only_the_largest_drops_paths():
    assert {name for name, size in SIZES.items() if size.drop_path} == {"levit_384"}


def test_every_row_of_the_ablation_but_the_fourth_differs_from_its_base():
    base = SIZES["levit_128s_one_head"]
    rows = {number: SIZES[f"levit_128s_a{number}"] for number in range(1, 8)}
    assert [number for number, size in rows.items() if size == base] == [4]
    assert len(set(rows.values())) == 7


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ((224, 224), ((14, 14), (7, 7), (4, 4))),
        ((256, 320), ((16, 20), (8, 10), (4, 5))),
        ((33, 50), ((3, 4), (2, 2), (1, 1))),
        ((225, 97), ((15, 7), (8, 4), (4, 2))),
    ],
)
def test_grids_follow_from_rows_and_columns_each(image, wanted):
    assert grids(SIZES["levit_128s"], image) == wanted


@pytest.mark.parametrize("image", [(32, 224), (224, 32), (1, 1), (0, 224), (224, -5)])
def test_an_image_too_small_for_three_stages_is_refused_with_the_smallest_that_is_not(image):
    with pytest.raises(ValueError, match="too small for 3 stages: height and width must be at least 33"):
        grids(SIZES["levit_128s"], image)


@pytest.mark.parametrize(("name", "least"), [("levit_128s_a1", 1), ("levit_128s_a2", 48), ("levit_384", 33)])
def test_the_smallest_image_is_one_that_every_stage_can_work_with(name, least):
    size: Size = SIZES[name]
    assert min(grids(size, (least, least))[-1]) == 1
    with pytest.raises(ValueError, match=f"at least {least}"):
        grids(size, (least - 1, 224))
