"""What is prepared once a session and loaded in every run: weights, and the outputs that fp32 eager gives for them.

The references are those of the network as shipped, whatever its form; a form that computes something else is refused.
Refuses to know which seat loads it, and when.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bench.measuring import forms, networks, runtimes
from bench.measuring.calibrate import VERSION, calibrate
from bench.measuring.inputs import DISTINCT, images
from bench.measuring.outputs import COARSENESS, TOLERANCES, as_logits, problem_with_pair, relative_distance
from bench.measuring.wire import Prepared
from bench.records import Case

STREAMS = (0, 1)  # The two sets of images that outputs are checked on.
_ROUNDING = 1e-7  # About the rounding of one fp32 operation.
_MOST_SENSITIVE = 1e-3  # Ten times this is as much as a wrong layer may do.
_LEAST_DISTANCE = 1e-3  # Ten times the tolerance of fp32: less, and a network that ignores its input would pass.


def prepare(case: Case, batches: tuple[int, ...], folder: Path, seed: int) -> Prepared:
    """Build, calibrate and check the network of a case; leave everything its seats need in `folder`.

    `batches` are those of all cases that share the artifact; `case` stands for them.

    Multiply-accumulates are those of the network as shipped, which published counts refer to; parameters are counted
    on the network in its form, which has fewer.

    Raises:
        LookupError, ValueError, TypeError: it cannot be built, calibrated, brought into its form or checked, with the
            reason.
    """
    started = time.perf_counter()
    if case.weights != VERSION:
        raise ValueError(f"unknown weights {case.weights!r}; known is {VERSION}")
    runtime = runtimes.get(case.runtime)
    why = runtime.unavailable()
    if why is not None:
        raise ValueError(f"runtime {case.runtime!r} cannot run here: {why}")
    # Asked first: importing a user's module may draw random numbers, and must not decide which the network is given.
    channels = networks.channels(case.network)
    torch.manual_seed(seed)
    # torch's counter fails on a network that hands a parameter, such as a class token, to a module while it may learn.
    network = networks.build(case.network, case.resolution).requires_grad_(requires_grad=False)
    example = images(1, case.resolution, seed, STREAMS[0], channels)
    has_weights = any(True for _ in network.parameters())
    deviation = calibrate(network, case.resolution, seed, channels) if has_weights else 1.0
    macs = _macs(network, example)
    for batch in {min(batch, DISTINCT) for batch in batches}:
        _write_reference(network, case, batch, folder, seed, channels)
    formed = forms.get(case.form).apply(network, example).eval().requires_grad_(requires_grad=False)
    if case.form != forms.SHIPPED:
        _check_form(formed, case, min(batches), folder, seed)
    params = sum(p.numel() for p in formed.parameters())
    inputs = images(case.batch, case.resolution, seed, STREAMS[0], channels)
    compiling = time.perf_counter()
    artifact = runtime.prepare(case, formed, inputs, folder)
    compile_s = time.perf_counter() - compiling
    (folder / "artifact").write_text(artifact.name, encoding="utf-8")
    return Prepared(
        sha256=_digest(artifact), params=params, macs=macs, logits_std=deviation, seconds=time.perf_counter() - started,
        compile_s=compile_s, classes=int(reference_in(folder, min(batches)).first.shape[1]),
    )  # fmt: skip


def artifact_in(folder: Path) -> Path:
    """What the runtime left in a prepared folder."""
    return folder / (folder / "artifact").read_text(encoding="utf-8")


def _digest(artifact: Path) -> str:
    """SHA-256 of a file, or of a folder's files and their names in order."""
    if artifact.is_file():
        return hashlib.sha256(artifact.read_bytes()).hexdigest()
    whole = hashlib.sha256()
    for path in sorted(path for path in artifact.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(artifact).as_posix()} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


class Reference(NamedTuple):
    """What a case's outputs are compared with."""

    first: torch.Tensor
    """Logits of fp32 eager for the first set of images, (batch, classes)."""
    second: torch.Tensor
    """The same for the second set."""
    sensitivity: float
    """Relative distance that the logits move when every pixel moves by 1e-7 of itself."""
    channels: int
    """Channels of the images."""

    def tolerance(self, precision: str) -> float:
        """Relative distance that is allowed, by precision.

        More for a network that turns small differences into large ones: ten times what rounding of the input alone
        does there. But never as much as to take one image for another: a fourth of the distance between the two sets.
        """
        rounding = 10 * self.sensitivity * COARSENESS[precision]
        return max(TOLERANCES[precision], min(rounding, relative_distance(self.first, self.second) / 4))


def reference_in(folder: Path, batch: int) -> Reference:
    """The reference that the preparation left; for batches beyond the distinct images, theirs come again."""
    kept = safetensors.torch.load_file(_reference(folder, min(batch, DISTINCT)))
    again = torch.arange(batch) % DISTINCT
    return Reference(kept["0"][again], kept["1"][again], float(kept["sensitivity"]), int(kept["channels"]))


def _reference(folder: Path, batch: int) -> Path:
    return folder / f"reference-{batch}.safetensors"


def _write_reference(network: nn.Module, case: Case, batch: int, folder: Path, seed: int, channels: int) -> None:
    with torch.inference_mode():
        given = [images(batch, case.resolution, seed, stream, channels) for stream in STREAMS]
        handed = [one.clone() for one in given]
        first, second = (as_logits(network(one), batch).clone() for one in handed)
        if not all(torch.equal(one, other) for one, other in zip(handed, given, strict=True)):
            raise ValueError("changes the images it is given, so that the next pass would see others. Copy them first")
        jitter = torch.randn(given[0].shape, generator=torch.Generator().manual_seed(seed))
        moved = as_logits(network(given[0] * (1 + _ROUNDING * jitter)), batch)
    problem = problem_with_pair((first, second), (first, second), TOLERANCES["fp32"])
    if problem:
        raise ValueError(problem)
    sensitivity = relative_distance(moved, first)
    if not sensitivity < _MOST_SENSITIVE:
        raise ValueError(f"too sensitive to check: rounding of the input alone moves the output by {sensitivity:.2g}")
    distance = relative_distance(first, second)
    if distance < _LEAST_DISTANCE:
        raise ValueError(f"outputs hardly depend on the image: {distance:.2g} apart for two different ones")
    kept = {
        "0": first.contiguous(),
        "1": second.contiguous(),
        "sensitivity": torch.tensor(sensitivity),
        "channels": torch.tensor(channels),
    }
    safetensors.torch.save_file(kept, _reference(folder, batch))


def _check_form(formed: nn.Module, case: Case, batch: int, folder: Path, seed: int) -> None:
    """Compare the network in its form with the references of the network as shipped, on both sets of images.

    Raises:
        ValueError: it computes something else, with the distance.
    """
    reference = reference_in(folder, batch)
    with torch.inference_mode():
        first, second = (
            as_logits(formed(images(batch, case.resolution, seed, stream, reference.channels)), batch).clone()
            for stream in STREAMS
        )
    wanted = reference.first, reference.second
    problem = problem_with_pair((first, second), wanted, reference.tolerance(case.precision))
    if problem:
        raise ValueError(f"the form {case.form!r} is not the same network: {problem}")


def _macs(network: nn.Module, image: torch.Tensor) -> int | None:
    """Multiply-accumulates of one image: half of what torch's counter calls flops. None when it counts nothing.

    Attention is counted as the two matrix products it is: the counter does not see into the fused kernel of a CPU.
    """
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network(image)
    return int(counter.get_total_flops()) // 2 or None
