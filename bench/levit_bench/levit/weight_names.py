"""Names that timm and the authors give to each weight of our LeViT, and conversions between them and ours.

timm 1.0's `levit_*` (the form with linear layers) and the authors' networks hold the same
tensors in the same layout, so renaming is all there is; `levit_conv_*` and the authors' `levit_c` hold them with two
more axes of length one.

The authors number attentions and MLPs through all stages, `blocks.0` to `blocks.23`, shrinks and the MLPs behind them
included. The block of each number follows from the numbers of the shrinks, which have names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

_Pairs = tuple[tuple[str, str], ...]

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
"""Names of layers, ours and timm's; `{}` is a number, the same in both. The names of a layer's parts follow."""

TABLES = (
    ("stages.{}.shrink.attention.bias.table", "stages.{}.downsample.attn_downsample.attention_biases"),
    ("stages.{}.blocks.{}.attention.bias.table", "stages.{}.blocks.{}.attn.attention_biases"),
    ("stages.{}.shrink.attention.bias.index", "stages.{}.downsample.attn_downsample.attention_bias_idxs"),
    ("stages.{}.blocks.{}.attention.bias.index", "stages.{}.blocks.{}.attn.attention_bias_idxs"),
)
"""Tables of attention biases and indices into them, ours and timm's: whole names. Current states hold no indices."""

AUTHORS_SHRINK = (("attention.key_value", "kv"), ("attention.query", "q.1"), ("attention.project", "proj.1"))
"""Layers of a shrinking attention, ours and the authors'."""
AUTHORS_ATTENTION = (("attention.qkv", "m.qkv"), ("attention.project", "m.proj.1"))
"""Layers of an attention."""
AUTHORS_MLP = (("mlp.expand", "m.0"), ("mlp.contract", "m.2"))
"""Layers of an MLP."""
_AUTHORS_TABLES = {"attention_biases": "attention.bias.table", "attention_bias_idxs": "attention.bias.index"}
_AUTHORS_BLOCK = re.compile(r"blocks\.(0|[1-9][0-9]{0,3})\.(.+)")


def to_timm(name: str) -> str:
    """The name in timm of a parameter or buffer of ours.

    Raises:
        KeyError: timm's LeViT has no such tensor; the ablation's networks have some.
    """
    return _renamed(name, LAYERS, TABLES, _part_to_timm)


def from_timm(name: str) -> str:
    """Our name of a parameter or buffer of timm's.

    Raises:
        KeyError: our LeViT has no such tensor.
    """
    return _renamed(name, _swapped(LAYERS), _swapped(TABLES), _part_from_timm)


def authors_shrinks(names: Iterable[str]) -> tuple[int, ...]:
    """Numbers of the authors' blocks that are shrinking attentions, ascending: those with weights for keys and values.

    Recognised by names `blocks.K.kv…`, in any order.
    """
    matches = (_AUTHORS_BLOCK.fullmatch(name) for name in names)
    return tuple(sorted({int(block[1]) for block in matches if block and block[2].startswith("kv.")}))


def from_authors(name: str, shrinks: tuple[int, ...]) -> str:
    """Our name of a parameter or buffer of the authors'.

    Args:
        name: as their checkpoints have it.
        shrinks: `authors_shrinks` of all names.

    Raises:
        KeyError: our LeViT has no such tensor.
    """
    if match := re.fullmatch(r"patch_embed\.([0246])\.(c|bn)\.(\w+)", name):
        return f"stem.layers.{int(match[1]) // 2}.{'conv' if match[2] == 'c' else 'norm'}.{match[3]}"
    if match := re.fullmatch(r"head(_dist)?\.(l|bn)\.(\w+)", name):
        return f"{'distilled_head' if match[1] else 'head'}.{'linear' if match[2] == 'l' else 'norm'}.{match[3]}"
    if match := _AUTHORS_BLOCK.fullmatch(name):
        place, layers, tables = _authors_place(int(match[1]), shrinks)
        if match[2] in tables:
            return f"{place}.{tables[match[2]]}"
        for our_layer, authors_layer in layers:
            if part := re.fullmatch(rf"{re.escape(authors_layer)}\.(c|bn)\.(\w+)", match[2]):
                return f"{place}.{our_layer}.{'linear' if part[1] == 'c' else 'norm'}.{part[2]}"
    raise KeyError(f"no counterpart of {name!r} is known")


def _authors_place(number: int, shrinks: tuple[int, ...]) -> tuple[str, _Pairs, dict[str, str]]:
    """Our name of the authors' block, its possible layers, and its tables."""
    stage = sum(shrink <= number for shrink in shrinks)
    behind = number - shrinks[stage - 1] if stage else number + 2
    if behind == 0:
        return f"stages.{stage}.shrink", AUTHORS_SHRINK, _AUTHORS_TABLES
    if behind == 1:
        return f"stages.{stage}.shrink", AUTHORS_MLP, {}
    place = f"stages.{stage}.blocks.{behind // 2 - 1}"
    if behind % 2:
        return place, AUTHORS_MLP, {}
    return (
        place,
        AUTHORS_ATTENTION,
        {f"m.{authors_table}": our_table for authors_table, our_table in _AUTHORS_TABLES.items()},
    )


def _part_to_timm(place: str, part: str) -> str | None:
    # timm calls a convolution linear, too.
    return {"conv" if place.startswith("stem") else "linear": "linear", "norm": "bn"}.get(part)


def _part_from_timm(place: str, part: str) -> str | None:
    return {"linear": "conv" if place.startswith("stem") else "linear", "bn": "norm"}.get(part)


def _renamed(name: str, layers: _Pairs, tables: _Pairs, renamed_part: Callable[[str, str], str | None]) -> str:
    for place, counterpart in tables:
        if match := _pattern(place).fullmatch(name):
            return counterpart.format(*match.groups())
    for place, counterpart in layers:
        if match := _pattern(place, r"\.(\w+)\.(\w+)").fullmatch(name):
            *numbers, part, tensor = match.groups()
            if renamed := renamed_part(place, part):
                return f"{counterpart.format(*numbers)}.{renamed}.{tensor}"
    raise KeyError(f"no counterpart of {name!r} is known")


@cache
def _pattern(place: str, behind: str = "") -> re.Pattern[str]:
    return re.compile(re.escape(place).replace(r"\{\}", r"(\d+)") + behind)


def _swapped(pairs: _Pairs) -> _Pairs:
    return tuple((second, first) for first, second in pairs)
