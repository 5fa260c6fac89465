"""Our names and timm's map one to one."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit import SIZES, levit
from levit_bench.levit.weight_names import from_timm, to_timm
from levit_bench.measuring.networks.timm_import import import_timm

FIVE = ["levit_128s", "levit_128", "levit_192", "levit_256", "levit_384"]


@pytest.mark.parametrize("name", FIVE)
def test_every_tensor_of_ours_is_one_of_timms_with_the_same_shape_and_back(name):
    with torch.device("meta"):
        ours, theirs = levit(name).state_dict(), import_timm().create_model(name).state_dict()
    assert {to_timm(own): tensor.shape for own, tensor in ours.items()} == {
        other: tensor.shape for other, tensor in theirs.items()
    }
    assert [from_timm(to_timm(own)) for own in ours] == list(ours)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "head",
        "head.linear",
        "position.table",
        "stages.0.blocks.x.mlp.expand.norm.bias",
        "stem.layers.4.conv.weight",
    ],
)
def test_a_name_without_counterpart_is_refused(name):
    with pytest.raises(KeyError, match="no counterpart"):
        to_timm(name)


def test_a_name_that_is_not_timms_is_refused():
    for name in (
        "stem.layers.0.conv.weight",
        "stages.0.blocks.0.attention.qkv.linear.weight",
        "blocks.0.m.qkv.c.weight",
    ):
        with pytest.raises(KeyError, match="no counterpart"):
            from_timm(name)


def test_what_the_ablation_adds_has_no_counterpart():
    with torch.device("meta"):
        names = [own for own in levit(SIZES["levit_128s_a5"]).state_dict() if "position" in own]
    assert names == ["position.table"]
