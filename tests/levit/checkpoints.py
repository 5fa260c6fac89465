"""Files of weights as others write them; renamed here by the published map, not by the code under test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import safetensors.torch
import torch
from levit_bench.levit import LeViT, WeightsError, load_weights
from levit_bench.measuring.networks.timm_import import import_timm

from tests.levit.drawing import redraw

DEPTHS = {
    "levit_128s": (2, 3, 4),
    "levit_128": (4, 4, 4),
    "levit_192": (4, 4, 4),
    "levit_256": (4, 4, 4),
    "levit_384": (4, 4, 4),
}


def timm_network(name, seed=0):
    """timm's, in float64 and evaluation mode, with weights that hide nothing."""
    torch.manual_seed(seed)
    network = redraw(import_timm().create_model(name).double(), seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            if key.endswith("attention_biases"):
                parameter.copy_(2 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype))
    return network


def as_authors(network, depths):
    """The state of timm's network by the authors' names, with their buffers of places."""
    state = network.state_dict()
    state |= {key: buffer for key, buffer in network.named_buffers() if key.endswith("attention_bias_idxs")}
    first, shrink, number = {}, {}, 0
    for stage, depth in enumerate(depths):
        if stage:
            shrink[stage], number = number, number + 2
        first[stage], number = number, number + 2 * depth
    out = {}
    for key, tensor in state.items():
        if found := re.match(r"stem\.conv(\d)\.", key):
            new = f"patch_embed.{2 * int(found[1]) - 2}.{key[found.end() :]}"
        elif found := re.match(r"stages\.(\d)\.blocks\.(\d)\.(attn|mlp)\.", key):
            block = first[int(found[1])] + 2 * int(found[2]) + (found[3] == "mlp")
            new = f"blocks.{block}.m.{key[found.end() :]}"
        elif found := re.match(r"stages\.(\d)\.downsample\.attn_downsample\.", key):
            new = f"blocks.{shrink[int(found[1])]}.{key[found.end() :]}"
        elif found := re.match(r"stages\.(\d)\.downsample\.mlp\.", key):
            new = f"blocks.{shrink[int(found[1])] + 1}.m.{key[found.end() :]}"
        else:
            assert key.startswith("head")
            out[key.replace(".linear.", ".l.")] = tensor
            continue
        new = new.replace("proj.ln.", "proj.1.").replace("q.ln.", "q.1.").replace(".linear.", ".c.")
        out[new.replace(".ln1.", ".0.").replace(".ln2.", ".2.")] = tensor
    assert len(out) == len(state)
    return out


def written(folder: Path, state, ending=".pth"):
    """The state in a file; `.pth` as the authors do it, below `model`."""
    path = folder / f"weights{ending}"
    if ending == ".safetensors":
        safetensors.torch.save_file({key: value.contiguous() for key, value in state.items()}, path)
    else:
        torch.save({"model": state}, path)
    return path


def refusal(network: LeViT, path, **how) -> str:
    """What loading says; the network is held to be bit for bit as it was."""
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load_weights(network, path, **how)
    after = network.state_dict()
    assert list(after) == list(before)
    for key, value in before.items():
        assert torch.equal(after[key].reshape(-1).view(torch.uint8), value.reshape(-1).view(torch.uint8)), key
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 1200
    return text
