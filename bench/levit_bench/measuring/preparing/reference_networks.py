"""Checks a model file against the network that it was exported from, which a function of the user's returns.

The network is taken as the function returns it, with the weights that it loads: nothing is drawn or calibrated. It
answers in evaluation mode, in eager fp32, one image at a time, the images that the answers of the file are known for.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import torch
from torch import nn

from levit_bench.measuring import networks
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.networks.recipe import Recipe
from levit_bench.measuring.pass_data.image_pool import ImagePool
from levit_bench.measuring.pass_data.output_check import as_logits, relative_distance
from levit_bench.measuring.pass_data.reference_outputs import References, alone
from levit_bench.measuring.preparing.probabilities import ending_of
from levit_bench.paths.model_files import without_digest
from levit_bench.records import ImageShape


class ReferenceCheck(NamedTuple):
    """A model file whose outputs are those of its reference network."""

    distance: float
    """Relative L2 distance of its outputs from those of the reference network, each image's mean removed."""
    allowed: float
    """Distance up to which they are the same."""
    sha256: str
    """Digest of the reference network's weights: of names, types, shapes and bytes of its parameters and buffers."""


@torch.inference_mode()
def check(name: str, references: References, pool: ImagePool, shape: ImageShape, seed: int) -> ReferenceCheck:
    """Compare the outputs of a model file with those of a function's network.

    Args:
        name: of the function, `nets.py:build#3f2a91` or `module:build`.
        references: of the model file: its logits for each image of the pool, and what follows for tolerances.
        pool: these images.
        shape: of an image.
        seed: of random-number generators when the function is called.

    Raises:
        ValueError: the network cannot be built or run, its weights are drawn at random, or its outputs differ from the
            file's, with the distance and what to do.
    """
    called = without_digest(name)
    network, sha256 = _built(name, shape, seed)
    try:
        expected = torch.cat([alone(_Rounding(network, shape), pool.batch([row])) for row in range(pool.size)])
    except Exception as error:  # The user's code may raise anything.
        raise ValueError(
            f"its reference {called} fails on images of {shape.size} pixels: {reason_for(error)}"
        ) from error
    if expected.shape != references.logits.shape:
        raise ValueError(
            f"it returns {references.logits.shape[1]:,} classes, and its reference {called} {expected.shape[1]:,}. "
            "Name the function that builds the network which was exported"
        )
    if not bool(torch.isfinite(expected).all()):
        raise ValueError(f"outputs of its reference {called} are not finite (NaN or infinity)")
    distance, allowed = relative_distance(references.logits, expected), references.tolerance("fp32")
    if distance <= allowed:
        return ReferenceCheck(distance, allowed, sha256)
    ends = (ending_of(references.logits) or "logits", ending_of(expected) or "logits")
    why = (
        f"One ends with {ends[0]}, the other with {ends[1]}"
        if ends[0] != ends[1]
        else "See that the function loads the weights that were exported; if it does, export them again, after eval()"
    )
    raise ValueError(
        f"its outputs differ by {distance:.2g} from those of {called} in fp32 (relative L2; {allowed:.2g} is allowed): "
        f"it computes something else. {why}"
    )


class _Rounding:
    """A network that sees images as a file of half precision does: rounded to its number type."""

    def __init__(self, network: nn.Module, shape: ImageShape) -> None:
        self._network = network
        self._is_half = shape.dtype == "float16"

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of images (batch, channels, height, width)."""
        return as_logits(self._network(images.half().float() if self._is_half else images), len(images))


def _built(name: str, shape: ImageShape, seed: int) -> tuple[nn.Module, str]:
    """The network as the function returns it, in evaluation mode, and the digest of its weights.

    It is built twice, with other seeds: weights that follow from a seed are not those of any file.

    Raises:
        ValueError: it cannot be built, or its weights are drawn.
    """
    called = without_digest(name)
    fed = shape._replace(dtype="float32") if shape.dtype == "float16" else shape
    try:
        serving = networks.look(name, fed, seed).serving
        network, other = (networks.build(name, fed, Recipe(seed=seed + n, serving=serving)) for n in (0, 1))
    except Exception as error:  # The user's code may raise anything.
        missing = error.__cause__
        reason = (
            f"raised {type(missing).__name__}: {missing.strerror or missing}. A file of weights is named from the "
            "folder of the command, or by Path(__file__)"
            if isinstance(missing, OSError)
            else f"cannot be built: {reason_for(error)}"
        )
        raise ValueError(f"its reference {called} {reason}") from error
    sha256 = weights_digest(network)
    if weights_digest(other) != sha256:
        raise ValueError(
            f"its reference {called} draws its weights at random: two calls give two networks. Let it load those that "
            "were exported, with load_state_dict"
        )
    return network, sha256


def weights_digest(network: nn.Module) -> str:
    """SHA-256 of the parameters and buffers of a network, and of their names, types and shapes."""
    digest = hashlib.sha256()
    for key, tensor in sorted(network.state_dict().items()):
        if isinstance(tensor, torch.Tensor):
            digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
