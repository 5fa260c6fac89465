"""Checks of a pass's output: shape, finiteness, and relative L2 distance from reference logits.

Pure functions on tensors.
"""

from __future__ import annotations

import torch

from levit_bench.measuring import precisions

SAME = precisions.get("fp32").tolerance
"""Relative L2 distance within which two outputs in fp32 are the same."""
EAGER = "fp32 eager"
"""What most reference logits are those of, as messages name it."""
_NOT_FINITE = "output is not finite (NaN or infinity)"


def check_plain(output: object) -> None:
    """See to it that a pass returned a tensor that holds its numbers already, and does not compute them when read.

    Raises:
        TypeError: it is something else.
    """
    if type(output) is not torch.Tensor:
        raise TypeError(
            f"a pass returned a {type(output).__name__}: what is timed must return a plain torch.Tensor, whose numbers "
            "are computed when the pass is over"
        )
    if output.layout is not torch.strided or output.device.type == "meta" or output.is_quantized:
        kind = "quantised" if output.is_quantized else f"{output.layout} on {output.device.type}"
        raise TypeError(f"a pass returned a tensor that is {kind}; expected are logits (batch, classes) as numbers")


def as_logits(value: object, batch: int) -> torch.Tensor:
    """The value as logits of shape (batch, classes).

    Raises:
        TypeError: it is not a tensor.
        ValueError: its shape is another one.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"returned a {type(value).__name__}; a classifier returns one tensor (batch, classes)")
    if value.ndim != 2 or value.shape[0] != batch or value.shape[1] < 2:
        raise ValueError(f"returned shape {tuple(value.shape)}; a classifier returns ({batch}, classes)")
    return value


def relative_distance(logits: torch.Tensor, reference: torch.Tensor) -> float:
    """Relative L2 distance of logits (batch, classes) from a reference, each image's mean over classes removed."""
    a, b = logits.double(), reference.double()
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    norm = float(b.norm())
    return float((a - b).norm()) / norm if norm > 0 else float("inf")


def distances(logits: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """Relative distance of each row of `logits` (m, classes) from each row of `expected` (n, classes): (m, n)."""
    a, b = logits.double(), expected.double()
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    # Not by products, which cancel: equal rows must be at distance zero.
    apart = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    relative: torch.Tensor = apart / b.norm(dim=1).clamp_min(torch.finfo(torch.float64).tiny)
    return relative


def not_finite(*outputs: torch.Tensor) -> str | None:
    """The problem with outputs that hold NaN or infinity; None where all numbers are finite.

    Looked at before any distance, which is NaN as well and would be taken for a difference.
    """
    return None if all(bool(torch.isfinite(output).all()) for output in outputs) else _NOT_FINITE


def check_repeats(first: torch.Tensor, second: torch.Tensor, cause: str) -> None:
    """Refuse what answers the same images differently.

    Args:
        first: logits of one pass.
        second: those of another pass over the same images.
        cause: what is likely to make them differ, and what to do.

    Raises:
        ValueError: they are not finite, or differ, with the distance.
    """
    if problem := not_finite(first, second):
        raise ValueError(problem)
    distance = 0.0 if torch.equal(first, second) else relative_distance(second, first)
    if not distance < SAME:
        raise ValueError(f"two passes over the same images differ by {distance:.2g} (relative L2): {cause}")


def problem_with(logits: torch.Tensor, expected: torch.Tensor, tolerance: float, reference: str = EAGER) -> str | None:
    """What is wrong with one output, or None. Non-finite is told apart from different.

    Args:
        logits: the output.
        expected: reference logits.
        tolerance: relative L2 distance that is allowed.
        reference: what `expected` are the logits of, as the message names it.
    """
    if logits.shape != expected.shape:
        return f"output has shape {tuple(logits.shape)}, expected {tuple(expected.shape)}"
    if problem := not_finite(logits):
        return problem
    distance = relative_distance(logits, expected)
    if not distance <= tolerance:
        return f"output differs from {reference} by {distance:.2g} (relative L2; {tolerance:.2g} is allowed)"
    return None


def problem_with_pair(
    outputs: tuple[torch.Tensor, torch.Tensor], references: tuple[torch.Tensor, torch.Tensor], tolerance: float
) -> str | None:
    """What is wrong with the outputs for two different inputs, or None. Equal bits for both mean a constant output."""
    for output, reference in zip(outputs, references, strict=True):
        if problem := not_finite(output):
            return problem
        if output.shape == reference.shape and torch.equal(outputs[0], outputs[1]):
            return "output is constant: two different inputs give the same bits"
        problem = problem_with(output, reference, tolerance)
        if problem:
            return problem
    return None
