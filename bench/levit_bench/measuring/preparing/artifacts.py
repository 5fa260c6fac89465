"""Prepares the artifact of a case, once a session: weights, reference outputs of fp32 eager, and the runtime's file.

The references are those of the network as shipped, in all forms; a form that computes something else is refused.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from levit_bench.errors import one_line
from levit_bench.measuring import evaluation_mode, forms, networks, runtimes
from levit_bench.measuring.counting.operation_counts import Count, counted_macs, hidden_in
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.networks import code_inputs, sources
from levit_bench.measuring.networks.recipe import Recipe, keep_weights
from levit_bench.measuring.pass_data.image_pool import PARTS, ImagePool
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.output_check import (
    SAME,
    as_logits,
    check_repeats,
    not_finite,
    problem_with_pair,
    relative_distance,
)
from levit_bench.measuring.pass_data.reference_outputs import (
    Network,
    References,
    problem_with_batch,
    write_references,
)
from levit_bench.measuring.preparing.calibration import STREAM, VERSION, calibrate, deviation_of
from levit_bench.measuring.preparing.network_findings import notes_on
from levit_bench.measuring.workers.messages import AT_WORK, Prepared
from levit_bench.paths.code_files import tree_digest
from levit_bench.records import Case


def prepare(case: Case, batches: tuple[int, ...], folder: Path, seed: int) -> Prepared:
    """Build, calibrate and check the network of a case; store everything that worker processes load in `folder`.

    `batches` are those of all cases that share the artifact, in ascending order; `case` stands for them. A batch that
    fails costs only its own cases: the reason is in the result.

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
    problem = runtimes.unavailable_in_worker(case.runtime)
    if problem is not None:
        raise ValueError(f"runtime {case.runtime!r} cannot run here: {problem}")
    networks.watch_code(case.network, folder)
    looked = networks.look(case.network, case.shape, seed)
    recipe = Recipe(seed=seed, serving=looked.serving)
    recipe.write(folder)
    network = networks.build(case.network, case.shape, recipe)
    sources.keep(case.network, folder)
    has_weights = any(True for _ in network.parameters())
    deviation = calibrate(network, case.shape, seed) if has_weights else 1.0
    # Every process builds the network anew and loads these weights alone: so does everything from here on. Values that
    # the calibrated one has cached in its passes may be older than its weights.
    source = Source(case, recipe, network.state_dict())
    rebuilt = _checked_rebuild(source, network, images(2, case.shape, seed, PARTS[0]))
    del network
    if has_weights:
        with torch.no_grad():
            deviation = deviation_of(rebuilt, images(4, case.shape, seed, STREAM))
    references = write_references(rebuilt, folder, case.shape, precision=case.precision, seed=seed)
    pool = references.pool(case.shape, seed)
    count = _count(rebuilt, images(2, case.shape, seed, PARTS[0]))
    failed = check_batches(rebuilt, references, pool, batches, folder / AT_WORK)
    sound = [batch for batch in batches if batch not in failed]
    if case.form != forms.SHIPPED:
        keep_weights(rebuilt, folder)
        _check_form(source.formed(), case, references, pool, sound[0])
    del rebuilt
    formed = source.formed()
    params = sum(p.numel() for p in formed.parameters())
    example = pool.batch([row % pool.size for row in range(case.batch)])
    code_files = networks.made_of(case.network)
    compiling = time.perf_counter()
    with code_inputs.paused():
        artifact: object = runtime.prepare(case, formed, example, folder)
        if not isinstance(artifact, Path):
            raise runtimes.POINT.failed(
                case.runtime, f"prepare answers with {type(artifact).__name__}, and not with a path"
            )
    compile_s = time.perf_counter() - compiling
    (folder / "artifact").write_text(artifact.name, encoding="utf-8")
    return Prepared(
        sha256=artifact_digest(artifact), params=params, macs=None if count.unknown else count.macs or None,
        logits_std=deviation, seconds=time.perf_counter() - started, compile_s=compile_s, uncounted=count.unknown,
        distinct_images=pool.size, failed=failed, classes=int(references.logits.shape[1]),
        findings=notes_on(case, looked, references.logits), code_files=code_files,
    )  # fmt: skip


class Source(NamedTuple):
    """Builds the prepared network, as often as needed."""

    case: Case
    recipe: Recipe
    weights: dict[str, Any]

    def shipped(self) -> nn.Module:
        """A new build with these weights, never run, except where a first pass creates its parameters."""
        network = networks.build(self.case.network, self.case.shape, self.recipe)
        self._fill(network)
        evaluation_mode.renew(network)
        return network

    def formed(self) -> nn.Module:
        """The same in the form of the case."""
        return forms.build(self.case, self.recipe, self._fill)

    def _fill(self, network: nn.Module) -> None:
        try:
            network.load_state_dict(self.weights)
        except RuntimeError as error:
            raise ValueError(f"cannot load its own state_dict: {one_line(str(error))[:200]}") from error


def _checked_rebuild(source: Source, network: nn.Module, example: torch.Tensor) -> nn.Module:
    """A new build of the network, checked to compute the same in every pass, and as any other build with these weights.

    Args:
        source: builds it.
        network: the calibrated one.
        example: images.

    Raises:
        ValueError: outputs are not finite, or passes or builds differ, with the likely cause.
    """
    rebuilt = source.shipped()
    with torch.no_grad():
        first, second, calibrated = (
            as_logits(build(example.clone()), len(example)).clone() for build in (rebuilt, rebuilt, network)
        )
        check_repeats(
            first,
            second,
            "dropout or noise is left on in evaluation mode, or it keeps something of earlier passes. Make it depend "
            "on self.training",
        )
        if _distance(calibrated, first) < SAME:
            return rebuilt
        # The calibrated one may have cached values of earlier passes; two builds that were never run cannot.
        second_build = source.shipped()
        built_again = as_logits(second_build(example.clone()), len(example))
        if problem := not_finite(built_again):
            raise ValueError(problem)
        distance = _distance(built_again, first)
    if not distance < SAME:
        raise ValueError(
            "builds another network each time: with equal weights and equal seeds of torch, numpy and random, two "
            f"builds differ by {distance:.2g} (relative L2). Keep what is drawn elsewhere (os.urandom, time, a "
            "generator of its own) as a buffer, or seed it"
        )
    return rebuilt


def _distance(logits: torch.Tensor, expected: torch.Tensor) -> float:
    return 0.0 if torch.equal(logits, expected) else relative_distance(logits, expected)


def explained(problem: str, case: Case) -> str:
    """The problem with outputs in a worker process, with a likely cause where the user's code was run again."""
    built_here = case.is_of_user and not case.is_model_file and not runtimes.captures(case.runtime)
    if not (built_here and case.precision == "fp32" and problem.startswith("output differs")):
        return problem
    return (
        f"{problem}. The network was built anew here, with equal seeds and weights: does its module draw numbers from "
        "elsewhere when it is imported, or keep what no state_dict has?"
    )


def artifact_in(folder: Path) -> Path:
    """The runtime's file or folder in a prepared folder."""
    return folder / (folder / "artifact").read_text(encoding="utf-8")


def artifact_digest(artifact: Path) -> str:
    """SHA-256 of a file, or of a folder's files and their names in order."""
    if artifact.is_file():
        return hashlib.sha256(artifact.read_bytes()).hexdigest()
    return tree_digest(artifact)


def check_batches(
    network: Network,
    references: References,
    pool: ImagePool,
    batches: tuple[int, ...],
    note: Path,
) -> dict[int, str]:
    """The problem with each batch that fails; the others are sound.

    The file `note` names the batch at work, for the parent to read when the process dies of it.

    Raises:
        ValueError: all fail, with the problem of the smallest.
    """
    failed: dict[int, str] = {}
    for batch in batches:
        note.write_text(str(batch), encoding="utf-8")
        try:
            problem = problem_with_batch(network, references, pool, batch)
        except Exception as error:  # A network may raise any exception; only this batch fails.
            problem = reason_for(error)
        if problem:
            failed[batch] = problem
    note.unlink(missing_ok=True)
    if len(failed) == len(batches):
        raise ValueError(failed[batches[0]])
    return failed


def _check_form(formed: nn.Module, case: Case, references: References, pool: ImagePool, batch: int) -> None:
    """Compare the network in its form with the references of the network as shipped.

    Raises:
        ValueError: it computes something else, with the distance.
    """
    allowed, count = references.tolerance(case.precision), pool.size
    indices_of_batches = [row % count for row in range(batch)], [(count - 1 - row) % count for row in range(batch)]
    with torch.inference_mode():
        first, second = (as_logits(formed(pool.batch(indices)), batch).clone() for indices in indices_of_batches)
    expected = references.logits[indices_of_batches[0]], references.logits[indices_of_batches[1]]
    problem = problem_with_pair((first, second), expected, allowed)
    if problem:
        raise ValueError(f"the form {case.form!r} is not the same network: {problem}")


def _count(network: nn.Module, pair: torch.Tensor) -> Count:
    """Multiply-accumulates of one image, counted on one where the network takes that, else on two.

    Unknown operators are named; so is a pass that fails only while it is counted.
    """
    reason = ""
    for example in (pair[:1], pair):
        try:
            with torch.no_grad():
                count = counted_macs(lambda given=example: network(given))  # type: ignore[misc]
        except Exception as error:  # A network may raise any exception here, and still be timed.
            reason = reason or reason_for(error)
            continue
        unknown = [*count.unknown, *hidden_in(network)]
        if count.macs % len(example):
            unknown.append("work that two images share")
        return Count(count.macs // len(example), tuple(unknown))
    return Count(0, (f"any operator, since the pass {reason} while it was counted",))
