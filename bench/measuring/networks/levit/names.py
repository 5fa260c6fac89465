"""What timm calls each weight of our LeViT: a table of renamings, and both directions through it.

Refuses to know weights. timm 1.0's `levit_*` (the form with linear layers) hold the same tensors in the same layout, so
renaming is all there is; its `levit_conv_*` hold them with two more axes of length one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

TIMM = (
    # A part of our name, and of timm's. Each stands between dots, or at the beginning.
    ("stages.{}.shrink.attention.bias.table", "stages.{}.downsample.attn_downsample.attention_biases"),
    ("stages.{}.shrink.attention.key_value", "stages.{}.downsample.attn_downsample.kv"),
    ("stages.{}.shrink.attention.query", "stages.{}.downsample.attn_downsample.q.ln"),
    ("stages.{}.shrink.attention.project", "stages.{}.downsample.attn_downsample.proj.ln"),
    ("stages.{}.shrink.mlp.expand", "stages.{}.downsample.mlp.ln1"),
    ("stages.{}.shrink.mlp.contract", "stages.{}.downsample.mlp.ln2"),
    ("stages.{}.blocks.{}.attention.bias.table", "stages.{}.blocks.{}.attn.attention_biases"),
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
"""Where a layer stands; `{}` is a number, the same in both."""

_WITHIN = {"linear": "linear", "conv": "linear", "norm": "bn"}
"""Parts of a layer, ours and timm's; timm calls a convolution linear, too."""


def to_timm(name: str) -> str:
    """timm's name of a parameter or buffer that we call so.

    Raises:
        KeyError: timm's LeViT has no such tensor; the ablation's networks have some.
    """
    return _renamed(name, TIMM, lambda _, part: _WITHIN.get(part))


def from_timm(name: str) -> str:
    """Our name of a parameter or buffer that timm calls so.

    Raises:
        KeyError: our LeViT has no such tensor.
    """
    table = tuple((theirs, ours) for ours, theirs in TIMM)
    parts = {"bn": "norm"}
    return _renamed(name, table, lambda place, part: parts.get(part, "conv" if place.startswith("stem") else "linear"))


def _renamed(name: str, table: tuple[tuple[str, str], ...], within: Callable[[str, str], str | None]) -> str:
    for place, other in table:
        pattern = re.escape(place).replace(r"\{\}", r"(\d+)")
        found = re.fullmatch(rf"{pattern}(?:\.(linear|conv|norm|bn)\.(\w+))?", name)
        if found is None:
            continue
        *numbers, part, tensor = found.groups()
        renamed = other.format(*numbers)
        if part is None:
            return renamed
        inner = within(place, part)
        if inner is not None:
            return f"{renamed}.{inner}.{tensor}"
    raise KeyError(f"no counterpart of {name!r} is known")
