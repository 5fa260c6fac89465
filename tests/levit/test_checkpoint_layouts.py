"""Names alone say whose a checkpoint is."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit import SIZES, WeightsError, levit
from levit_bench.levit.checkpoint import Checkpoint
from levit_bench.levit.checkpoint_layouts import by_our_names
from levit_bench.levit.weight_names import authors_shrinks, from_authors, to_timm
from levit_bench.measuring.networks.timm_import import import_timm

from tests.levit.checkpoints import DEPTHS, as_authors

ONE = torch.zeros(1)


def _state(*names):
    return by_our_names(Checkpoint("'x.pth'", dict.fromkeys(names, ONE), {}))


@pytest.mark.parametrize("name", DEPTHS)
def test_every_name_of_the_authors_is_one_of_ours(name):
    with torch.device("meta"):
        theirs = as_authors(import_timm().create_model(name), DEPTHS[name])
        ours = levit(name).state_dict()
    shrinks = authors_shrinks(theirs)
    assert shrinks == (2 * DEPTHS[name][0], 2 * sum(DEPTHS[name][:2]) + 2)
    found = {from_authors(key, shrinks): tensor.shape for key, tensor in theirs.items()}
    assert len(found) == len(theirs)
    assert {key: shape for key, shape in found.items() if not key.endswith(".index")} == {
        key: value.shape for key, value in ours.items()
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "blocks",
        "blocks.0",
        "blocks.0.kv.c.weight",
        "blocks.0.m.0.c.weight",
        "blocks.1.m.qkv.c.weight",
        "blocks.1.m.attention_biases",
        "blocks.0.attention_biases",
        "blocks.00.m.qkv.c.weight",
        "blocks.-1.m.qkv.c.weight",
        "blocks." + 5000 * "9" + ".m.qkv.c.weight",
        "blocks.4.m.attention_biases",
        "blocks.5.attention_biases",
        "blocks.4.m.qkv.c.weight",
        "patch_embed.1.c.weight",
        "head.c.weight",
        "stem.conv1.linear.weight",
    ],
)
def test_a_name_that_is_not_the_authors_is_refused(name):
    with pytest.raises(KeyError, match="no counterpart"):
        from_authors(name, (4, 12))


@pytest.mark.parametrize("name", SIZES)
def test_our_own_names_are_recognised_in_every_network(name):
    with torch.device("meta"):
        state = levit(name).state_dict()
    found = by_our_names(Checkpoint("x", dict(state), {}))
    assert list(found.tensors) == list(state)
    assert found.keys == {key: key for key in state}


def test_a_few_odd_names_do_not_hide_whose_the_others_are():
    with torch.device("meta"):
        names = [to_timm(name) for name in levit("levit_128s").state_dict()]
    found = _state(*names, "ema.decay", "stem.layers.0.conv.weight2")
    assert found.keys["stages.0.blocks.0.mlp.expand.linear.weight"] == "stages.0.blocks.0.mlp.ln1.linear.weight"
    assert found.keys["ema.decay"] == "ema.decay"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "no tensor at all"),
        (("conv1.weight", "fc.bias"), "holds no LeViT whose names are known: 'conv1.weight', 'fc.bias'"),
        (("levit.patch_embeddings.embedding_layer_1.convolution.weight",), "transformers' are not"),
        (("head.weight", "head.bias"), "holds no LeViT"),
        (("head.l.weight", "module.head.l.weight"), "some tensors twice, such as 'head.l.weight'"),
        (("head.l.weight", "head.l.bias", "head.linear.weight"), "both name head.linear.weight"),
    ],
)
def test_other_names_are_refused(names, said):
    with pytest.raises(WeightsError) as caught:
        _state(*names)
    assert said in str(caught.value)
