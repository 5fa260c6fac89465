"""Reference outputs: the logits that fp32 eager, or a model file, gives for each image of a pool, one image at a time.

Written once a session, by the process that prepares the network as shipped; read wherever the case is loaded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch

from levit_bench.measuring import precisions
from levit_bench.measuring.pass_data.image_pool import ImagePool, image_pool
from levit_bench.measuring.pass_data.output_check import (
    EAGER,
    SAME,
    as_logits,
    distances,
    not_finite,
    problem_with_pair,
    relative_distance,
)
from levit_bench.measuring.pass_data.reference_files import COMMON, FILE
from levit_bench.records import ImageShape

Network = Callable[[torch.Tensor], torch.Tensor]
"""Takes images (batch, channels, height, width) and returns logits (batch, classes)."""
_AIM_S = 1.0  # Seconds that the references of a network may take: about as long as its passes in a run.
_FEWEST, _MOST = 9, 160  # References of a network.
_SIDES = (4, 8, 16)  # Parts of a pool, whose sums are at least one and a half times the references wanted.
_ROUNDING = 1e-7  # About the rounding of one fp32 operation.
_STEPS = 64  # Pixels of an image that move by one step where they are bytes.
_SATURATED = 0.1  # Relative distance of outputs beyond which it does not grow with that of inputs any more.
_CALM = 1e-5  # Outputs that move by less keep the tolerance of fp32, which is ten times this.
_MOST_SENSITIVE = 1e-3  # Ten times this may be the effect of a wrong layer.
_LEAST_DISTANCE = 1e-3  # Ten times the tolerance of fp32: less, and a network that ignores its input would pass.
_CHANGES = (64, 16, 4, 1)  # Slightly changed versions of each image; the first number at which outputs stay the same.
_NONE = torch.empty(0, 0)
_CHANGE = 2.0**-22  # Relative change from one version to the next in fp32: two of its smallest steps.


class References(NamedTuple):
    """Reference outputs of a case, and the tolerances that follow from them."""

    logits: torch.Tensor
    """Logits for each image of the pool alone, (images, classes)."""
    side: int
    """Parts of the pool."""
    sums: tuple[int, ...]
    """Which sums of its parts the images are."""
    sensitivity: float
    """Largest relative distance that the logits of an image move when every pixel moves by 1e-7 of itself."""
    distance: float
    """Median relative distance of the logits of two images."""
    changes: int
    """Slightly changed versions of each image whose logits are, within a fourth of what is allowed, the same."""
    change: float
    """Relative change from one version to the next."""
    source: str = EAGER
    """What gave the logits, as messages name it."""
    common: torch.Tensor = _NONE
    """Logits (images, classes) of the few images that every preparation with this seed and shape computes: two of them
    can be compared by these, however many images each has."""

    def tolerance(self, precision: str) -> float:
        """Relative distance that is allowed, by precision.

        Wider for a network that amplifies small differences: ten times the effect of rounding its input. But at most a
        fourth of the distance between the logits of two images, so that no image is taken for another.
        """
        number_format = precisions.get(precision)
        rounding = 10 * self.sensitivity * number_format.coarseness
        return max(number_format.tolerance, min(rounding, self.distance / 4))

    def with_sensitivity(self, moved: float) -> References:
        """The same for a network that rounds its own numbers: at least so far do the logits of an image move."""
        return self._replace(sensitivity=max(self.sensitivity, moved))

    def write(self, folder: Path) -> None:
        """Store them in a prepared folder."""
        values = self._replace(logits=self.logits.contiguous(), common=self.common.contiguous())._asdict()
        source = values.pop("source")
        tensors = {name: torch.as_tensor(value) for name, value in values.items()}
        safetensors.torch.save_file(tensors, folder / FILE, metadata={"source": source})

    def pool(self, shape: ImageShape, seed: int) -> ImagePool:
        """The images that these are the outputs for."""
        return image_pool(self.side, shape, seed)._replace(sums=self.sums)


def references_in(folder: Path) -> References:
    """The references that the preparation stored in a folder."""
    with safetensors.safe_open(folder / FILE, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        source = file.metadata()["source"]
    return References(
        logits=tensors["logits"],
        side=int(tensors["side"]),
        sums=tuple(tensors["sums"].tolist()),
        sensitivity=float(tensors["sensitivity"]),
        distance=float(tensors["distance"]),
        changes=int(tensors["changes"]),
        change=float(tensors["change"]),
        source=source,
        common=tensors["common"],
    )


@torch.inference_mode()
def write_references(
    network: Network, folder: Path, shape: ImageShape, *, precision: str, seed: int, source: str = EAGER
) -> References:
    """Compute and store the references of a network as shipped, in evaluation mode.

    Args:
        network: takes images (batch, channels, height, width), returns logits (batch, classes).
        folder: where they go.
        shape: of an image.
        precision: of the case: how far a changed version of an image may move its logits.
        seed: the session's.
        source: what the network is, as messages about other outputs name it.

    Raises:
        ValueError: what is wrong with the network: it changes its images, answers without looking at them, or cannot
            be checked.
    """
    pool = image_pool(_SIDES[0], shape, seed)
    first = _answer(network, pool, 0)
    began = time.perf_counter()
    second = _answer(network, pool, pool.size - 1)
    pass_s = time.perf_counter() - began
    problem = problem_with_pair((first, second), (first, second), SAME)
    if problem:
        raise ValueError(problem)
    between = [_answer(network, pool, pool.size * part // (COMMON - 1)) for part in range(1, COMMON - 1)]
    count = math.floor(min(max(_AIM_S / (2 * max(pass_s, 1e-9)), _FEWEST), _MOST))
    side = next(side for side in _SIDES if 2 * side**2 >= 3 * count)
    calm = _calm_answers(network, image_pool(side, shape, seed), count, seed)
    logits = torch.cat([answer.logits for answer in calm])
    distances_apart = distances(logits, logits)[~torch.eye(len(calm), dtype=torch.bool)]
    if float(distances_apart.min()) < _LEAST_DISTANCE:
        raise ValueError(
            f"outputs hardly depend on the image: {float(distances_apart.min()):.2g} apart for two different ones"
        )
    references = References(
        logits=logits,
        side=side,
        sums=tuple(answer.number for answer in calm),
        sensitivity=max(answer.moved for answer in calm),
        distance=float(distances_apart.median()),
        changes=0,
        change=_CHANGE * precisions.get(precision).tolerance / SAME,
        source=source,
        common=torch.cat([first, *between, second]),
    )
    restless = sorted(range(len(calm)), key=lambda row: calm[row].moved)[-2:]
    changes = _changes(network, references.pool(shape, seed), references, restless, precision)
    references = references._replace(changes=changes)
    references.write(folder)
    return references


def problem_with_batch(network: Network, references: References, pool: ImagePool, batch: int) -> str | None:
    """What is wrong with the answers to a batch of that many images, or None.

    An image's row must be the answer for that image alone, whatever else is in the batch.
    """
    indices = _spread_indices(batch, pool.size)
    with torch.inference_mode():
        logits = as_logits(network(pool.batch(indices)), batch)
    if problem := not_finite(logits):
        return problem
    expected, allowed = references.logits[indices], references.tolerance("fp32")
    row_distances = [
        relative_distance(row_logits[None], row_reference[None])
        for row_logits, row_reference in zip(logits, expected, strict=True)
    ]
    wrong = [row for row, distance in enumerate(row_distances) if not distance <= allowed]
    if not wrong:
        return None
    rows = "all" if len(wrong) == batch else str(len(wrong))
    return (
        f"the answer for an image depends on what else is in its batch: {rows} of {batch} rows differ from the answer "
        f"for that image alone, the worst by {max(row_distances):.2g} (relative L2; {allowed:.2g} is allowed)"
    )


def alone(network: Network, image: torch.Tensor) -> torch.Tensor:
    """Logits (1, classes) of an image (1, channels, height, width) in a batch of one.

    Where the network fails on a single image, the image is repeated to a batch of two.
    """
    try:
        return as_logits(network(image), 1)
    except Exception:
        try:
            pair = as_logits(network(image.repeat(2, 1, 1, 1)), 2)
        except Exception:  # noqa: S110 (the error for a single image says more)
            pass
        else:
            return pair[:1]
        raise


def _answer(network: Network, pool: ImagePool, index: int) -> torch.Tensor:
    image, untouched = pool.batch([index]), pool.batch([index])
    logits = alone(network, image).clone()
    if not torch.equal(image, untouched):
        raise ValueError("changes the images it is given, so that the next pass would see others. Copy them first")
    if problem := not_finite(logits):
        raise ValueError(problem)
    return logits


class _Calm(NamedTuple):
    """An image, its logits, and how sensitive they are to rounding."""

    number: int
    logits: torch.Tensor
    moved: float
    """Relative distance that the logits move when every pixel moves by 1e-7 of itself."""


def _calm_answers(network: Network, pool: ImagePool, count: int, seed: int) -> list[_Calm]:
    """`count` images whose logits rounding hardly moves; where there are fewer, the least sensitive ones.

    With random weights some images lie where attention switches: a LeViT's logits for one in ten of them move a
    thousand times as far as for the others, and would hide any error.

    Raises:
        ValueError: rounding moves them all so far that nothing could be checked.
    """
    generator = torch.Generator().manual_seed(seed)
    calm: list[_Calm] = []
    restless: list[_Calm] = []
    for index in _spread_indices(pool.size, pool.size):
        logits = _answer(network, pool, index)
        jittered_image, part = _jittered(pool.batch([index]), generator)
        jittered_logits = alone(network, jittered_image)
        if problem := not_finite(jittered_logits):
            raise ValueError(problem)
        distance = relative_distance(jittered_logits, logits)
        moved = distance * (_ROUNDING / part)
        if part > _ROUNDING and distance > _SATURATED:
            # Steps of bytes are coarse: where they change the logits entirely, the effect of smaller steps is unknown.
            moved = max(moved, _MOST_SENSITIVE)
        (calm if moved <= _CALM else restless).append(_Calm(index, logits, moved))
        if len(calm) == count:
            return calm
    calm += sorted(restless, key=lambda answer: answer.moved)[: max(0, _FEWEST - len(calm))]
    worst = max(answer.moved for answer in calm)
    if not worst < _MOST_SENSITIVE:
        raise ValueError(f"too sensitive to check: rounding of the input alone moves the output by {worst:.2g}")
    return calm


def _jittered(image: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, float]:
    """An image (1, channels, height, width) with a small random change, and the relative size of that change.

    Bytes cannot change by a rounding error: some pixels move by one step, few enough that the total change is small.
    """
    if image.is_floating_point():
        return image * (1 + _ROUNDING * torch.randn(image.shape, generator=generator)), _ROUNDING
    flat = image.flatten().clone()
    chosen = torch.randperm(len(flat), generator=generator)[:_STEPS]
    before = flat[chosen]
    flat[chosen] = torch.where(before < 128, before + 1, before - 1)
    return flat.view_as(image), float(len(chosen) ** 0.5 / image.double().norm())


def _changes(network: Network, pool: ImagePool, references: References, indices: list[int], precision: str) -> int:
    """How many changed versions of an image have the same output, within a fourth of the tolerance."""
    if not pool.left.is_floating_point():
        return 0
    allowed = references.tolerance(precision) / 4
    for count in _CHANGES:
        moved = [alone(network, pool.batch([index], count * references.change)) for index in indices]
        if relative_distance(torch.cat(moved), references.logits[indices]) <= allowed:
            return count
    return 0


def _spread_indices(batch: int, count: int) -> list[int]:
    """Indices of images that lie apart in the pool, each about as often as any other."""
    stride = next(step for step in range(count // 3 | 1, 2 * count) if math.gcd(step, count) == 1)
    return [row * stride % count for row in range(batch)]
