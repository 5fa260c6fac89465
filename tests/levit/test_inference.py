"""The inference form: equal to the network it comes from, frozen, counted, and fit for every way of recording it."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from levit_bench.levit import SIZES, counts, inference, levit
from levit_bench.levit.attention_bias import AttentionBias
from levit_bench.levit.inference import FoldedMLP, InferenceLeViT
from levit_bench.levit.network import LeViT
from levit_bench.levit.sizes import StageSize
from msgspec.structs import replace
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.levit.drawing import TINY, distance, drawn, images

pytestmark = pytest.mark.slow  # builds and times networks

EXACT = 1e-10
SINGLE = 1e-4

PAPER = ("levit_128s", "levit_128", "levit_192", "levit_256", "levit_384")

# Every choice that a size has, away from its default, alone and with others.
CHANGES = [
    {},
    {"classifiers": 1},
    {"norm": "layer"},
    {"norm": "layer", "classifiers": 1},
    {"position": "embedding"},
    {"value_activation": False},
    {"norm": "layer", "position": "embedding", "value_activation": False},
    {"stages": (StageSize(8, 2, 3),), "shrink_heads": ()},
    {"value_ratio": 1, "shrink_value_ratio": 1, "mlp_ratio": 4},
]
SIDES = [(64, 64), (33, 97), (96, 64)]


def _large(names):
    return [pytest.param(name, marks=[] if name == "levit_128s" else pytest.mark.slow) for name in names]


@pytest.fixture(scope="module")
def tiny():
    network = drawn(TINY, image_size=64, classes=5)
    return network, network.for_inference()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("change", CHANGES)
@torch.no_grad()
def test_the_form_computes_the_same_in_every_variant(change, side):
    network = drawn(replace(TINY, **change), image_size=side, classes=7)
    form = network.for_inference()
    for count in (1, 3):
        x = images(count, 3, *side)
        wanted = network(x)
        assert wanted.std() > 1e-3
        assert distance(form(x), wanted) < EXACT
    found = network.float().for_inference()(x.float())
    assert found.dtype == torch.float32
    assert distance(found.double(), wanted) < SINGLE


@pytest.mark.parametrize("name", _large(SIZES))
@torch.no_grad()
def test_the_form_computes_the_same_at_every_published_size(name):
    network = drawn(name)
    for count in (1, 6):
        x = images(count, 3, 224, 224)
        wanted = network(x)
        assert wanted.std() > 0.1
        assert distance(network.for_inference()(x), wanted) < EXACT
    assert distance(network.float().for_inference()(x.float()).double(), wanted) < SINGLE


@torch.no_grad()
def test_grey_images_in_any_layout_are_served_and_left_alone():
    network = drawn(TINY, image_size=64, in_channels=1)
    form = network.for_inference()
    for x in (images(2, 1, 64, 64), images(2, 1, 64, 64).contiguous(memory_format=torch.channels_last)):
        before = x.clone()
        assert distance(form(x), network(x)) < EXACT
        assert torch.equal(x, before)


@torch.no_grad()
def test_a_batch_in_parts_is_the_batch_as_a_whole(tiny, monkeypatch):
    network, form = tiny
    x = images(7, 3, 64, 64)
    seen = []
    hook = form.grids[0][0].register_forward_hook(lambda part, given, found: seen.append(len(found)))
    try:
        for tokens, parts in ((1, [1] * 7), (16 * 3, [3, 3, 1]), (16 * 7, [7])):
            monkeypatch.setattr(inference, "TOKENS_AT_ONCE", tokens)
            seen.clear()
            assert distance(form(x), network(x)) < EXACT
            assert seen == parts
    finally:
        hook.remove()


@torch.no_grad()
def test_the_form_is_frozen_and_shares_nothing_with_its_original():
    network = drawn(replace(TINY, position="embedding"), image_size=64)
    forms = [network.for_inference(), drawn(TINY, image_size=64).for_inference()]
    assert not [name for form in forms for name, p in form.named_parameters() if p.requires_grad]
    x = images(2, 3, 64, 64)
    before = forms[0](x)
    for tensor in network.state_dict().values():
        tensor.fill_(3)
    assert torch.equal(forms[0](x), before)
    assert torch.equal(forms[0].train()(x), before)


def test_making_the_form_draws_no_random_numbers_and_changes_nothing():
    network = drawn(TINY, image_size=64)
    state, before = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    network.for_inference()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())


def test_a_network_that_trains_is_refused_also_in_part():
    network = levit(TINY, image_size=64)
    with pytest.raises(ValueError, match=r"in training mode: call network.eval\(\)"):
        network.for_inference()
    network.eval().stem.layers[0].norm.train()
    with pytest.raises(ValueError, match="or a part of it"):
        network.for_inference()


def test_images_of_another_size_are_refused(tiny):
    with pytest.raises(ValueError, match=r"made for images of \(64, 64\).*got \(1, 3, 64, 96\)"):
        tiny[1](torch.zeros(1, 3, 64, 96, dtype=torch.float64))


def test_another_normalisation_is_refused():
    network = drawn(TINY, image_size=64)
    network.head.norm = nn.GroupNorm(1, 16).eval()
    with pytest.raises(TypeError, match="GroupNorm cannot be folded"):
        network.for_inference()


@torch.no_grad()
def test_copies_states_and_conversions_carry_the_bias_along(tiny):
    network, form = tiny
    x = images(2, 3, 64, 64)
    wanted = network(x)
    assert torch.equal(copy.deepcopy(form)(x), form(x))

    other = drawn(TINY, image_size=64, classes=5, seed=7).for_inference()
    assert distance(other(x), wanted) > 0.1
    other.load_state_dict(form.state_dict())
    assert torch.equal(other(x), form(x))

    written = io.BytesIO()
    torch.save(form.state_dict(), written)
    written.seek(0)
    other.load_state_dict(torch.load(written, weights_only=True))
    assert torch.equal(other(x), form(x))

    half = copy.deepcopy(form).to(torch.bfloat16)
    assert {value.dtype for value in half.state_dict().values()} == {torch.bfloat16}
    assert distance(half(x.bfloat16()).double(), wanted) < 0.1


@torch.no_grad()
def test_half_precision_is_folded_before_it_is_rounded():
    # √(σ² + ε) of these variances is no number of float16, in which σ² + ε itself would be zero.
    network = drawn(TINY, image_size=64, classes=5).half()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_var.fill_(0)
            part.weight.mul_(part.eps**0.5)
    x = images(2, 3, 64, 64)
    wanted = copy.deepcopy(network).double()(x)
    form = network.for_inference()
    assert {value.dtype for value in form.state_dict().values()} == {torch.float16}
    assert distance(form.double()(x), wanted) < 0.02


@torch.no_grad()
def test_mixed_precision_serves_the_form(tiny):
    network, form = tiny
    x = images(3, 3, 64, 64).float()
    form = copy.deepcopy(form).float()
    wanted = network(x.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert distance(form(x).double(), wanted) < 0.1


@pytest.mark.parametrize("change", CHANGES)
def test_parameters_are_those_of_the_folded_network_with_one_head_and_without_tables(change):
    size = replace(TINY, **change)
    network = drawn(size, image_size=64, classes=5)
    form = network.for_inference()
    parts = counts.parts(size, (64, 64), classes=5)
    wanted = sum(part.folded for part in parts.values()) - parts.get("distilled_head", counts.PartCount()).folded
    wanted -= sum(p.numel() for name, p in network.named_parameters() if name.endswith("table"))
    # A LayerNorm's gain and shift went into the layer behind.
    norms = [part for part in network.modules() if isinstance(part, nn.LayerNorm)]
    kept = norms[:-1] if size.classifiers == 2 else norms  # the second head's is not counted above
    wanted -= sum(2 * part.weight.numel() for part in kept)
    assert sum(p.numel() for p in form.parameters()) == wanted

    spread = sum(part.spread().numel() for part in network.modules() if isinstance(part, AttentionBias))
    embedding = network.position.table.numel() if network.position is not None else 0
    assert sum(b.numel() for b in form.buffers()) == spread + embedding


@pytest.mark.parametrize("change", CHANGES)
def test_multiply_accumulates_are_the_shipped_ones_less_the_second_head(change):
    size = replace(TINY, **change)
    network = drawn(size, image_size=64, classes=5)
    parts = counts.parts(size, (64, 64), classes=5)
    wanted = sum(part.macs for part in parts.values()) - parts.get("distilled_head", counts.PartCount()).macs
    assert _macs(network.for_inference(), (1, 3, 64, 64)) == wanted
    # In parts or not.
    assert _macs(network.for_inference(), (60, 3, 64, 64)) == 60 * wanted


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_sizes_lose_one_heads_products_and_nothing_else(name):
    with torch.device("meta"):
        network = levit(name).eval()
        form = network.for_inference()
        head = counts.parts(SIZES[name])["distilled_head"]
        assert _macs(network) - _macs(form) == head.macs == SIZES[name].stages[-1].width * 1000
        tables = sum(p.numel() for key, p in network.named_parameters() if key.endswith("table"))
    folded = counts.total(SIZES[name]).folded
    assert sum(p.numel() for p in form.parameters()) == folded - head.folded - tables


def _macs(network, shape=(1, 3, 224, 224)):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        parameter = next(network.parameters())
        network(torch.zeros(shape, device=parameter.device, dtype=parameter.dtype))
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


# Both forms, with everything that is recorded apart in them, and no more: recording takes seconds.
SHORT = replace(TINY, stages=(StageSize(8, 2, 1), StageSize(12, 3, 1)), shrink_heads=(2,))
OTHER = {"norm": "layer", "position": "embedding", "classifiers": 1}


def _shipped(**change):
    return drawn(replace(SHORT, **change), image_size=64, classes=5)


def _inference(**change):
    return _shipped(**change).for_inference()


RECORDED = [
    pytest.param(_shipped, {}, id="shipped"),
    pytest.param(_inference, {}, id="inference"),
    pytest.param(_shipped, OTHER, id="shipped-other", marks=[pytest.mark.slow, pytest.mark.exhaustive]),
    pytest.param(_inference, OTHER, id="inference-other", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("make", "change"), RECORDED)
@torch.no_grad()
def test_an_export_serves_every_batch(make, change):
    network = make(**change)
    batch = torch.export.Dim("batch", min=1, max=4096)
    x = images(2, 3, 64, 64)
    program = torch.export.export(network, (x,), dynamic_shapes={"images": {0: batch}})
    for count in (1, 2, 60):
        x = images(count, 3, 64, 64)
        assert distance(program.module()(x), network(x)) < EXACT


@pytest.mark.parametrize(("make", "change"), RECORDED)
@torch.no_grad()
def test_an_export_and_a_trace_follow_weights_that_change(make, change):
    network = make(**change)
    x = images(2, 3, 64, 64)
    program = torch.export.export(network, (x,)).module()
    traced = _traced(network, x)
    before = network(x)
    for parameter in network.parameters():
        parameter.add_(torch.randn_like(parameter) / 10)
    for name, buffer in network.named_buffers():
        if name.endswith("bias"):
            buffer.mul_(2)
    wanted = network(x)
    assert distance(before, wanted) > 0.01
    assert distance(traced(x), wanted) < EXACT
    program.load_state_dict(network.state_dict(), strict=False)
    assert distance(program(x), wanted) < EXACT


@pytest.mark.parametrize(("make", "change"), RECORDED)
@torch.no_grad()
def test_a_trace_serves_every_batch_frozen_or_not(make, change):
    network = make(**change)
    traced = _traced(network, images(2, 3, 64, 64))
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        frozen = torch.jit.freeze(traced)
    for recorded in (traced, frozen):
        for count in (1, 2, 60):
            x = images(count, 3, 64, 64)
            assert distance(recorded(x), network(x)) < EXACT


@pytest.mark.parametrize(("make", "change"), RECORDED)
@torch.no_grad()
def test_a_compiler_sees_one_graph(make, change):
    network = make(**change)
    torch._dynamo.reset()
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    for count in (1, 3, 5):
        x = images(count, 3, 64, 64)
        assert distance(compiled(x), network(x)) < EXACT
    torch._dynamo.reset()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # torch's exporter's own
@pytest.mark.parametrize(("make", "change"), RECORDED)
@torch.no_grad()
def test_onnx_computes_the_same_for_every_batch(make, change, tmp_path):
    why = "the export to ONNX is tested where it can be: pip install onnx onnxscript onnxruntime"
    for needed in ("onnx", "onnxscript"):
        pytest.importorskip(needed, reason=why)
    runtime = pytest.importorskip("onnxruntime", reason=why)
    network = make(**change).float()
    path = tmp_path / "levit.onnx"
    batch = torch.export.Dim("batch", min=1, max=4096)
    x = images(2, 3, 64, 64).float()
    torch.onnx.export(network, (x,), path, dynamo=True, dynamic_shapes={"images": {0: batch}}, verbose=False)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (1, 2, 9):
        x = images(count, 3, 64, 64).float()
        (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        assert distance(torch.from_numpy(found), network(x)) < SINGLE


def _traced(network, x):
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        return torch.jit.trace(network, x)


def test_the_form_is_made_of_layers_without_batchnorm_that_only_inference_needs():
    form = drawn(TINY, image_size=64).for_inference()
    assert isinstance(form, InferenceLeViT)
    assert not isinstance(form, LeViT)
    kinds = {type(part) for part in form.modules()}
    assert not kinds & {nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm}
    assert sum(isinstance(part, FoldedMLP) for part in form.modules()) == 1 + 1 + 1 + 2
    assert isinstance(form.head, nn.Linear)
