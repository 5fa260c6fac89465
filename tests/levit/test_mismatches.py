"""Weights that do not fit are refused with the key, both shapes, the cause and the way out; nothing is changed."""

from __future__ import annotations

import json
import struct

import pytest
import safetensors
import safetensors.torch
import torch
from levit_bench.levit import SIZES, WeightsError, levit, levit_from, load_weights, save_weights
from levit_bench.levit.checkpoint_layouts import State
from levit_bench.levit.mismatches import check_shapes, image_sizes, shapes, sizes_held
from msgspec.structs import replace

from tests.levit.checkpoints import DEPTHS, as_authors, refusal, timm_network, written
from tests.levit.drawing import TINY, drawn

pytestmark = pytest.mark.slow  # builds and times networks

QKV = "stages.0.blocks.0.attention.qkv.linear.weight"
TABLE = "stages.0.blocks.0.attention.bias.table"


@pytest.fixture
def network():
    return drawn(TINY, seed=5).float()


@pytest.fixture
def state():
    return drawn(TINY, seed=6).float().state_dict()


@pytest.fixture
def refused(network, tmp_path):
    def refuse(state, ending=".safetensors", **how):
        path = written(tmp_path, state, ending)
        said = refusal(network, path, **how)
        assert said.startswith(repr(str(path)))
        return said

    return refuse


def _on_no_device(size, **how):
    with torch.device("meta"):
        return levit(size, **how)


def _shape_refusal(network, held):
    with pytest.raises(WeightsError) as caught:
        check_shapes(State("'x.pth'", dict(held.state_dict()), {}), network)
    return str(caught.value)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("levit_192", "levit_256"),
        ("levit_128s", "levit_128"),
        *(pytest.param(held, wanted, marks=pytest.mark.slow) for held in DEPTHS for wanted in DEPTHS),
    ],
)
def test_another_size_is_named(held, wanted):
    if held == wanted:
        check_shapes(State("x", dict(_on_no_device(held, image_size=96).state_dict()), {}), _on_no_device(wanted))
        return
    said = _shape_refusal(_on_no_device(wanted), _on_no_device(held, classes=10, image_size=160, in_channels=1))
    assert f"holds {held}, and the network is {wanted}: '" in said
    assert "in the file and (" in said
    assert said.endswith(f"Build what the file holds: levit('{held}').")


@pytest.mark.parametrize(
    "name",
    [
        "levit_192",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in SIZES
            if name not in {"levit_128s_a4", "levit_128s_a7"}
        ),
    ],
)
def test_every_size_is_recognised_by_its_shapes(name):
    held = sizes_held(shapes(_on_no_device(name, classes=3, image_size=64, in_channels=4).state_dict()))
    assert next(iter(held)) == name
    assert held[name] == SIZES[name]


@pytest.mark.parametrize("image", [(224, 224), (160, 224), (96, 96), (64, 480)])
def test_image_sizes_follow_from_tables(image):
    network = _on_no_device("levit_128s", image_size=image)
    assert set(image_sizes(shapes(network.state_dict()), network.size)) == {image, image[::-1]}


def test_a_missing_tensor_is_named(refused, state):
    del state[QKV], state["stem.layers.0.norm.running_var"]
    assert f"2 tensors of the network are missing ('{QKV}', 'stem.layers.0.norm.running_var', by our" in refused(state)


def test_a_tensor_too_many_is_named(refused, state):
    state["stages.0.blocks.1.mlp.expand.linear.weight"] = torch.zeros(2)
    assert "1 tensors of the file belong nowhere ('stages.0.blocks.1.mlp.expand.linear.weight')" in refused(state)


def test_places_of_a_table_that_is_not_there_belong_nowhere(refused, state):
    state["stages.99.blocks.0.attention.bias.index"] = torch.zeros(2)
    assert "belong nowhere ('stages.99.blocks.0.attention.bias.index')" in refused(state)


def test_another_shape_is_named_with_both(refused, state):
    state[QKV] = torch.zeros(5, 7)
    assert f"'{QKV}' is (5, 7) in the file and (32, 8) in the network. It is of another network" in refused(state)


def test_a_transposed_weight_is_called_so(refused, state):
    for key, value in state.items():
        if value.ndim == 2 and "table" not in key:
            state[key] = value.mT.contiguous()
    said = refused(state)
    assert "is transposed" in said
    assert "(8, 32) in the file and (32, 8) in the network" in said
    assert "more differ" in said


def test_kernels_in_another_order_are_called_so(refused, state):
    for key, value in state.items():
        if value.ndim == 4:
            state[key] = value.permute(2, 3, 1, 0).contiguous()
    said = refused(state)
    assert "'stem.layers.0.conv.weight' is (3, 3, 3, 4) in the file and (4, 3, 3, 3) in the network" in said
    assert "the axes are in another order" in said


def test_other_classes_are_counted(refused, state):
    for key in ("head.linear", "distilled_head.linear"):
        state |= {f"{key}.weight": torch.zeros(37, 16), f"{key}.bias": torch.zeros(37)}
    said = refused(state)
    assert "'head.linear.weight' is (37, 16) in the file and (1000, 16) in the network" in said
    assert "Build the network with classes=37" in said


def test_heads_that_disagree_on_classes_are_no_advice(refused, state):
    state |= {"head.linear.weight": torch.zeros(37, 16), "head.linear.bias": torch.zeros(37)}
    said = refused(state)
    assert "'head.linear.weight' is (37, 16) in the file and (1000, 16) in the network (1 more differ)" in said
    assert "classes=" not in said


def test_other_channels_are_counted(refused, state):
    state["stem.layers.0.conv.weight"] = torch.zeros(4, 1, 3, 3)
    assert "Build the network with in_channels=1" in refused(state)


def test_two_heads_for_a_network_with_one_are_refused(tmp_path, state):
    one = levit(replace(TINY, classifiers=1))
    said = refusal(one, written(tmp_path, state))
    assert "has two heads" in said
    assert "'distilled_head.linear.bias'" in said


def test_one_head_for_a_network_with_two_is_refused(refused, state):
    assert "has one head, and the network two" in refused(
        {key: value for key, value in state.items() if not key.startswith("distilled")}
    )


@pytest.mark.parametrize(
    ("image", "advice"), [(160, "(160, 160)"), ((64, 96), "(64, 96) or (96, 64)"), (320, "(320, 320)")]
)
def test_tables_of_another_image_size_are_told_which(refused, image, advice):
    held = levit(TINY, image_size=image)
    said = refused(held.state_dict())
    places = held.state_dict()[TABLE].shape[1]
    assert f"'{TABLE}' is (2, {places}) and should be (2, 196), 14×14 places" in said
    assert said.endswith(f"say image_size={advice}.")
    assert "say image_size" in refused(levit(TINY).state_dict(), image_size=image)


def test_a_table_that_belongs_to_no_image_is_refused(refused, state):
    state[TABLE] = state[TABLE][:, :-1]
    said = refused(state)
    assert "is (2, 195) and should be (2, 196)" in said
    assert "belong to no image size" in said


@pytest.mark.parametrize("shape", [(), (196,), (3, 196), (2, 196, 1), (0, 0)])
def test_a_table_of_another_form_is_refused(refused, state, shape):
    state[TABLE] = torch.zeros(shape)
    assert f"'{TABLE}' is {shape} in the file and (2, 196)" in refused(state)


@pytest.mark.parametrize("shape", [(), (0,), (8,), (8, 32, 2, 1), (32, 8, 1), 20 * (1,)])
@pytest.mark.parametrize("key", ["head.linear.weight", "stem.layers.0.conv.weight", "stem.layers.0.norm.weight", QKV])
def test_any_other_shape_is_refused(refused, state, key, shape):
    state[key] = torch.zeros(shape)
    assert f"'{key}' is {str(shape)[:80]}" in refused(state)


def test_an_image_that_is_too_small_is_the_callers_error(network, state, tmp_path):
    with pytest.raises(ValueError, match="too small"):
        load_weights(network, written(tmp_path, state), image_size=16)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("key", [QKV, TABLE, "distilled_head.norm.running_mean"])
def test_a_number_that_is_none_is_refused(refused, state, key, value):
    state[key].view(-1)[-1] = value
    assert f"'{key}' has 1 numbers of {state[key].numel()} that are infinite or none (NaN)" in refused(state)


def test_a_variance_below_zero_is_refused(refused, state):
    state["head.norm.running_var"][0] = -1
    assert "'head.norm.running_var' holds a variance below zero" in refused(state)


def test_a_number_too_large_for_the_network_is_refused(state, tmp_path):
    state[QKV][0, 0] = 1e5
    said = refusal(levit(TINY).half(), written(tmp_path, state))
    assert f"'{QKV}' holds numbers too large for the network's torch.float16, up to 1e+05" in said


@pytest.mark.parametrize("kind", [torch.int8, torch.int64, torch.bool, torch.complex64, torch.float8_e5m2])
def test_a_type_that_is_no_weight_is_refused(refused, state, kind):
    state[QKV] = torch.ones(32, 8).to(kind)
    assert f"'{QKV}' is {kind} and should be torch.float32" in refused(state, ".pth")


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bool])
def test_a_count_that_is_no_integer_is_refused(refused, state, kind):
    state["head.norm.num_batches_tracked"] = torch.ones((), dtype=kind)
    assert f"is {kind} and should be torch.int64" in refused(state)


@pytest.fixture(scope="module")
def published():
    network = timm_network("levit_128s")
    return network.state_dict(), as_authors(network, DEPTHS["levit_128s"])


def _folded(state, weight, norm):
    """BatchNorm folded as by the authors' program: a layer is then one module with a weight and a bias."""
    return {
        key.replace(f".{weight}.weight", ".weight").replace(f".{norm}.bias", ".bias"): value
        for key, value in state.items()
        if f".{norm}." not in key or key.endswith(f".{norm}.bias")
    }


@pytest.mark.parametrize("whose", [0, 1], ids=["timm", "authors"])
def test_a_folded_checkpoint_is_called_so(published, tmp_path, whose):
    state = _folded(published[whose], *(("linear", "bn"), ("c", "bn"))[whose])
    said = refusal(levit("levit_128s"), written(tmp_path, state))
    assert "BatchNorm is folded into" in said
    assert "--eval" in said


def test_our_own_layers_folded_are_called_so(refused, state):
    folded = {
        key.replace("norm.bias", "linear.bias" if "stages" in key else "conv.bias")
        if key.startswith("st")
        else key: value
        for key, value in state.items()
        if key.startswith("st") is False or ".norm." not in key or key.endswith("norm.bias")
    }
    assert "BatchNorm is folded away" in refused(folded)


def test_a_table_in_another_order_is_refused(published, tmp_path):
    state = dict(published[1])
    places = state["blocks.4.attention_bias_idxs"]
    state["blocks.4.attention_bias_idxs"] = places.flip(0)
    said = refusal(levit("levit_128s"), written(tmp_path, state))
    assert "'blocks.4.attention_bias_idxs' orders the table of biases otherwise" in said


def test_messages_about_the_authors_files_use_their_names(published, tmp_path):
    state = dict(published[1])
    state["blocks.0.m.qkv.c.weight"] = torch.zeros(3, 3)
    said = refusal(levit("levit_128s"), written(tmp_path, state))
    assert "'blocks.0.m.qkv.c.weight' is (3, 3) in the file and (256, 128) in the network" in said


def test_hostile_keys_are_shown_cut_and_as_text(refused, state):
    said = refused({**state, "\x1b[2J\u202e" + 10_000 * "x": torch.zeros(1)}, ".pth")
    assert r"\x1b[2J\u202exxx" in said
    assert len(said) < 600


def test_a_hundred_thousand_keys_are_counted(network, tmp_path):
    keys = [f"blocks.{number}.m.0.c.weight" for number in range(100_000)]
    header = json.dumps({key: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for key in keys}).encode()
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    torch.save(dict.fromkeys(keys, torch.zeros(1)), tmp_path / "x.pth")
    for ending in (".safetensors", ".pth"):
        said = refusal(network, tmp_path / f"x{ending}")
        assert "holds 100000 tensors, such as 'blocks.0.m.0.c.weight', " in said


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"levit_bench.size": "\x1b[31m" + 1000 * "x"}, r"holds '\x1b[31mxxx"),
        ({"levit_bench.image_size": "224"}, "height x width in pixels"),
        ({"levit_bench.image_size": "99999999x1"}, "height x width in pixels"),
    ],
)
def test_a_header_that_says_nonsense_is_refused(network, state, tmp_path, metadata, said):
    safetensors.torch.save_file(state, tmp_path / "x.safetensors", metadata)
    assert said in refusal(network, tmp_path / "x.safetensors")


def test_a_header_that_names_another_size_than_the_shapes_is_refused(tmp_path):
    state = levit("levit_128s", image_size=64).state_dict()
    safetensors.torch.save_file(state, tmp_path / "x.safetensors", {"levit_bench.size": "levit_256"})
    with pytest.raises(WeightsError, match="holds levit_256, and its shapes are those of levit_128s"):
        levit_from(tmp_path / "x.safetensors")


def test_a_custom_size_is_saved_without_a_name(tmp_path):
    save_weights(levit(TINY), tmp_path / "x.safetensors")
    with safetensors.safe_open(tmp_path / "x.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", "levit_bench.image_size": "224x224"}
