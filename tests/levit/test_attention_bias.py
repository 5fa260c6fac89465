"""The bias of attention is never older than its table."""

from __future__ import annotations

import copy
import io
import threading

import pytest
import torch
from levit_bench.levit.attention_bias import AttentionBias, distances
from torch import nn

from tests.levit.drawing import TINY, distance, drawn, images

WITHOUT_GRADIENTS = [torch.no_grad, torch.inference_mode]


def _written_out(bias):
    """The bias by its definition, one distance at a time."""
    (rows, columns), stride = bias.grid, bias.stride
    keys = [(y, x) for y in range(rows) for x in range(columns)]
    queries = [(y, x) for y in range(0, rows, stride) for x in range(0, columns, stride)]
    places = [[abs(y - v) * columns + abs(x - u) for v, u in keys] for y, x in queries]
    return bias.table.detach()[:, torch.tensor(places)]


def _bias(grid=(3, 4), stride=1, seed=0):
    bias = AttentionBias(2, grid, stride)
    with torch.no_grad():
        bias.table.normal_(generator=torch.Generator().manual_seed(seed))
    return bias


def _small(seed=0):
    return drawn(TINY, seed=seed, image_size=64, classes=5)


def _used(mode=torch.no_grad):
    """A bias that has something to remember."""
    bias = _bias()
    with mode():
        bias()
        assert bias._last is not None
    return bias


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("grid", [(1, 1), (3, 4), (4, 3), (7, 7)])
def test_each_query_gets_the_number_of_its_distance_to_each_key(grid, stride):
    bias = _bias(grid, stride)
    assert torch.equal(bias(), _written_out(bias))
    with torch.no_grad():
        assert torch.equal(bias(), _written_out(bias))
        assert torch.equal(bias(), _written_out(bias))


def test_every_number_of_a_table_is_in_use():
    for grid in ((7, 7), (14, 14), (5, 8)):
        for stride in (1, 2):
            assert set(distances(grid, stride).flatten().tolist()) == set(range(grid[0] * grid[1]))


def test_a_table_that_has_not_changed_is_spread_once():
    bias = _used()
    with torch.no_grad():
        assert bias() is bias()


def _load(bias):
    bias.load_state_dict({"table": torch.randn(2, 12)})


def _average(bias):
    with torch.no_grad():
        bias.table.mul_(0.9).add_(torch.randn(2, 12), alpha=0.1)


def _write_through_data(bias):
    bias.table.data.mul_(0.9)


def _write_through_numpy(bias):
    bias.table.detach().numpy()[1, 3] += 1


def _replace_data(bias):
    bias.table.data = torch.randn(2, 12)


def _replace_parameter(bias):
    bias.table = nn.Parameter(torch.randn(2, 12))


def _step(bias):
    with torch.enable_grad():
        optimizer = torch.optim.AdamW(bias.parameters(), lr=0.1)
        bias().square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("mode", WITHOUT_GRADIENTS)
@pytest.mark.parametrize(
    "change",
    [_load, _average, _write_through_data, _write_through_numpy, _replace_data, _replace_parameter, _step],
)
def test_a_changed_table_shows_in_the_next_pass(change, mode):
    bias = _used(mode)
    before = _written_out(bias)
    change(bias)
    with mode():
        assert torch.equal(bias(), _written_out(bias))
        assert not torch.equal(bias(), before)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_converted_table_gives_a_bias_of_its_type(dtype):
    bias = _used().to(dtype)
    with torch.no_grad():
        assert bias().dtype == dtype
        assert torch.equal(bias(), _written_out(bias))


def test_a_copy_follows_its_own_table_and_carries_nothing_else():
    bias = _used()
    twin = copy.deepcopy(bias)
    assert twin._last is None
    _average(twin)
    with torch.no_grad():
        assert torch.equal(twin(), _written_out(twin))
        assert torch.equal(bias(), _written_out(bias))
        assert not torch.equal(bias(), twin())


def test_a_saved_module_is_no_larger_for_having_been_used():
    sizes = []
    for bias in (_bias(), _used()):
        torch.save(bias, file := io.BytesIO())
        sizes.append(len(file.getvalue()))
    assert sizes[0] == sizes[1]
    assert set(_used().state_dict()) == {"table"}


def test_gradients_reach_the_table_also_after_passes_without():
    bias = _used()
    bias().sum().backward()
    uses = torch.bincount(bias.index.flatten(), minlength=12).float()
    assert torch.equal(bias.table.grad, uses.expand(2, 12))


def test_what_inference_mode_remembered_serves_a_frozen_table_under_gradients():
    bias = _used(torch.inference_mode).requires_grad_(False)
    scores = torch.zeros(2, 12, 12, requires_grad=True)
    (scores * bias()).sum().backward()
    assert torch.equal(scores.grad, _written_out(bias))


def test_threads_that_share_a_module_get_the_bias_of_some_table_that_it_had():
    bias = _used()
    tables = [torch.full((2, 12), float(value)) for value in range(8)]
    mixed = []

    def read():
        with torch.no_grad():
            mixed.extend(bias().shape != (2, 12, 12) for _ in range(200))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for table in tables:
        bias.load_state_dict({"table": table})
    for reader in readers:
        reader.join()
    with torch.no_grad():
        assert torch.equal(bias(), _written_out(bias))
    assert not any(mixed)


@pytest.mark.parametrize("mode", WITHOUT_GRADIENTS)
def test_a_network_that_has_evaluated_equals_a_fresh_one_with_the_weights_it_is_given(mode):
    used, fresh = _small(seed=1), _small(seed=2)
    x = images(2, 3, 64, 64)
    with mode():
        before = used(x)
        used.load_state_dict(fresh.state_dict())  # still in evaluation: no change of mode tells it
        assert torch.equal(used(x), fresh(x))
        assert distance(before, fresh(x)) > 1e-3


def test_an_averaged_network_evaluates_its_own_average():
    online, averaged = _small(seed=1), _small(seed=1)
    x = images(2, 3, 64, 64)
    with torch.no_grad():
        averaged(x)
        for own, new in zip(averaged.parameters(), _small(seed=2).parameters(), strict=True):
            own.data.lerp_(new.data, 0.5)
        online.load_state_dict(averaged.state_dict())
        assert torch.equal(averaged(x), copy.deepcopy(online)(x))


def test_functional_calls_and_vmap_use_the_weights_they_are_given():
    one, other = _small(seed=1), _small(seed=2)
    x = images(2, 3, 64, 64)
    with torch.no_grad():
        one(x)
        wanted = torch.stack([one(x), other(x)])
        called = torch.func.functional_call(one, dict(other.state_dict()), (x,))
        assert distance(called, wanted[1]) < 1e-12
        stacked = torch.func.stack_module_state([one, other])
        found = torch.vmap(lambda p, b: torch.func.functional_call(one, (p, b), (x,)))(*stacked)
    assert distance(found, wanted) < 1e-12


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_recorded_graph_reads_the_table_and_no_copy_of_it():
    network = _small()
    x = images(2, 3, 64, 64)
    with torch.no_grad():
        network(x)
        traced = torch.jit.trace(network, x)
        program = torch.export.export(network, (x,)).module()
        for own in traced.parameters():
            own.mul_(1.5)  # the network's own tensors
        assert torch.equal(traced(x), network(x))
        program.load_state_dict(network.state_dict(), strict=False)
        assert distance(program(x), network(x)) < 1e-12


def test_a_compiled_network_is_one_graph_that_follows_its_weights():
    network = _small()
    x = images(2, 3, 64, 64)
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    with torch.no_grad():
        network(x)
        assert distance(compiled(x), network(x)) < 1e-12
        for own in network.parameters():
            own.data.mul_(1.5)
        assert distance(compiled(x), network(x)) < 1e-12
