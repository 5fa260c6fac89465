"""What a LeViT has and does: the published figures, the pencil and torch's counter say the same."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit import SIZES, counts, levit
from torch.utils.flop_counter import FlopCounterMode

from tests.levit.drawing import TINY

# Parameters as trained, with BatchNorm folded, with one head less; millions of operations as the authors count them.
FIVE = {
    "levit_128s": (7_777_058, 7_756_466, 7_391_290, 305.11),
    "levit_128": (9_213_936, 9_188_864, 8_828_168, 406.11),
    "levit_192": (10_947_069, 10_918_613, 10_561_301, 657.60),
    "levit_256": (18_893_876, 18_856_276, 18_379_852, 1128.02),
    "levit_384": (39_128_836, 39_074_100, 38_358_300, 2352.94),
}

# The paper's Table 5 prints them with one decimal and none: 7.4 M and 305 M for the base.
ABLATION = {
    "levit_128s_one_head": (7.39, 304.7),
    "levit_128s_a1": (1.21, 308.3),
    "levit_128s_a2": (7.39, 275.2),
    "levit_128s_a3": (7.38, 304.7),
    "levit_128s_a4": (7.39, 304.7),
    "levit_128s_a5": (7.41, 304.7),
    "levit_128s_a6": (6.20, 312.2),
    "levit_128s_a7": (7.39, 304.7),
}

# Millions of operations with the softmax, two decimals.
PARTS_OF_128S = {
    "stem": 48.77,
    "stage1_attention": 34.33,
    "stage1_mlp": 25.69,
    "shrink1_attention": 29.51,
    "shrink1_mlp": 12.85,
    "stage2_attention": 23.79,
    "stage2_mlp": 38.54,
    "shrink2_attention": 24.41,
    "shrink2_mlp": 9.44,
    "stage3_attention": 19.28,
    "stage3_mlp": 37.75,
    "head": 0.38,
    "distilled_head": 0.38,
}


def _counted(rows, columns, size, *, in_channels=3, **how):
    """Parameters, and half of torch's flops for one image; counted without computing anything."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        network = levit(size, image_size=(rows, columns), in_channels=in_channels, **how).eval()
        network(torch.zeros(1, in_channels, rows, columns))
    return sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops() / 2


@pytest.mark.parametrize("name", FIVE)
def test_the_five_have_the_parameters_and_operations_of_the_authors_code(name):
    count = counts.total(SIZES[name])
    head = counts.parts(SIZES[name])["distilled_head"]
    found = (count.parameters, count.folded, count.parameters - head.parameters)
    assert (*found, round((count.macs + count.softmax) / 1e6, 2)) == FIVE[name]


@pytest.mark.parametrize("name", ABLATION)
def test_the_ablation_has_the_parameters_and_operations_of_table_5(name):
    count = counts.total(SIZES[name])
    assert (round(count.parameters / 1e6, 2), round((count.macs + count.softmax) / 1e6, 1)) == ABLATION[name]


def test_operations_fall_to_the_parts_as_in_the_authors_code():
    found = counts.parts(SIZES["levit_128s"])
    assert {part: round((count.macs + count.softmax) / 1e6, 2) for part, count in found.items()} == PARTS_OF_128S


@pytest.mark.parametrize("name", SIZES)
def test_pencil_and_counter_agree_on_every_network(name):
    count = counts.total(SIZES[name])
    assert _counted(224, 224, name) == (count.parameters, count.macs)


@pytest.mark.parametrize(("rows", "columns"), [(33, 33), (96, 160), (225, 50)])
def test_pencil_and_counter_agree_for_other_images_classes_and_channels(rows, columns):
    count = counts.total(TINY, (rows, columns), classes=7, in_channels=1)
    assert _counted(rows, columns, TINY, classes=7, in_channels=1) == (count.parameters, count.macs)
