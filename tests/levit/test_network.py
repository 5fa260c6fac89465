"""What LeViT does as a module: heads, modes, initialisation, the ablation, and recording it."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit import SIZES, levit
from levit_bench.levit.attention_bias import AttentionBias
from levit_bench.levit.layers import DropPath, LinearNorm, attend
from levit_bench.measuring.networks import levit as builder
from levit_bench.records import ImageShape
from msgspec.structs import replace
from torch import nn

from tests.levit.drawing import TINY, distance, drawn, images

ONE_HEAD = [name for name, size in SIZES.items() if size.classifiers == 1]


def _part(kind, name):
    """Parts of a network by their class."""
    return [part for part in levit(name).modules() if isinstance(part, kind)]


def test_the_builder_owns_its_names_and_no_others():
    assert all(builder.owns(name) for name in SIZES)
    for name in ("levit_128S", "levit_conv_128s", "levit_128s.fb_dist_in1k", "levit_128s_a8", "levit", ""):
        assert not builder.owns(name)
        with pytest.raises(LookupError, match="no LeViT is called"):
            builder.build_for(name, ImageShape.square(224))
        with pytest.raises(LookupError, match="levit_128s, levit_128"):
            builder.default_resolution(name)


@pytest.mark.parametrize("name", ONE_HEAD)
def test_the_ablation_is_built_and_gives_logits_in_both_modes(name):
    assert builder.default_resolution(name) == 224
    network = builder.build_for(name, ImageShape.square(64))
    x = torch.randn(3, 3, 64, 64)
    assert network(x).shape == (3, 1000)
    assert network.eval()(x).shape == (3, 1000)


def test_a_resolution_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="at least 33"):
        builder.build_for("levit_128s", ImageShape.square(32))


def test_images_of_another_size_are_refused_with_what_to_do():
    network = levit(TINY, image_size=(64, 96))
    with pytest.raises(ValueError, match=r"made for images of \(64, 96\).*got \(1, 3, 96, 64\).*resized"):
        network(torch.zeros(1, 3, 96, 64))


def test_training_returns_both_heads_and_evaluation_their_mean():
    network = drawn(TINY, image_size=64, classes=5)
    x = images(4, 3, 64, 64)
    mean = network(x)
    network.training = True  # of the outermost module alone: BatchNorms stay in evaluation
    labels, teacher = network(x)
    assert labels.shape == teacher.shape == (4, 5)
    assert distance(labels, teacher) > 0.1
    assert torch.equal(mean, (labels + teacher) / 2)


def test_an_image_is_classified_alike_alone_and_among_others():
    network = drawn(TINY, image_size=(64, 96))
    x = images(5, 3, 64, 96)
    with torch.no_grad():
        alone = torch.cat([network(x[[place]]) for place in range(5)])
        assert distance(alone, network(x)) < 1e-12


def test_the_same_seed_gives_the_same_weights():
    networks = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        networks.append(levit("levit_128s").state_dict())
    one, same, other = networks
    assert all(torch.equal(value, same[name]) for name, value in one.items())
    assert not torch.equal(one["head.linear.weight"], other["head.linear.weight"])


def test_every_block_starts_as_the_identity():
    network = levit("levit_128s").eval()
    tokens = torch.randn(2, 196, 128)
    assert torch.equal(network.stages[0](tokens), tokens)


def test_gains_are_zero_at_the_end_of_residual_branches_alone():
    network = levit("levit_128s")
    zero = {
        name for name, part in network.named_modules() if isinstance(part, LinearNorm) and not part.norm.weight.any()
    }
    ends = {name for name, _ in network.named_modules() if name.endswith(("blocks.0.attention.project", "contract"))}
    assert {name for name in zero if "project" in name} == {
        f"stages.{stage}.blocks.{block}.attention.project"
        for stage, depth in enumerate((2, 3, 4))
        for block in range(depth)
    }
    assert ends <= zero
    assert len(zero) == 2 * (2 + 3 + 4) + 2


def test_weights_that_are_trained_without_decay_are_the_tables():
    network = levit("levit_128s")
    assert len(network.no_weight_decay()) == 2 + 3 + 4 + 2
    assert all(not network.get_parameter(name).any() for name in network.no_weight_decay())
    assert "position.table" in levit("levit_128s_a5").no_weight_decay()


def test_row_a3_has_no_batchnorm_and_row_a5_no_bias():
    assert not _part((nn.BatchNorm1d, nn.BatchNorm2d), "levit_128s_a3")
    # Before each of 9 + 2 attentions and as many MLPs, and before the head.
    assert len(_part(nn.LayerNorm, "levit_128s_a3")) == 2 * 11 + 1
    assert not [name for name, _ in levit("levit_128s_a5").named_parameters() if "bias.table" in name]


def test_row_a7_has_an_activation_less_in_every_attention():
    base, without = (len(_part(nn.Hardswish, f"levit_128s_{row}")) for row in ("one_head", "a7"))
    assert base - without == 2 + 3 + 4 + 2


def test_drop_path_drops_whole_images_and_keeps_the_mean():
    torch.manual_seed(0)
    drop = DropPath(0.25)
    found = drop(torch.ones(4000, 2, 3)).flatten(1)
    assert torch.equal(found, found[:, :1].expand(-1, 6))
    assert set(found.unique().tolist()) == {0.0, float(torch.tensor(1.0) / 0.75)}
    assert float(found.mean()) == pytest.approx(1, abs=0.04)
    assert drop.eval()(found) is found


def test_the_probability_of_dropping_is_the_sizes_own_unless_told():
    with torch.device("meta"):
        assert {part.probability for part in levit("levit_384").modules() if isinstance(part, DropPath)} == {0.1}
        told = levit("levit_384", drop_path=0.0)
    assert {part.probability for part in told.modules() if isinstance(part, DropPath)} == {0.0}
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match="drop_path is a probability below 1"):
            levit(TINY, drop_path=wrong)


def test_training_with_dropped_paths_reaches_every_parameter():
    torch.manual_seed(0)
    network = drawn(TINY, image_size=96, drop_path=0.3).train()
    sum((logits * images(*logits.shape, seed=3)).sum() for logits in network(images(8, 3, 96, 96))).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("change", [{}, {"norm": "layer", "position": "embedding", "classifiers": 1}])
def test_an_exported_program_computes_the_same_for_any_batch(change):
    network = drawn(replace(TINY, **change), image_size=64, classes=5)
    x = images(2, 3, 64, 64)
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(network, (x,), dynamic_shapes={"images": {0: batch}}).module()
    with torch.no_grad():
        for count in (2, 5):
            x = images(count, 3, 64, 64)
            assert distance(program(x), network(x)) < 1e-12


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_trace_computes_the_same_for_any_batch_also_frozen():
    network = drawn(TINY, image_size=64, classes=5)
    with torch.no_grad():
        traced = torch.jit.trace(network, images(2, 3, 64, 64))
        frozen = torch.jit.freeze(traced)
        for count in (2, 5):
            x = images(count, 3, 64, 64)
            assert distance(traced(x), network(x)) < 1e-12
            assert distance(frozen(x), network(x)) < 1e-12


def test_mixed_precision_adds_the_bias_in_its_own_precision():
    # In bfloat16, 256.5 is 256: the nearer key would weigh no more than the farther one.
    bias = AttentionBias(1, (1, 2))
    q = k = torch.zeros(1, 2, 4)
    v = torch.tensor([0.0, 1.0]).view(1, 2, 1)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        bias.table.copy_(torch.tensor([[256.5, 256.0]]))
        found = attend(q, k, v, bias(), heads=1).flatten()
    near = torch.tensor([256.5, 256.0]).softmax(0)[0]
    torch.testing.assert_close(found.float(), torch.stack([1 - near, near]), atol=0.01, rtol=0)


def test_mixed_precision_serves_the_whole_network_in_both_modes():
    network = drawn(TINY, image_size=96, classes=5).float()
    x = images(4, 3, 96, 96).float()
    with torch.no_grad():
        exact = network(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert distance(network(x).float(), exact) < 0.1
        assert all(logits.isfinite().all() for logits in network.train()(x))
