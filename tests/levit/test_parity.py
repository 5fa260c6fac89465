"""Our LeViT computes what timm's computes: logits, gradients and BatchNorm's statistics, from the same weights."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit.weight_names import to_timm
from levit_bench.measuring.networks.timm_import import import_timm

from tests.levit.drawing import distance, drawn, images

EXACT = 1e-10
SINGLE = 1e-4  # float32: some twenty layers deep, and torch picks other kernels for other layouts.

LARGER = [
    pytest.param(name, 224, marks=pytest.mark.slow) for name in ("levit_128", "levit_192", "levit_256", "levit_384")
]


def _pair(name, side=224):
    """Ours and timm's in float64 with the same weights, which differ from each other and from zero everywhere."""
    ours = drawn(name, drop_path=0.0, image_size=side)
    theirs = import_timm().create_model(name, img_size=side).double().eval()
    theirs.load_state_dict({to_timm(own): tensor for own, tensor in ours.state_dict().items()})
    theirs.set_distilled_training(True)
    return ours, theirs


@pytest.mark.parametrize(("name", "side"), [("levit_128s", 224), ("levit_128s", 160), *LARGER])
def test_evaluation_agrees(name, side):
    ours, theirs = _pair(name, side)
    x = images(2, 3, side, side)
    with torch.no_grad():
        wanted = theirs(x)
        assert distance(ours(x), wanted) < EXACT
        found = ours.float()(x.float())
    assert wanted.std() > 0.1
    assert distance(found.double(), wanted) < SINGLE


@pytest.mark.parametrize(
    ("name", "side"),
    [("levit_128s", 112), pytest.param("levit_128s", 224, marks=pytest.mark.slow), *LARGER],
)
def test_a_training_step_agrees(name, side):
    ours, theirs = (network.train() for network in _pair(name, side))
    x, directions = images(4, 3, side, side), images(2, 4, 1000, seed=2)
    for network in (ours, theirs):
        logits = torch.stack(network(x))
        (logits * directions).sum().backward()
        network.logits = logits.detach()
    assert ours.logits.shape == (2, 4, 1000)
    assert distance(ours.logits[0], ours.logits[1]) > 0.1
    assert distance(ours.logits[0], theirs.logits[0]) < EXACT
    assert distance(ours.logits[1], theirs.logits[1]) < EXACT

    gradients = {other: parameter.grad for other, parameter in theirs.named_parameters()}
    assert len(gradients) == len(list(ours.parameters()))
    # A shift right before the heads' BatchNorm has no gradient but rounding: it is held to the typical one.
    typical = float(torch.stack([gradient.norm() for gradient in gradients.values()]).median())
    for own, parameter in ours.named_parameters():
        wanted = gradients[to_timm(own)]
        assert (parameter.grad - wanted).norm() < EXACT * max(float(wanted.norm()), 1e-3 * typical), own

    after = theirs.state_dict()
    for own, statistic in ours.named_buffers():
        if own.endswith(("running_mean", "running_var")):
            assert distance(statistic, after[to_timm(own)]) < EXACT, own
        elif own.endswith("num_batches_tracked"):
            assert statistic == after[to_timm(own)] == 1, own
