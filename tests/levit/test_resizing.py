"""Learned positions carried to other image sizes keep what they mean."""

from __future__ import annotations

import pytest
import torch
from levit_bench.levit import fitted, levit, resized
from levit_bench.levit.attention_bias import AttentionBias
from levit_bench.levit.resizing import interpolated
from msgspec.structs import replace

from tests.levit.drawing import TINY, distance, drawn, images

GRIDS = [((14, 14), (18, 18)), ((14, 14), (7, 21)), ((7, 7), (1, 5)), ((4, 4), (13, 3)), ((1, 3), (5, 5))]


def _ramp(grid):
    """How far each place is along rows and columns, from 0 to 1: (2, rows · columns)."""
    along = [torch.linspace(0, 1, side) if side > 1 else torch.zeros(1) for side in grid]
    return torch.stack(torch.meshgrid(*along, indexing="ij")).flatten(1)


def test_a_network_at_its_own_size_keeps_every_bit():
    network = drawn("levit_128s").float()
    twin = resized(network, 224)
    assert all(torch.equal(own, twin.state_dict()[name]) for name, own in network.state_dict().items())


@pytest.mark.parametrize(("before", "after"), GRIDS)
def test_a_constant_table_stays_constant(before, after):
    table = torch.full((3, before[0] * before[1]), -20.1)
    assert torch.equal(interpolated(table, before, after), torch.full((3, after[0] * after[1]), -20.1))


@pytest.mark.parametrize(("before", "after"), [pair for pair in GRIDS if 1 not in pair[0]])
def test_a_table_linear_in_the_relative_distance_stays_so(before, after):
    weights = torch.tensor([[3.0, -2.0], [-0.5, 7.0]])
    found = interpolated(weights @ _ramp(before) + 1, before, after)
    torch.testing.assert_close(found, weights @ _ramp(after) + 1)


@pytest.mark.parametrize(("before", "after"), [pair for pair in GRIDS if 1 not in (*pair[0], *pair[1])])
def test_no_distance_and_the_largest_keep_their_numbers(before, after):
    table = torch.randn(3, before[0] * before[1])
    found = interpolated(table, before, after)
    assert torch.equal(found[:, [0, -1]], table[:, [0, -1]])


def test_a_finer_grid_and_back_gives_the_same_table():
    table = torch.randn(3, 49, dtype=torch.float64)
    assert distance(interpolated(interpolated(table, (7, 7), (13, 19)), (13, 19), (7, 7)), table) < 1e-12


def test_a_half_precision_table_loses_no_more_than_rounding():
    table = torch.randn(3, 49).half()
    wanted = interpolated(table.double(), (7, 7), (10, 10))
    assert torch.equal(interpolated(table, (7, 7), (10, 10)), wanted.half())


@pytest.mark.parametrize("image", [(96, 64), (64, 160), (225, 33)])
@pytest.mark.parametrize("position", ["bias", "embedding"])
def test_a_resized_network_has_the_tables_of_its_grids_and_all_other_weights(position, image):
    size = replace(TINY, position=position)
    network = drawn(size, classes=3)
    twin = resized(network, image)
    made = levit(size, image_size=image, classes=3)
    assert {key: value.shape for key, value in twin.state_dict().items()} == {
        key: value.shape for key, value in made.state_dict().items()
    }
    for key, value in network.state_dict().items():
        if not key.endswith("table"):
            assert torch.equal(value, twin.state_dict()[key]), key
    assert (twin.training, twin.head.linear.weight.dtype) == (False, torch.float64)
    with torch.no_grad():
        assert twin(images(2, 3, *image)).isfinite().all()


def test_a_resized_copy_keeps_frozen_parts_and_shares_no_memory():
    network = drawn(TINY, image_size=64).train()
    network.stem.requires_grad_(False).eval()
    twin = resized(network, 64)
    assert [p.requires_grad for p in twin.parameters()] == [p.requires_grad for p in network.parameters()]
    assert (twin.training, twin.stem.training) == (True, False)
    assert not {p.data_ptr() for p in twin.parameters()} & {p.data_ptr() for p in network.parameters()}


def test_a_state_is_fitted_to_the_network_that_loads_it():
    network = levit(TINY, image_size=(96, 64))
    state = levit(TINY).state_dict()
    network.load_state_dict(fitted(state, network))
    own = network.stages[0].blocks[0].attention.bias.table
    assert torch.equal(own, interpolated(state["stages.0.blocks.0.attention.bias.table"], (14, 14), (6, 4)))


def test_a_state_of_another_image_size_than_stated_is_refused():
    network = levit(TINY, image_size=96)
    with pytest.raises(ValueError, match="does not belong to a grid of 14×14; say which image_size"):
        fitted(levit(TINY, image_size=64).state_dict(), network)
    fitted(levit(TINY, image_size=64).state_dict(), network, 64)


def test_an_image_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="at least 33"):
        resized(levit(TINY), (224, 32))


@pytest.mark.parametrize("image", [(96, 96), (64, 160)])
def test_a_transposed_network_sees_a_transposed_image_as_the_network_sees_the_image(image):
    # Kernels and tables transposed; nothing else of the network knows rows from columns.
    network = drawn(TINY, image_size=image, classes=9)
    twin = levit(TINY, image_size=image[::-1], classes=9).double().eval()
    state = dict(network.state_dict())
    for name, value in state.items():
        if value.ndim == 4:
            state[name] = value.mT
    for name, part in network.named_modules():
        if isinstance(part, AttentionBias):
            state[f"{name}.table"] = part.table.detach().unflatten(1, part.grid).mT.flatten(1)
    twin.load_state_dict(state)
    x = images(2, 3, *image)
    with torch.no_grad():
        assert distance(twin(x.mT), network(x)) < 1e-12
        assert distance(network(x.flip(3)), network(x)) > 1e-6
