"""A LeViT for inference alone: the same function of the images in fewer and larger steps.

It is a frozen copy: later changes of the original do not affect it.

    BatchNorm           in the weights and biases of the layer before it; of a classifier, of the layer behind it
    LayerNorm (A3)      stays; its gain and shift are in the layers behind it
    1 / √D              in the rows of the weights that give queries
    attention biases    spread over queries and keys once: buffers (heads, queries, keys)
    two classifiers     their mean, one linear layer
    stem                channels last, so that its output lies token by token

Folding is computed in float64 and rounded once (`folding.py`), so only rounding differs: logits within 1e-10 in
float64 and 1e-4 in float32, relative in the Euclidean norm. Tests check both at every size.

On a CPU, a batch passes the blocks of a large grid a few images at a time: the scores of attention are the largest
tensors by far, and a batch of them fits no cache. It is decided pass by pass, except in traces and exports, which
serve every batch and therefore take it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from levit_bench.levit import folding
from levit_bench.levit.attention_bias import AttentionBias, is_traced
from levit_bench.levit.layers import (
    MLP,
    Attention,
    Block,
    Classifier,
    ConvNorm,
    PositionEmbedding,
    ShrinkingAttention,
    Stage,
    Stem,
    attend,
    by_head,
    every_second,
    refuse_other_sizes,
)
from levit_bench.levit.sizes import Grid

TOKENS_AT_ONCE = 800
"""Tokens per thread that pass the blocks of one grid together: 4 images at 14×14, 16 at 7×7. Fewer make the products
of 7×7 and 4×4 tokens too small; more let the scores of 14×14 fall out of the caches."""


class InferenceLeViT(nn.Module):
    """The form for inference of a LeViT: images (batch, channels, height, width) to logits (batch, classes).

    Its parameters have `requires_grad=False`, and it computes the same in training and evaluation mode.

    Args:
        stem, position, stages, heads: parts of the original, in evaluation mode; nothing of them is shared or changed.
        image_size: (height, width) in pixels.
    """

    position: torch.Tensor | None

    def __init__(
        self,
        stem: Stem,
        position: PositionEmbedding | None,
        stages: Iterable[nn.Module],
        heads: Sequence[Classifier],
        image_size: Grid,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.stem = nn.ModuleList(folding.convolution(cast(ConvNorm, layer)) for layer in stem.layers)
        self.register_buffer("position", None if position is None else position.table.detach().clone())
        self.grids = nn.ModuleList(nn.Sequential(*blocks) for blocks in _blocks_by_grid(stages))
        self.norm = folding.rest(heads[0].norm)
        self.head = folding.mean_classifier(heads)
        self.requires_grad_(False)
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The logits that the original gives in evaluation mode.

        Raises:
            ValueError: images of another height or width than the network was made for.
        """
        refuse_other_sizes(images, self.image_size)
        first_layer, *later_layers = self.stem
        x = first_layer(images.contiguous(memory_format=torch.channels_last))
        for layer in later_layers:
            x = layer(functional.hardswish(x, inplace=True))
        # Copies only where a backend did not keep channels last.
        tokens = x.flatten(2).transpose(1, 2).contiguous()
        if self.position is not None:
            tokens = tokens + self.position
        for blocks in self.grids:
            tokens = in_parts(blocks, tokens)
        return self.head(self.norm(tokens.mean(1)))


def in_parts(blocks: nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """`blocks(tokens)`, a few images at a time where that is faster. No block may mix images."""
    if tokens.device.type != "cpu" or is_traced() or torch.compiler.is_compiling():
        return blocks(tokens)
    images = max(1, TOKENS_AT_ONCE * torch.get_num_threads() // tokens.shape[1])
    if tokens.shape[0] <= images:
        return blocks(tokens)
    return torch.cat([blocks(part) for part in tokens.split(images)])


def _blocks_by_grid(stages: Iterable[nn.Module]) -> Iterator[list[nn.Module]]:
    """The blocks that read tokens of each grid: a shrinking attention belongs to the grid that it shrinks."""
    blocks: list[nn.Module] = []
    for stage in cast("Iterable[Stage]", stages):
        if stage.shrink is not None:
            yield [*blocks, FoldedShrinkingAttention(stage.shrink.attention)]
            blocks = [FoldedMLP(stage.shrink.mlp)]
        for block in cast("Iterable[Block]", stage.blocks):
            blocks += [FoldedAttention(block.attention), FoldedMLP(block.mlp)]
    yield blocks


class FoldedAttention(nn.Module):
    """Self-attention and its residual connection: (batch, tokens, C) to the same. Outputs ordered as in `Attention`."""

    bias: torch.Tensor | None

    def __init__(self, part: Attention) -> None:
        super().__init__()
        self.heads = part.heads
        self.parts = tuple(part.parts)
        self.before = folding.rest(part.before)
        self.qkv = folding.linear(part.qkv, part.before, rows=_scale(part.heads, part.parts))
        self.register_buffer("bias", _spread(part.bias))
        self.activated = not isinstance(part.activation, nn.Identity)
        self.project = folding.linear(part.project)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        q, k, v = by_head(self.qkv(self.before(tokens)), self.heads).split(self.parts, dim=2)
        attended = attend(q, k, v, self.bias, self.heads)
        if self.activated:
            attended = functional.hardswish(attended, inplace=True)
        return self.project(attended).add_(tokens)


class FoldedShrinkingAttention(nn.Module):
    """Attention of every second row and column to all: (batch, tokens, C) to (batch, fewer tokens, C′)."""

    bias: torch.Tensor | None

    def __init__(self, part: ShrinkingAttention) -> None:
        super().__init__()
        self.heads = part.heads
        self.grid = part.grid
        self.parts = tuple(part.parts)
        self.before = folding.rest(part.before)
        self.key_value = folding.linear(part.key_value, part.before)
        self.query = folding.linear(part.query, part.before, rows=_scale(part.heads, part.parts[:1]))
        self.register_buffer("bias", _spread(part.bias))
        self.activated = not isinstance(part.activation, nn.Identity)
        self.project = folding.linear(part.project)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = self.before(tokens)
        q = by_head(self.query(every_second(tokens, self.grid)), self.heads)
        k, v = by_head(self.key_value(tokens), self.heads).split(self.parts, dim=2)
        attended = attend(q, k, v, self.bias, self.heads)
        if self.activated:
            attended = functional.hardswish(attended, inplace=True)
        return self.project(attended)


class FoldedMLP(nn.Module):
    """Two layers with Hardswish between, and the residual connection: (batch, tokens, C) to the same."""

    def __init__(self, part: MLP) -> None:
        super().__init__()
        self.before = folding.rest(part.before)
        self.expand = folding.linear(part.expand, part.before)
        self.contract = folding.linear(part.contract)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden = functional.hardswish(self.expand(self.before(tokens)), inplace=True)
        return self.contract(hidden).add_(tokens)


def _scale(heads: int, parts: tuple[int, ...] | list[int]) -> torch.Tensor:
    """Factors for outputs ordered by head, of which the first part is the query: 1 / √D there, 1 elsewhere."""
    rows = torch.ones(heads, sum(parts), dtype=torch.float64)
    rows[:, : parts[0]] = parts[0] ** -0.5
    return rows.flatten()


def _spread(bias: AttentionBias | None) -> torch.Tensor | None:
    """A copy of the spread bias, (heads, queries, keys)."""
    return None if bias is None else bias.spread().detach().clone()
