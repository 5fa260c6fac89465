"""random-calibrated-1: random weights under which a network computes something worth checking.

Default initialisation gives logits near 1e-6 and residual branches that are exactly zero, so any absolute tolerance
passes an all-zero output, and a fused matrix of zeros may run at another speed than a trained one.

    build, seeded
    re-draw every parameter that its initialisation left constant (norm gammas, residual gammas, biases, tables)
    set BatchNorm statistics by passes in training mode (the BatchNorms only: no dropout, no drop path)
    scale the classifier until logits have deviation one
    check: finite, of order one, no subnormal weight or activation
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from levit_bench.measuring.evaluation_mode import renew
from levit_bench.measuring.pass_data.images import ImageShape, images
from levit_bench.measuring.pass_data.output_check import as_logits
from levit_bench.measuring.preparing.probabilities import Ending, ending_of, logits_before, takes_all
from levit_bench.numbers.units import counted

VERSION = "random-calibrated-1"

STREAM = 2
"""Stream of the images that weights are calibrated on: not those that outputs are checked on."""
_LARGE = 224 * 224  # Pixels; larger images are calibrated on fewer of them.
_RESIDUAL = 0.1  # Gammas that start below this scale a residual branch: 0, 1e-6 and 1e-5 are in use.
_SMALLEST_NORMAL = torch.finfo(torch.float32).tiny
_MASKED = (nn.Softmax, nn.Dropout)  # A dropout behind a softmax passes its values on.
_ATTEMPTS = 8
_MOST_BY_BIASES = 3.0  # The biases alone have a deviation of 0.12.
_LEAP = 30.0  # Where one class has all of the probability, its logits are too large by at least this factor.
_NORMS = (nn.modules.batchnorm._BatchNorm,)


class CalibrationError(ValueError):
    """The network cannot be calibrated so that its outputs can be checked."""


def calibrate(network: nn.Module, shape: ImageShape, seed: int) -> float:
    """Calibrate in place, in evaluation mode afterwards; returns the deviation of the logits over classes.

    Args:
        network: freshly built; takes images (batch, channels, height, width), returns logits (batch, classes).
        shape: of its images.
        seed: the session's seed.

    Raises:
        CalibrationError: logits stay out of order one, or weights or activations are subnormal.
        TypeError, ValueError: the network returns no logits.
    """
    sample = images(16 if shape.height * shape.width <= _LARGE else 8, shape, seed, STREAM)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        _redraw_constants(network, generator)
        renew(network)
        _set_statistics(network, sample)
        renew(network)
        deviation = _scale_classifier(network, sample[:4], generator).checked()
        _refuse_subnormals(network, sample[:2])
    return deviation


def _redraw_constants(network: nn.Module, generator: torch.Generator) -> None:
    """Gammas become 0.5 to 1.5, zeros become small numbers: no branch is dead and no two channels are alike.

    A gamma that was zero scales a residual branch, and stays small as in a trained network: 0.1 to 0.3. With ones
    there, LeViT's outputs moved by 2e-3 when its input moved by 1e-7: rounding could not be told from an error.
    """
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.numel() < 2 or not bool((parameter == parameter.flatten()[0]).all()):
                continue
            is_gain = "weight" in name or "gamma" in name or float(parameter.flatten()[0]) == 1.0
            # Gains of standardised weights, one for each filter, stand in for norms: small ones with any sign would
            # leave nothing of the image after a few layers.
            if (is_gain and parameter.ndim == 1) or "gain" in name:
                least, span = (0.1, 0.2) if float(parameter.flatten()[0]) < _RESIDUAL else (0.5, 1.0)
                parameter.copy_(least + span * torch.rand(parameter.shape, generator=generator))
            else:
                parameter.copy_(_small(parameter.shape, generator))


def _set_statistics(network: nn.Module, sample: torch.Tensor) -> None:
    """Set the statistics of all BatchNorms by a pass with them in training mode.

    Without any, two images are enough for what a network makes in its first pass.
    """
    norms = [module for module in network.modules() if isinstance(module, _NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    network(sample if norms else sample[:2])
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def deviation_of(network: nn.Module, sample: torch.Tensor) -> float:
    """Deviation of the logits over classes, which is of order one.

    Raises:
        CalibrationError: it is not.
    """
    return _deviation(network, sample).checked()


class _Deviation(NamedTuple):
    """How far the logits of images spread."""

    value: float
    """Deviation over classes, also where a softmax or the like follows them; the mean of the images."""
    ending: Ending | None
    """What follows the logits."""
    one_class: torch.Tensor
    """For each image whether one class has all of the probability, so that the deviation is underestimated."""

    def checked(self) -> float:
        """The deviation, which is of order one.

        Raises:
            CalibrationError: it is not.
        """
        if self.one_class.all():
            raise CalibrationError(
                f"ends with {self.ending}, and whatever its weights are, one class takes nearly all of it: return the "
                "logits"
            )
        if not 0.05 < self.value < 50:
            raise CalibrationError(f"logits have deviation {self.value:.2g}; order one is needed to check outputs")
        return self.value


def _deviation(network: nn.Module, sample: torch.Tensor) -> _Deviation:
    """How far the logits spread.

    Raises:
        CalibrationError: they are not finite, or all equal.
    """
    outputs = as_logits(network(sample), len(sample))
    if not bool(torch.isfinite(outputs).all()):
        raise CalibrationError("output is not finite (NaN or infinity)")
    ending = ending_of(outputs)
    deviation = float(logits_before(outputs, ending).double().std(dim=1).mean())
    if deviation == 0:
        raise CalibrationError("output is constant: all logits are equal")
    return _Deviation(deviation, ending, takes_all(outputs, ending))


def _scale_classifier(network: nn.Module, sample: torch.Tensor, generator: torch.Generator) -> _Deviation:
    """Scale the logits to deviation one without biases, and add small biases, so that neither part hides the other.

    Returns how far they spread then.

    The layers that make the logits are the last linear or 1x1 convolution, and its twin where two are averaged.
    """
    classifier = getattr(network, "get_classifier", lambda: None)()
    heads = [m for m in (classifier if isinstance(classifier, tuple) else (classifier,)) if isinstance(m, nn.Module)]
    layers = [m for head in heads for m in head.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    if not layers:
        layers = _last_that_matters(network, sample)
    for layer in layers:
        if layer.bias is not None:
            layer.bias.zero_()
    for _ in range(_ATTEMPTS):
        deviation, ending, one_class = _deviation(network, sample)
        for layer in layers:
            layer.weight.mul_(1.0 / (_LEAP if one_class.any() else deviation))
        if ending is None:
            break
        # Probabilities may be too near zero or one to recover their logits, or outputs only look like them.
        renew(network)
    for layer in layers:
        if layer.bias is not None:
            layer.bias.copy_(_small(layer.bias.shape, generator))
    for _ in range(_ATTEMPTS):
        renew(network)
        spread = _deviation(network, sample)
        if spread.value <= _MOST_BY_BIASES and not spread.one_class.any():
            return spread
        for layer in layers:  # Layers behind this one amplify its outputs.
            if layer.bias is not None:
                layer.bias.div_(_LEAP if spread.one_class.any() else spread.value)
    renew(network)
    return _deviation(network, sample)


def _last_that_matters(network: nn.Module, sample: torch.Tensor) -> list[nn.Linear | nn.Conv2d]:
    """The last linear layer or convolution that the logits depend on: later ones may make other outputs."""
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    reference = as_logits(network(sample), len(sample))
    for layer in reversed(layers):
        layer.weight.mul_(2)  # Undone below without rounding.
        renew(network)
        doubled = as_logits(network(sample), len(sample))
        layer.weight.mul_(0.5)
        renew(network)
        if not torch.equal(doubled, reference):
            return [layer]
    return layers[-1:]


def _small(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    return 0.4 * (torch.rand(shape, generator=generator) - 0.5)


def _refuse_subnormals(network: nn.Module, sample: torch.Tensor) -> None:
    """Subnormal numbers are slow on many processors; trained networks have none but behind a masked softmax.

    Swin's mask of -100 gives e^-100, which is subnormal whatever the weights are: there they belong to the network.
    """
    names: list[str] = []

    def look(name: str, value: object) -> None:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            size = value.abs()
            if bool(((size > 0) & (size < _SMALLEST_NORMAL)).any()):
                names.append(name)

    for name, value in network.state_dict().items():
        look(name, value)
    of_weights = len(names)
    hooks = [
        module.register_forward_hook(lambda _module, _args, out, name=name: look(name, out))
        for name, module in network.named_modules()
        if not any(True for _ in module.children()) and not isinstance(module, _MASKED)
    ]
    try:
        try:
            network(sample[:1])
        except Exception:  # Not every network takes one image alone.
            del names[of_weights:]
            network(sample)
    finally:
        for hook in hooks:
            hook.remove()
    if names:
        raise CalibrationError(f"subnormal numbers at {names[0]} and {counted(len(names) - 1, 'other place')}")
