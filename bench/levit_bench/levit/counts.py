"""Computes a LeViT's parameters and multiply-accumulates from its size and the image's, part by part.

A check on torch's counter: the tests compare the two.

Counted are the products of convolutions, linear layers and both matrix products of attention; `macs` is exactly
half of what `torch.utils.flop_counter` counts in evaluation. The authors' counter adds one operation per attention
score for the softmax, kept apart here as `softmax`; `macs + softmax` is the figure behind their README. Neither counts
normalisation, activations, the bias's addition, the mean over tokens.
"""

from __future__ import annotations

from typing import NamedTuple

from levit_bench.levit.sizes import Grid, Size, grids


class PartCount(NamedTuple):
    """Parameters and operations of one part, for one image."""

    parameters: int = 0
    """Learned numbers as trained, without BatchNorm's statistics."""
    folded: int = 0
    """The same after every BatchNorm is folded into its neighbour."""
    macs: int = 0
    """Multiply-accumulates."""
    softmax: int = 0
    """Attention scores, each of which the authors count once more."""


def total(size: Size, image: Grid = (224, 224), classes: int = 1000, in_channels: int = 3) -> PartCount:
    """Parameters and operations of the whole network."""
    return _sum(*parts(size, image, classes, in_channels).values())


def parts(size: Size, image: Grid = (224, 224), classes: int = 1000, in_channels: int = 3) -> dict[str, PartCount]:
    """The network's parts in order: stem, stage1_attention, stage1_mlp, shrink1_attention, shrink1_mlp, …, head.

    Raises:
        ValueError: the image is too small.
    """
    counts = {"stem": _stem(size, image, in_channels)}
    tokens = [rows * columns for rows, columns in grids(size, image)]
    for number, (stage, token_count) in enumerate(zip(size.stages, tokens, strict=True), start=1):
        attention = _attention(size, stage.width, stage.width, stage.heads, token_count, token_count, size.value_ratio)
        counts[f"stage{number}_attention"] = _times(stage.depth, attention)
        counts[f"stage{number}_mlp"] = _times(stage.depth, _mlp(size, stage.width, token_count))
        if number < len(size.stages):
            wider, fewer = size.stages[number].width, tokens[number]
            heads = size.shrink_heads[number - 1]
            counts[f"shrink{number}_attention"] = _attention(
                size, stage.width, wider, heads, token_count, fewer, size.shrink_value_ratio
            )
            counts[f"shrink{number}_mlp"] = _mlp(size, wider, fewer)
    features = size.stages[-1].width
    weights = features * classes
    for name in ("head", "distilled_head")[: size.classifiers]:
        head = PartCount(weights + classes + 2 * features, weights + classes, weights)
        # A LayerNorm depends on its input and cannot be folded.
        counts[name] = head if size.norm == "batch" else head._replace(folded=head.parameters)
    return counts


def _stem(size: Size, image: Grid, in_channels: int) -> PartCount:
    layers = []
    (rows, columns), inputs = image, in_channels
    for layer in size.stem:
        rows, columns = ((side + 2 * layer.padding - layer.kernel) // layer.stride + 1 for side in (rows, columns))
        layers.append(_layer(size, inputs * layer.kernel**2, layer.width, rows * columns))
        inputs = layer.width
    embedding = rows * columns * inputs if size.position == "embedding" else 0
    return _sum(*layers, PartCount(embedding, embedding))


def _attention(size: Size, width: int, wider: int, heads: int, keys: int, queries: int, ratio: int) -> PartCount:
    """Attention of `queries` tokens to `keys` tokens, from one width to another."""
    value = ratio * size.key
    scores = heads * queries * keys
    table = heads * keys if size.position == "bias" else 0
    return _sum(
        _norm_before(size, width),
        _attention_inputs(size, width, heads, keys, queries, value),
        PartCount(table, table, scores * (size.key + value), scores),
        _layer(size, heads * value, wider, queries),
    )


def _attention_inputs(size: Size, width: int, heads: int, keys: int, queries: int, value: int) -> PartCount:
    """Queries, keys and values. One layer or two have equally many weights, and each output its own normalisation."""
    return _sum(_layer(size, width, heads * size.key, queries), _layer(size, width, heads * (size.key + value), keys))


def _mlp(size: Size, width: int, tokens: int) -> PartCount:
    hidden = size.mlp_ratio * width
    return _sum(_norm_before(size, width), _layer(size, width, hidden, tokens), _layer(size, hidden, width, tokens))


def _layer(size: Size, inputs: int, outputs: int, places: int) -> PartCount:
    """A linear layer or a convolution, applied at `places` positions, and its BatchNorm (gain and shift) or bias."""
    weights = inputs * outputs
    beside = 2 * outputs if size.norm == "batch" else outputs
    return PartCount(weights + beside, weights + outputs, weights * places)


def _norm_before(size: Size, width: int) -> PartCount:
    learned = 2 * width if size.norm == "layer" else 0
    return PartCount(learned, learned)


def _sum(*counts: PartCount) -> PartCount:
    return PartCount(*(sum(column) for column in zip(*counts, strict=True)))


def _times(factor: int, count: PartCount) -> PartCount:
    return PartCount(*(factor * number for number in count))
