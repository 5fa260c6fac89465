"""What is prepared once a session and loaded in every run: weights, and the outputs that fp32 eager gives for them.

The references are those of the network as shipped, whatever its form; a form that computes something else is refused.
Refuses to know which seat loads it, and when.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bench.measuring import forms, networks, runtimes
from bench.measuring.calibrate import VERSION, calibrate
from bench.measuring.image_pool import PARTS, ImagePool
from bench.measuring.inputs import images
from bench.measuring.outputs import as_logits, problem_with_pair
from bench.measuring.reasons import reason_for
from bench.measuring.references import References, problem_with_batch, write_references
from bench.measuring.wire import Prepared
from bench.records import Case


def prepare(case: Case, batches: tuple[int, ...], folder: Path, seed: int) -> Prepared:
    """Build, calibrate and check the network of a case; leave everything its seats need in `folder`.

    `batches` are those of all cases that share the artifact, in ascending order; `case` stands for them. A batch that
    fails costs its own cases: what is wrong with it is in the answer.

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
    networks.takes(case.network)
    torch.manual_seed(seed)
    # torch's counter fails on a network that hands a parameter, such as a class token, to a module while it may learn.
    network = networks.build(case.network, case.shape).requires_grad_(requires_grad=False)
    example = images(1, case.shape, seed, PARTS[0])
    has_weights = any(True for _ in network.parameters())
    deviation = calibrate(network, case.shape, seed) if has_weights else 1.0
    macs = _macs(network, example)
    references = write_references(network, folder, case.shape, precision=case.precision, seed=seed)
    pool = references.pool(case.shape, seed)
    failed = _check_batches(network, references, pool, batches)
    sound = [batch for batch in batches if batch not in failed]
    formed = forms.get(case.form).apply(network, example).eval().requires_grad_(requires_grad=False)
    if case.form != forms.SHIPPED:
        _check_form(formed, case, references, pool, sound[0])
    params = sum(p.numel() for p in formed.parameters())
    example = pool.batch([row % pool.size for row in range(case.batch)])
    compiling = time.perf_counter()
    artifact = runtime.prepare(case, formed, example, folder)
    compile_s = time.perf_counter() - compiling
    (folder / "artifact").write_text(artifact.name, encoding="utf-8")
    return Prepared(
        sha256=_digest(artifact), params=params, macs=macs, logits_std=deviation, seconds=time.perf_counter() - started,
        compile_s=compile_s, distinct_images=pool.size, failed=failed, classes=int(references.logits.shape[1]),
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


def _check_batches(
    network: nn.Module, references: References, pool: ImagePool, batches: tuple[int, ...]
) -> dict[int, str]:
    """What is wrong with each batch that fails; the others are sound.

    Raises:
        ValueError: none is left, with what is wrong with the smallest.
    """
    failed: dict[int, str] = {}
    for batch in batches:
        try:
            problem = problem_with_batch(network, references, pool, batch)
        except Exception as error:  # A network may raise anything at all; it costs this batch.
            problem = reason_for(error)
        if problem:
            failed[batch] = problem
    if len(failed) == len(batches):
        raise ValueError(failed[batches[0]])
    return failed


def _check_form(formed: nn.Module, case: Case, references: References, pool: ImagePool, batch: int) -> None:
    """Compare the network in its form with the references of the network as shipped.

    Raises:
        ValueError: it computes something else, with the distance.
    """
    allowed, count = references.tolerance(case.precision), pool.size
    shown = [row % count for row in range(batch)], [(count - 1 - row) % count for row in range(batch)]
    with torch.inference_mode():
        first, second = (as_logits(formed(pool.batch(indices)), batch).clone() for indices in shown)
    wanted = references.logits[shown[0]], references.logits[shown[1]]
    problem = problem_with_pair((first, second), wanted, allowed)
    if problem:
        raise ValueError(f"the form {case.form!r} is not the same network: {problem}")


def _macs(network: nn.Module, image: torch.Tensor) -> int | None:
    """Multiply-accumulates of one image: half of what torch's counter calls flops. None when it counts nothing.

    Attention is counted as the two matrix products it is: the counter does not see into the fused kernel of a CPU.
    """
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network(image)
    return int(counter.get_total_flops()) // 2 or None
