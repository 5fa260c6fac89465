"""Whether outputs are probabilities rather than logits, and which logits belong to them.

A network that ends with softmax, log-softmax or sigmoid is measured as it is; its weights are calibrated by the logits
before that last step, or classes would hardly differ, or one would have all of the probability. Pure functions on
tensors.
"""

from __future__ import annotations

from typing import Literal

import torch

Ending = Literal["softmax", "log-softmax", "sigmoid"]

_NEARLY = 1e-3
_ROUNDING = 1e-4
"""How far sums of a few thousand probabilities are from one in fp32, with room."""


def ending_of(outputs: torch.Tensor) -> Ending | None:
    """The function that ends in outputs (batch, classes) like these; None for anything that may be logits."""
    values = outputs.double()
    if not bool(torch.isfinite(values).all()):
        return None
    if bool((values >= 0).all() and (values <= 1 + _ROUNDING).all()):
        if _is_one(values.sum(1)):
            return "softmax"
        # Outputs with zeros may be those of a ReLU.
        return "sigmoid" if bool((values > 0).all() and (values < 1).all()) else None
    if bool((values <= 0).all()) and _is_one(values.exp().sum(1)):
        return "log-softmax"
    return None


def logits_before(outputs: torch.Tensor, ending: Ending | None) -> torch.Tensor:
    """The logits behind these outputs, up to one constant for all classes of an image."""
    values = outputs.double()
    if ending == "softmax":
        return values.clamp_min(torch.finfo(torch.float32).tiny).log()
    if ending == "sigmoid":
        return torch.logit(values, eps=torch.finfo(torch.float32).eps)
    return values


def takes_all(outputs: torch.Tensor, ending: Ending | None) -> torch.Tensor:
    """For each image, whether one class has all of the probability, so that its logits cannot be recovered."""
    if ending not in ("softmax", "log-softmax"):
        return torch.zeros(len(outputs), dtype=torch.bool)
    probabilities = outputs.double().exp() if ending == "log-softmax" else outputs.double()
    return probabilities.amax(1) > 1 - _NEARLY


def _is_one(sums: torch.Tensor) -> bool:
    return bool(((sums - 1).abs() < _ROUNDING).all())
