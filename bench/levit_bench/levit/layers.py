"""The parts of a LeViT: the stem, attention that keeps or shrinks the grid of tokens, MLPs, classifiers.

`network.py` composes them.

Source: Graham et al., ICCV 2021, arXiv:2104.01136v2, section 4 and appendix A.2; written from the description.
"""

from __future__ import annotations

import torch
from torch import nn

from levit_bench.levit.attention_bias import AttentionBias, is_traced
from levit_bench.levit.sizes import Convolution, Grid, Size


def refuse_other_sizes(images: torch.Tensor, image_size: Grid) -> None:
    """Check the (height, width) of images.

    Raises:
        ValueError: another size, outside of traces.
    """
    if not is_traced() and tuple(images.shape[-2:]) != image_size:
        raise ValueError(
            f"this LeViT was made for images of {image_size} (height, width) and got {tuple(images.shape)}. "
            "Resize the images, or the network: levit_bench.levit.resized(network, image_size)."
        )


class Stem(nn.Module):
    """Images (batch, channels, height, width) to tokens (batch, rows · columns, C₁); section 4.2, "Patch embedding"."""

    def __init__(self, size: Size, in_channels: int) -> None:
        super().__init__()
        widths = [in_channels, *(layer.width for layer in size.stem)]
        self.layers = nn.ModuleList(
            ConvNorm(size, inputs, layer) for inputs, layer in zip(widths[:-1], size.stem, strict=True)
        )
        self.activation = hardswish()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        first_layer, *later_layers = self.layers
        # Channels last, so that the output of the last layer lies token by token already: the images are copied instead
        # of the tokens, and convolutions and normalisations are not slower for it.
        x = first_layer(images.contiguous(memory_format=torch.channels_last))
        for layer in later_layers:
            x = layer(self.activation(x))
        # Every later layer runs along the channels of a token. Copies only where a backend undid the layout.
        return x.flatten(2).transpose(1, 2).contiguous()


class PositionEmbedding(nn.Module):
    """A learned vector for each place of the grid, added to the tokens there; row A5 of the ablation."""

    def __init__(self, grid: Grid, width: int) -> None:
        super().__init__()
        self.grid = grid
        self.table = nn.Parameter(nn.init.trunc_normal_(torch.empty(grid[0] * grid[1], width), std=0.02))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens + self.table


class Stage(nn.Module):
    """The blocks of one grid, behind the shrink that leads to it: (batch, tokens, C) to (batch, fewer tokens, C′)."""

    def __init__(self, size: Size, number: int, token_grids: tuple[Grid, ...], drop_path: float) -> None:
        super().__init__()
        stage = size.stages[number]
        self.shrink = Shrink(size, number, token_grids[number - 1], drop_path) if number else None
        self.blocks = nn.Sequential(
            *(Block(size, stage.width, stage.heads, token_grids[number], drop_path) for _ in range(stage.depth))
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        if self.shrink is not None:
            tokens = self.shrink(tokens)
        return self.blocks(tokens)


class Block(nn.Module):
    """Attention, then an MLP, each with a residual connection: (batch, tokens, C) to the same shape."""

    def __init__(self, size: Size, width: int, heads: int, grid: Grid, drop_path: float) -> None:
        super().__init__()
        self.attention = Attention(size, width, heads, grid)
        self.mlp = MLP(size, width)
        self.drop = DropPath(drop_path)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self.drop(self.attention(tokens))
        return tokens + self.drop(self.mlp(tokens))


class Shrink(nn.Module):
    """A shrinking attention without residual, then an MLP: halves the grid's sides and widens the tokens."""

    def __init__(self, size: Size, number: int, grid: Grid, drop_path: float) -> None:
        super().__init__()
        width, wider = size.stages[number - 1].width, size.stages[number].width
        self.attention = ShrinkingAttention(size, width, wider, size.shrink_heads[number - 1], grid)
        self.mlp = MLP(size, wider)
        self.drop = DropPath(drop_path)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = self.attention(tokens)
        return tokens + self.drop(self.mlp(tokens))


class Attention(nn.Module):
    """Self-attention whose values are wider than its keys (section 4.2, "Smaller keys").

    (batch, tokens, C) to the same. One linear layer gives queries, keys and values; its outputs are ordered by head,
    and within a head as D for the query, D for the key, and the value.
    """

    def __init__(self, size: Size, width: int, heads: int, grid: Grid) -> None:
        super().__init__()
        self.heads = heads
        self.scale: float = size.key**-0.5
        self.parts = [size.key, size.key, size.value_ratio * size.key]
        self.before = norm_before(size, width)
        self.qkv = LinearNorm(size, width, heads * sum(self.parts))
        self.bias = AttentionBias(heads, grid) if size.position == "bias" else None
        self.activation = hardswish() if size.value_activation else nn.Identity()
        self.project = LinearNorm(size, heads * self.parts[2], width, gain=0.0)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        q, k, v = by_head(self.qkv(self.before(tokens)), self.heads).split(self.parts, dim=2)
        bias = None if self.bias is None else self.bias()
        return self.project(self.activation(attend(q * self.scale, k, v, bias, self.heads)))


class ShrinkingAttention(nn.Module):
    """Attention of every second row and column to all of them (section 4.2, "Downsampling").

    (batch, tokens, C) to (batch, about a quarter of the tokens, C′). Values are four times as wide as keys, since
    the information of the dropped tokens has to pass through them.
    """

    def __init__(self, size: Size, width: int, wider: int, heads: int, grid: Grid) -> None:
        super().__init__()
        self.heads = heads
        self.scale: float = size.key**-0.5
        self.grid = grid
        self.parts = [size.key, size.shrink_value_ratio * size.key]
        self.before = norm_before(size, width)
        self.key_value = LinearNorm(size, width, heads * sum(self.parts))
        self.query = LinearNorm(size, width, heads * size.key)
        self.bias = AttentionBias(heads, grid, stride=2) if size.position == "bias" else None
        self.activation = hardswish() if size.value_activation else nn.Identity()
        self.project = LinearNorm(size, heads * self.parts[1], wider)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = self.before(tokens)
        q = by_head(self.query(every_second(tokens, self.grid)), self.heads)
        k, v = by_head(self.key_value(tokens), self.heads).split(self.parts, dim=2)
        bias = None if self.bias is None else self.bias()
        return self.project(self.activation(attend(q * self.scale, k, v, bias, self.heads)))


def every_second(tokens: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Of tokens (batch, rows · columns, C), those of every second row and column, the first included."""
    batch, _, channels = tokens.shape
    return tokens.view(batch, *grid, channels)[:, ::2, ::2].reshape(batch, -1, channels)


def by_head(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(batch, tokens, heads · channels) to (batch · heads, tokens, channels).

    Splits along channels can be used in matrix products without copying: queries, keys and values cost one copy
    together, and none where the batch is one image.
    """
    batch, tokens, _ = x.shape
    return x.view(batch, tokens, heads, -1).transpose(1, 2).flatten(0, 1)


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None, heads: int) -> torch.Tensor:
    """softmax(q·kᵀ + bias)·v of every head, heads side by side.

    Args:
        q: (batch · heads, queries, D), already scaled by 1 / √D: scores are a network's largest tensors.
        k: (batch · heads, keys, D).
        v: (batch · heads, keys, V); V and D differ, which torch's fused attention on a CPU does not support.
        bias: (heads, queries, keys).
        heads: how many.

    Returns:
        (batch, queries, heads · V)
    """
    scores = torch.bmm(q, k.transpose(1, 2))
    if bias is not None:
        by_image = scores.view(-1, *bias.shape)
        # In place, except where automatic mixed precision made the scores narrower than the bias and the sum should
        # not be.
        scores = (by_image.add_(bias) if scores.dtype == bias.dtype else by_image + bias).view_as(scores)
    sums = torch.bmm(scores.softmax(2), v)
    _, queries, channels = sums.shape
    return sums.view(-1, heads, queries, channels).transpose(1, 2).flatten(2)


class MLP(nn.Module):
    """Two layers with Hardswish between, twice as wide inside: (batch, tokens, C) to the same."""

    def __init__(self, size: Size, width: int) -> None:
        super().__init__()
        self.before = norm_before(size, width)
        self.expand = LinearNorm(size, width, size.mlp_ratio * width)
        self.activation = hardswish()
        self.contract = LinearNorm(size, size.mlp_ratio * width, width, gain=0.0)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.contract(self.activation(self.expand(self.before(tokens))))


class Classifier(nn.Module):
    """Features (batch, C₃), normalised, to logits (batch, classes)."""

    def __init__(self, size: Size, features: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(features) if size.norm == "batch" else nn.LayerNorm(features)
        self.linear = nn.Linear(features, classes)
        nn.init.trunc_normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.linear(self.norm(features))


class ConvNorm(nn.Module):
    """A convolution and its BatchNorm; with LayerNorm elsewhere (A3), a convolution with a bias."""

    def __init__(self, size: Size, inputs: int, layer: Convolution) -> None:
        super().__init__()
        normed = size.norm == "batch"
        self.conv = nn.Conv2d(inputs, layer.width, layer.kernel, layer.stride, layer.padding, bias=not normed)
        self.norm = nn.BatchNorm2d(layer.width) if normed else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))


class LinearNorm(nn.Module):
    """A linear layer and its BatchNorm over all tokens of all images; with LayerNorm elsewhere (A3), one with a bias.

    (batch, tokens, inputs) to (batch, tokens, outputs). `gain` is what BatchNorm's weights start from: zero at the end
    of a residual branch.
    """

    def __init__(self, size: Size, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        normed = size.norm == "batch"
        self.linear = nn.Linear(inputs, outputs, bias=not normed)
        self.norm: nn.Module = nn.Identity()
        if normed:
            self.norm = norm = nn.BatchNorm1d(outputs)
            nn.init.constant_(norm.weight, gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return self.norm(x.flatten(0, 1)).view_as(x)


class DropPath(nn.Module):
    """Stochastic depth: in training, drops a branch for some images, scales it up for the others, so its mean stays."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, branch: torch.Tensor) -> torch.Tensor:
        if not self.training or self.probability == 0:
            return branch
        keep_probability = 1 - self.probability
        return branch * branch.new_empty(branch.shape[0], 1, 1).bernoulli_(keep_probability) / keep_probability


def hardswish() -> nn.Hardswish:
    """Hardswish in place: no other operation reads its input, gradients included.

    A hook that stores the output of the layer before it has to store a copy.
    """
    return nn.Hardswish(inplace=True)


def norm_before(size: Size, width: int) -> nn.Module:
    """The normalisation before an attention or an MLP: none, or row A3's LayerNorm."""
    return nn.LayerNorm(width) if size.norm == "layer" else nn.Identity()
