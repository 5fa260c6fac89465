"""Resizes a LeViT's learned positions for images of another height and width.

How accurate a resized network is, is not known: the authors publish 224×224 alone, and no figure for another size is
known to us.

A table of attention biases holds one number per head for each distance of 0 to rows−1 and 0 to columns−1. The rule:

    a distance keeps its meaning relative to the image

so no distance stays none, the largest becomes the largest, and those between are interpolated linearly along each axis.
A constant stays constant, and what is linear in the relative distance stays so. Position embeddings (row A5 of the
ablation) follow the same rule over places. A grid that stays as it is keeps its numbers to the last bit. Linear rather
than cubic: tables have their peak at distance zero, on their edge, where a cubic needs values that do not exist.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from levit_bench.levit.attention_bias import AttentionBias
from levit_bench.levit.layers import PositionEmbedding
from levit_bench.levit.network import LeViT
from levit_bench.levit.sizes import Grid


def resized(network: LeViT, image_size: int | Grid) -> LeViT:
    """A copy for images of another (height, width): same weights, type, device and mode, tables interpolated.

    Raises:
        ValueError: the image is too small.
    """
    weight = next(network.parameters())
    twin = _like(network, _pair(image_size)).to(device=weight.device, dtype=weight.dtype)
    twin.load_state_dict(fitted(network.state_dict(), twin, network.image_size))
    for parameter, original in zip(twin.parameters(), network.parameters(), strict=True):
        parameter.requires_grad_(original.requires_grad)
    for part, other_part in zip(twin.modules(), network.modules(), strict=True):
        part.training = other_part.training  # parts may have been frozen
    return twin


def fitted(state: Mapping[str, torch.Tensor], network: LeViT, image_size: int | Grid = 224) -> dict[str, torch.Tensor]:
    """A state of the same LeViT at another image size, fitted to the network that is to load it.

    Args:
        state: by the names of `network`; entries other than tables are returned unchanged.
        network: the network that will load it.
        image_size: (height, width) that the state was made for.

    Raises:
        ValueError: a table has another length than that image size gives it.
    """
    before = _grids(_on_no_device(network, _pair(image_size)))
    after = _grids(network)
    return {
        name: _carry(name, values, before[name], after[name]) if name in after else values
        for name, values in state.items()
    }


def _carry(name: str, values: torch.Tensor, before: Grid, after: Grid) -> torch.Tensor:
    # A bias is laid out as (heads, places), an embedding as (places, channels).
    places_last = name.endswith("bias.table")
    rows_of_places = values if places_last else values.mT
    if values.ndim != 2 or rows_of_places.shape[1] != before[0] * before[1]:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}, which does not belong to a grid of {before[0]}×{before[1]}; "
            "say which image_size the weights were made for"
        )
    carried = interpolated(rows_of_places, before, after)
    return carried if places_last else carried.mT.contiguous()


def interpolated(table: torch.Tensor, before: Grid, after: Grid) -> torch.Tensor:
    """Values (any, rows · columns) on one grid, interpolated to another: corners stay, the rest is linear between.

    Interpolates in float64, so that it costs a half-precision table no more than rounding. Unchanged where the grid is.
    """
    if before == after:
        return table
    exact = table.double().unflatten(1, before)[None]
    carried = nn.functional.interpolate(exact, size=after, mode="bilinear", align_corners=True)
    return carried[0].flatten(1).to(table.dtype)


def _grids(network: LeViT) -> dict[str, Grid]:
    """The grid of every table of positions, by the table's name in the state."""
    return {
        f"{name}.table": part.grid
        for name, part in network.named_modules()
        if isinstance(part, AttentionBias | PositionEmbedding)
    }


def _like(network: LeViT, image_size: Grid) -> LeViT:
    return LeViT(
        network.size,
        image_size=image_size,
        classes=network.classes,
        in_channels=network.in_channels,
        drop_path=network.drop_path,
    )


def _on_no_device(network: LeViT, image_size: Grid) -> LeViT:
    """The same network for that image size, without weights: only its grids are used."""
    with torch.device("meta"):
        return _like(network, image_size)


def _pair(image_size: int | Grid) -> Grid:
    return (image_size, image_size) if isinstance(image_size, int) else image_size
