"""docs/levit.md: its table is counted, its pictures show what they say, and the committed ones are theirs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from levit_bench.levit.counts import total
from levit_bench.levit.sizes import SIZES, grids
from PIL import Image

from tools.pages import levit_pictures as pictures


def test_the_table_of_sizes_is_what_the_pencil_counts():
    assert pictures.PAGE.read_text(encoding="utf-8") == pictures.page(), "run: python -m tools.pages.levit_pictures"
    assert len(re.findall(r"^\| `levit_\d+s?` \|", pictures.table(), re.M)) == 5


def test_the_page_names_every_network_of_the_ablation():
    text = pictures.PAGE.read_text(encoding="utf-8")
    assert [name for name in SIZES if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", [pictures.PYRAMID, pictures.BIAS], ids=lambda path: path.name)
def test_the_committed_picture_was_drawn_from_the_committed_numbers(path):
    with Image.open(path) as image:
        assert image.text["Description"] == pictures.digests()[path], "run: python -m tools.pages.levit_pictures"
        assert 1200 <= image.width <= 1600


def test_the_heat_maps_show_the_file_mirrored_about_the_query():
    found = pictures.biases()
    shown = [ax.images[0].get_array() for ax in pictures.draw_bias().axes if ax.images]
    assert len(shown) == len(found) == 4
    for values, quadrant in zip(shown, found, strict=True):
        assert values.shape == (15, 15)
        assert np.array_equal(values[7:, 7:], quadrant)
        assert np.array_equal(values[::-1], values)
        assert np.array_equal(values[:, ::-1], values)


def test_the_biases_are_a_whole_table_that_was_learned():
    found = pictures.biases()
    assert np.isfinite(found).all()
    assert found.std() > 0.05
    assert len(pictures.DATA.read_text(encoding="utf-8").splitlines()) == 1 + found.size


def test_the_pyramid_shows_every_token_and_every_multiply_accumulate():
    upper, lower = pictures.draw_pyramid().axes
    size = SIZES[pictures.SHOWN]
    assert len(upper.patches) == sum(rows * columns for rows, columns in grids(size, (224, 224)))
    heights = [bar.get_height() for bar in lower.patches]
    assert sum(heights) == pytest.approx(total(size).macs / 1e6)
    names = [label.get_text() for label in lower.get_xticklabels()]
    assert names == ["stem", "stage 1", "shrink 1", "stage 2", "shrink 2", "stage 3", "classifiers"]
