"""What timm calls each weight of our LeViT: a table of renamings, and both directions through it.

Refuses to know weights. timm 1.0's `levit_*` (the form with linear layers) hold the same tensors in the same layout, so
renaming is all there is; its `levit_conv_*` hold them with two more axes of length one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LAYERS = (
    ("stages.{}.shrink.attention.key_value", "stages.{}.downsample.attn_downsample.kv"),
    ("stages.{}.shrink.attention.query", "stages.{}.downsample.attn_downsample.q.ln"),
    ("stages.{}.shrink.attention.project", "stages.{}.downsample.attn_downsample.proj.ln"),
    ("stages.{}.shrink.mlp.expand", "stages.{}.downsample.mlp.ln1"),
    ("stages.{}.shrink.mlp.contract", "stages.{}.downsample.mlp.ln2"),
    ("stages.{}.blocks.{}.attention.qkv", "stages.{}.blocks.{}.attn.qkv"),
    ("stages.{}.blocks.{}.attention.project", "stages.{}.blocks.{}.attn.proj.ln"),
    ("stages.{}.blocks.{}.mlp.expand", "stages.{}.blocks.{}.mlp.ln1"),
    ("stages.{}.blocks.{}.mlp.contract", "stages.{}.blocks.{}.mlp.ln2"),
    ("stem.layers.0", "stem.conv1"),
    ("stem.layers.1", "stem.conv2"),
    ("stem.layers.2", "stem.conv3"),
    ("stem.layers.3", "stem.conv4"),
    ("head", "head"),
    ("distilled_head", "head_dist"),
)
"""Where a layer stands, by us and by timm; `{}` is a number, the same in both. A layer's parts follow behind."""

TABLES = (
    ("stages.{}.shrink.attention.bias.table", "stages.{}.downsample.attn_downsample.attention_biases"),
    ("stages.{}.blocks.{}.attention.bias.table", "stages.{}.blocks.{}.attn.attention_biases"),
)
"""Tables of attention biases, by us and by timm: whole names."""


def to_timm(name: str) -> str:
    """What timm calls a parameter or buffer of ours.

    Raises:
        KeyError: timm's LeViT has no such tensor; the ablation's networks have some.
    """
    return _renamed(name, LAYERS, TABLES, _part_to_timm)


def from_timm(name: str) -> str:
    """What we call a parameter or buffer of timm's.

    Raises:
        KeyError: our LeViT has no such tensor.
    """
    return _renamed(name, _turned(LAYERS), _turned(TABLES), _part_from_timm)


def _part_to_timm(place: str, part: str) -> str | None:
    # timm calls a convolution linear, too.
    return {"conv" if place.startswith("stem") else "linear": "linear", "norm": "bn"}.get(part)


def _part_from_timm(place: str, part: str) -> str | None:
    return {"linear": "conv" if place.startswith("stem") else "linear", "bn": "norm"}.get(part)


_Pairs = tuple[tuple[str, str], ...]


def _renamed(name: str, layers: _Pairs, tables: _Pairs, renamed_part: Callable[[str, str], str | None]) -> str:
    for place, other in tables:
        if found := re.fullmatch(_pattern(place), name):
            return other.format(*found.groups())
    for place, other in layers:
        if found := re.fullmatch(rf"{_pattern(place)}\.(\w+)\.(\w+)", name):
            *numbers, part, tensor = found.groups()
            if renamed := renamed_part(place, part):
                return f"{other.format(*numbers)}.{renamed}.{tensor}"
    raise KeyError(f"no counterpart of {name!r} is known")


def _pattern(place: str) -> str:
    return re.escape(place).replace(r"\{\}", r"(\d+)")


def _turned(pairs: _Pairs) -> _Pairs:
    return tuple((other, one) for one, other in pairs)
