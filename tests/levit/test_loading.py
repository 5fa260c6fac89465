"""Published and own weights are loaded whole, as they are, or not at all."""

from __future__ import annotations

import copy
import random
from functools import lru_cache

import pytest
import torch
from levit_bench.levit import (
    SIZES,
    WeightsError,
    fitted,
    levit,
    levit_from,
    load_weights,
    save_weights,
)
from msgspec.structs import replace
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tests.levit.checkpoints import DEPTHS, as_authors, refusal, timm_network, written
from tests.levit.drawing import TINY, distance, drawn, images

EXACT = 1e-10
FORMS = ["timm", "timm conv", "authors", "authors conv"]
CASES = [
    ("levit_128s", "timm", ".safetensors"),
    ("levit_128s", "timm", ".pth"),
    ("levit_128s", "timm conv", ".safetensors"),
    ("levit_128s", "authors", ".pth"),
    pytest.param("levit_128s", "authors", ".safetensors", marks=pytest.mark.slow),
    pytest.param("levit_128s", "authors conv", ".pt", marks=pytest.mark.slow),
    *(
        pytest.param(name, form, ending, marks=pytest.mark.slow)
        for name in list(DEPTHS)[1:]
        for form in FORMS
        for ending in (".safetensors", ".bin")
    ),
]


def _same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def _logits(network):
    weight = network.head.linear.weight
    with torch.no_grad():
        return network(images(2, 3, *network.image_size).to(weight.dtype))


@lru_cache(maxsize=2)
def _theirs(name):
    network = timm_network(name)
    with torch.no_grad():
        return network, network(images(2, 3, 224, 224))


@pytest.mark.parametrize(("name", "form", "ending"), CASES)
def test_a_published_form_gives_timms_logits(tmp_path, name, form, ending):
    theirs, wanted = _theirs(name.replace("levit", "levit_conv") if "conv" in form else name)
    state = as_authors(theirs, DEPTHS[name]) if "authors" in form else theirs.state_dict()
    shuffled = list(state.items())
    random.Random(0).shuffle(shuffled)
    ours = levit(name).double().eval()
    load_weights(ours, written(tmp_path, dict(shuffled), ending))
    assert wanted.std() > 0.1
    assert distance(_logits(ours), wanted) < EXACT


@pytest.mark.parametrize("size", [TINY, *(SIZES[f"levit_128s_a{row}"] for row in (1, 3, 5))])
@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_our_own_weights_come_back_to_the_last_bit(tmp_path, size, ending):
    network = drawn(size, classes=5, image_size=(64, 96)).float()
    path = tmp_path / f"own{ending}"
    if ending == ".safetensors":
        save_weights(network, path)
    else:
        torch.save(network.state_dict(), path)
    twin = levit(size, classes=5, image_size=(64, 96))
    load_weights(twin, path, image_size=None if ending == ".safetensors" else (64, 96))
    assert _same(network, twin)


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "module._orig_mod."])
@pytest.mark.parametrize("container", ["model", "state_dict"])
def test_what_training_wraps_around_names_is_taken_off(tmp_path, wrapper, container):
    network, twin = drawn(TINY).float(), levit(TINY)
    state = {f"{wrapper}{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "optimizer": {"lr": 0.1}, container: state}, tmp_path / "x.pth")
    load_weights(twin, tmp_path / "x.pth")
    assert _same(network, twin)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("wanted", [torch.float16, torch.float32, torch.float64])
def test_another_precision_is_converted_to_the_networks(tmp_path, stored, wanted):
    network, twin = drawn(TINY).to(stored), levit(TINY).to(wanted)
    save_weights(network, tmp_path / "x.safetensors")
    load_weights(twin, tmp_path / "x.safetensors")
    assert _same(network.to(wanted), twin)
    assert twin.head.linear.weight.dtype == wanted


@pytest.mark.parametrize("image", [96, (64, 160), (225, 33)])
def test_tables_are_resized_to_the_networks_images(tmp_path, image):
    network, twin = drawn(TINY), levit(TINY, image_size=image).double()
    torch.save(network.state_dict(), tmp_path / "x.pth")
    load_weights(twin, tmp_path / "x.pth")
    wanted = fitted(network.state_dict(), twin)
    assert all(torch.equal(value, wanted[key]) for key, value in twin.state_dict().items())


def test_a_half_precision_table_is_resized_as_exactly_as_its_numbers_allow(tmp_path):
    network, twin = drawn(TINY).half(), levit(TINY, image_size=96)
    torch.save(network.state_dict(), tmp_path / "x.pth")
    load_weights(twin, tmp_path / "x.pth")
    wanted = fitted({key: value.double() for key, value in network.state_dict().items()}, twin)
    key = "stages.0.blocks.0.attention.bias.table"
    assert torch.equal(twin.state_dict()[key], wanted[key].float())


def test_weights_for_another_image_size_are_loaded_when_it_is_named(tmp_path):
    network, twin = drawn(TINY, image_size=(64, 96)), levit(TINY, image_size=96).double()
    torch.save(network.state_dict(), tmp_path / "x.pth")
    load_weights(twin, tmp_path / "x.pth", image_size=(64, 96))
    wanted = fitted(network.state_dict(), twin, (64, 96))
    assert all(torch.equal(value, wanted[key]) for key, value in twin.state_dict().items())


def _averaged(network):
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    average.update_parameters(network)
    return average.module


@pytest.mark.parametrize(
    "used",
    [
        lambda network: network,
        copy.deepcopy,
        _averaged,
        lambda network: network.half().float(),
        lambda network: network.train().eval(),
        lambda network: network.requires_grad_(False),
    ],
    ids=["as it is", "copied", "averaged", "converted", "trained", "frozen"],
)
@pytest.mark.parametrize("gradients", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_no_bias_is_older_than_the_weights_that_were_loaded(tmp_path, used, gradients):
    source, network = drawn(TINY, seed=1).float(), drawn(TINY, seed=2).float()
    save_weights(source, tmp_path / "x.safetensors")
    x = images(2, 3, 224, 224).float()
    with gradients():
        before = network(x)
    network = used(network).eval()
    with gradients():
        network(x)
    load_weights(network, tmp_path / "x.safetensors")
    with gradients():
        found, wanted = network(x), source(x)
    assert torch.equal(found, wanted)
    assert not torch.allclose(before, wanted)


def test_parameters_keep_their_identity_mode_and_part_in_training(tmp_path):
    save_weights(drawn(TINY), tmp_path / "x.safetensors")
    network = levit(TINY).train()
    network.stem.requires_grad_(False).eval()
    before = [(id(p), p.data_ptr(), p.requires_grad, p.dtype) for p in network.parameters()]
    load_weights(network, tmp_path / "x.safetensors")
    assert before == [(id(p), p.data_ptr(), p.requires_grad, p.dtype) for p in network.parameters()]
    assert (network.training, network.stem.training) == (True, False)


def test_a_failure_in_the_middle_of_writing_takes_back_what_was_written(tmp_path):
    save_weights(drawn(TINY, seed=1).float(), tmp_path / "x.safetensors")
    network = drawn(TINY, seed=2).float()
    shift = network.distilled_head.linear.bias  # the last; all its places are made one, which torch refuses to fill
    shift.data = torch.zeros(1).expand(1000)
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(RuntimeError, match="single memory location"):
        load_weights(network, tmp_path / "x.safetensors")
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_network_that_cannot_be_written_is_refused_before_anything_is(tmp_path):
    save_weights(levit(TINY), tmp_path / "x.safetensors")
    with torch.device("meta"):
        nowhere = levit(TINY)
    with torch.inference_mode():
        fixed = levit(TINY)
    with pytest.raises(WeightsError, match=r"no memory for 'distilled_head\.linear\.bias'"):
        load_weights(nowhere, tmp_path / "x.safetensors")
    assert "inference_mode" in refusal(fixed, tmp_path / "x.safetensors")


@pytest.mark.parametrize("name", ["levit_128s", "levit_128s_one_head", "levit_128s_a7", "levit_128s_a5"])
def test_a_saved_file_says_what_it_holds(tmp_path, name):
    network = levit(name, classes=7, image_size=(64, 48), in_channels=1)
    save_weights(network, tmp_path / "x.safetensors")
    found = levit_from(tmp_path / "x.safetensors")
    assert (found.size, found.image_size, found.classes, found.in_channels) == (SIZES[name], (64, 48), 7, 1)
    assert _same(network, found)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_file_that_says_nothing_is_recognised_by_its_shapes(tmp_path):
    network = levit("levit_128s", classes=7, image_size=96)
    torch.save(network.state_dict(), tmp_path / "x.pth")
    found = levit_from(tmp_path / "x.pth")
    assert (found.size, found.image_size, found.classes) == (SIZES["levit_128s"], (96, 96), 7)
    assert _same(network, found)


def test_a_file_for_images_that_are_not_square_has_to_say_so(tmp_path):
    torch.save(levit("levit_128s", classes=7, image_size=(64, 48)).state_dict(), tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=r"image_size \(48, 64\) or \(64, 48\)"):
        levit_from(tmp_path / "x.pth")


def test_one_head_of_a_size_that_has_two_is_recognised(tmp_path):
    size = replace(SIZES["levit_128"], classifiers=1)
    torch.save(levit(size, image_size=64).state_dict(), tmp_path / "x.pth")
    assert levit_from(tmp_path / "x.pth").size == size


def test_shapes_that_two_networks_share_are_no_answer(tmp_path):
    torch.save(levit("levit_128s_a7", image_size=64).state_dict(), tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="those of levit_128s_one_head and of levit_128s_a4 and of levit_128s_a7"):
        levit_from(tmp_path / "x.pth")
    load_weights(levit("levit_128s_a7", image_size=64), tmp_path / "x.pth", image_size=64)


def test_shapes_of_no_size_are_no_answer(tmp_path):
    save_weights(levit(TINY), tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match="no LeViT that has a name"):
        levit_from(tmp_path / "x.safetensors")


def test_a_network_of_the_same_shapes_that_computes_otherwise_is_refused(tmp_path):
    save_weights(levit("levit_128s_a7", image_size=64), tmp_path / "x.safetensors")
    said = refusal(levit("levit_128s_one_head", image_size=64), tmp_path / "x.safetensors")
    assert "levit('levit_128s_a7')" in said


def test_an_image_size_that_contradicts_the_file_is_refused(tmp_path):
    save_weights(levit(TINY, image_size=(64, 96)), tmp_path / "x.safetensors")
    said = refusal(levit(TINY, image_size=96), tmp_path / "x.safetensors", image_size=(96, 64))
    assert "images of (64, 96) (height, width), not (96, 64)" in said


def test_weights_are_saved_as_safetensors_alone_and_replace_a_file_whole(tmp_path):
    with pytest.raises(ValueError, match=r"'x\.pth' ends otherwise"):
        save_weights(levit(TINY), "x.pth")
    path = tmp_path / "x.safetensors"
    save_weights(levit(TINY), path)
    kept = path.read_bytes()
    with pytest.raises(AttributeError):
        save_weights(torch.nn.Linear(1, 1), path)
    assert path.read_bytes() == kept
    network = levit_from_tiny(path)
    save_weights(network, path)  # onto what it was loaded from
    assert _same(network, levit_from_tiny(path))


def levit_from_tiny(path):
    network = levit(TINY)
    load_weights(network, path)
    return network
