"""Prepares a model file: a copy that every run loads, and reference outputs of the file itself.

The weights are the file's own, so nothing is drawn or calibrated. The references are what the file answers in fp32 in
this process, one image at a time; every other process and batch must answer the same. Where the user names the function
that builds the network, these answers must also be those of its network.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import torch

from levit_bench.axes import WEIGHTS_OF_FILE
from levit_bench.measuring import forms, precisions, runtimes
from levit_bench.measuring.counting.operation_counts import Count, counted_macs, hidden_in
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.loaded_network import Loaded
from levit_bench.measuring.model_files import deployed, exported_programs, onnx_counts, reading, torchscript_models
from levit_bench.measuring.model_files.description import ModelDescription, Numbers, description_in
from levit_bench.measuring.pass_data.image_pool import PARTS
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.output_check import SAME, as_logits, relative_distance
from levit_bench.measuring.pass_data.reference_outputs import References, write_references
from levit_bench.measuring.preparing import artifacts, reference_networks
from levit_bench.measuring.preparing.probabilities import ending_of
from levit_bench.measuring.workers.messages import AT_WORK, Prepared
from levit_bench.paths.model_files import Kind, file_of, kind_of, without_digest
from levit_bench.records import Case, Finding

_AS_COARSE: dict[Numbers, str] = {"fp16": "fp16", "int8": "bf16"}
"""The precision whose tolerance a file gets that computes in coarser numbers than it is asked to."""


def prepare(case: Case, batches: tuple[int, ...], folder: Path, seed: int, reference: str = "") -> Prepared:
    """Copy and check the model file of a case; store everything that worker processes load in `folder`.

    Args:
        case: stands for all that share the artifact.
        batches: of all of them, in ascending order. One that fails costs only its own cases.
        folder: where everything goes.
        seed: of images.
        reference: function whose network the outputs are compared with; empty: none.

    Raises:
        LookupError, ValueError: the file cannot be read, run or checked, or computes something else than its reference,
            with the reason.
    """
    started = time.perf_counter()
    if case.weights != WEIGHTS_OF_FILE or case.form != forms.SHIPPED:
        raise ValueError(f"a model file is timed as it is, not with weights {case.weights!r} and form {case.form!r}")
    problem = runtimes.unavailable_in_worker(case.runtime)
    if problem is not None:
        raise ValueError(f"runtime {case.runtime!r} cannot run here: {problem}")
    model, description = reading.copied(case.network, folder)
    if problem := description.problem_with(case.shape):
        raise ValueError(problem)
    answers = _reference_model(case, model, description, batches[0], images(1, case.shape, seed, PARTS[0]))
    _check_repeats(answers, images(1, case.shape, seed, PARTS[0]))
    references = write_references(answers, folder, case.shape, precision=case.precision, seed=seed)
    pool = references.pool(case.shape, seed)
    if coarse := _AS_COARSE.get(description.numbers):
        references = references.with_sensitivity(precisions.get(coarse).tolerance / 10)
        references.write(folder)
    checked = None
    if reference:
        checked = reference_networks.check(reference, _rounded(references, description), pool, case.shape, seed)
    failed = artifacts.check_batches(answers, references, pool, batches, folder / AT_WORK)
    counted = pool.batch([row % pool.size for row in range(answers.batch or 1)])
    count = _count(case, model, description, counted)
    compiling = time.perf_counter()
    artifact = _artifact(case, model, description, pool.batch([row % pool.size for row in range(case.batch)]), folder)
    compile_s = time.perf_counter() - compiling
    (folder / "artifact").write_text(artifact.relative_to(folder).as_posix(), encoding="utf-8")
    return Prepared(
        sha256=artifacts.artifact_digest(artifact if artifact != model else model.parent),
        params=description.params, macs=None if count.unknown else count.macs or None,
        logits_std=float(references.logits.double().std(dim=1).mean()), seconds=time.perf_counter() - started,
        compile_s=compile_s, uncounted=count.unknown, distinct_images=pool.size, failed=failed,
        classes=int(references.logits.shape[1]),
        findings=(*_findings(case, description, references.logits), *_about_reference(case, reference, checked)),
        reference_sha256=checked and checked.sha256, reference_distance=checked and checked.distance,
        code_files=reading.files_of(case.network),
    )  # fmt: skip


def load(case: Case, folder: Path) -> Loaded:
    """The prepared model, in a fresh process.

    Raises:
        ValueError: the runtime refuses it, with the reason.
    """
    artifact, description = artifacts.artifact_in(folder), description_in(folder)
    if deployed.opens_files(case.runtime):
        return deployed.opened(case, artifact, description)
    return deployed.Arranged(runtimes.get(case.runtime).load(case, artifact), description)


def _reference_model(
    case: Case, model: Path, description: ModelDescription, batch: int, image: torch.Tensor
) -> deployed.ReferenceModel:
    """The model that gives the references, one image at a time.

    A traced module may take the batch alone that it was traced with, and no file says so: where one image fails, it is
    asked at the smallest batch of its cases.
    """
    alone = deployed.ReferenceModel(_of_references(case), model, description)
    if description.batch is None and batch > 1:
        try:
            alone(image)
        except Exception:  # Of any library; if the batch is not to blame, the next pass raises it again.
            return deployed.ReferenceModel(alone.case, model, msgspec.structs.replace(description, batch=batch))
    return alone


def _of_references(case: Case) -> Case:
    """The case that gives the references: in a runtime that runs the file itself, which `compile` does not."""
    if deployed.opens_files(case.runtime):
        return case
    runs = runtimes.of_model_files(_kind(case))
    return msgspec.structs.replace(case, runtime=next(name for name in runs if deployed.opens_files(name)))


def _kind(case: Case) -> Kind:
    kind = kind_of(case.network)
    assert kind is not None
    return kind


def _check_repeats(answers: deployed.ReferenceModel, example: torch.Tensor) -> None:
    """Refuse a model that answers the same images differently.

    Raises:
        ValueError: with the distance.
    """
    first, second = (as_logits(answers(example), len(example)) for _ in range(2))
    if torch.equal(first, second):
        return
    distance = relative_distance(second, first)
    if not distance < SAME:
        raise ValueError(
            f"two passes over the same images differ by {distance:.2g} (relative L2): it draws random numbers, such as "
            "those of dropout, or keeps something of earlier passes. Export it in evaluation mode"
        )


def _artifact(case: Case, model: Path, description: ModelDescription, example: torch.Tensor, folder: Path) -> Path:
    """What runs load: the copy of the file, or what the runtime makes of the module in it."""
    if deployed.opens_files(case.runtime):
        return model
    module = exported_programs.opened(model, description.logits)
    return runtimes.get(case.runtime).prepare(case, module, deployed.fed(example, description), folder)


def _count(case: Case, model: Path, description: ModelDescription, batch: torch.Tensor) -> Count:
    """Multiply-accumulates of one image: of the file's own batch, divided by its images."""
    kind = _kind(case)
    if description.numbers == "int8":
        # Products of integers are up to 16 times as fast as those that tell whether a pass can have done its work.
        return Count(0, ())
    if kind == "openvino":
        return Count(0, ("a file of OpenVINO",))
    if kind == "onnx":
        return onnx_counts.counted(model, description.sizes(len(batch), case.shape))
    is_script = kind == "torchscript"
    module: Any = torchscript_models.opened(model) if is_script else exported_programs.opened(model, description.logits)
    fed = deployed.fed(batch, description)
    try:
        with torch.no_grad():
            count = counted_macs(lambda: module(fed))
    except Exception as error:  # torch's own interpreter may raise anything when it is watched.
        return Count(0, (f"any operator, since the pass {reason_for(error)} while it was counted",))
    unknown = [*count.unknown, *hidden_in(module)]
    if count.macs % len(batch):
        unknown.append("work that images share")
    return Count(count.macs // len(batch), tuple(unknown))


def _rounded(references: References, description: ModelDescription) -> References:
    """The references with the tolerance of a file's numbers against the network that it was exported from.

    Weights in half precision move outputs as passes in it do. Integers of 8 bits have no tolerance of their own: the
    outputs may move so far that no image is taken for another.
    """
    if "int8" in (description.numbers, description.stored):
        return references.with_sensitivity(1.0)
    if description.stored == "fp16":
        return references.with_sensitivity(precisions.get("fp16").tolerance / 10)
    return references


def _findings(
    case: Case,
    description: ModelDescription,
    outputs: torch.Tensor,
) -> tuple[Finding, ...]:
    """Findings on a model file, without the ids of cases."""
    name, _ = file_of(case.network)
    out = []
    if len(description.outputs) > 1:
        listing, checked = ", ".join(description.outputs[:4]), description.outputs[description.logits]
        message = (
            f"{name} returns several outputs ({listing}); {checked} is checked as logits, and all of them are computed "
            "in this time. Export the model with its logits alone if you deploy only them."
        )
        out.append(Finding(kind="several-outputs", message=message))
    if (ending := ending_of(outputs)) is not None:
        message = (
            f"{name} ends with {ending}, which is timed with it; networks of the catalog return logits. Export the "
            "logits if you compare it with them."
        )
        out.append(Finding(kind="ends-with-softmax", message=message))
    if description.numbers != "fp32":
        words = {"fp16": "half precision", "int8": "8-bit integers"}[description.numbers]
        message = (
            f"{name} computes in {words} by itself, whatever its precision is called here: {case.precision} is what "
            "its runtime is asked for. Its outputs are allowed the differences of such numbers."
        )
        out.append(Finding(kind="model-file-numbers", message=message))
    return tuple(out)


def _about_reference(case: Case, reference: str, checked: reference_networks.ReferenceCheck | None) -> list[Finding]:
    """The finding that says what a model file was compared with, if it was."""
    if checked is None:
        return []
    message = (
        f"{file_of(case.network)[0]} computes what {without_digest(reference)} does, with the weights of that "
        f"function: its outputs differ by {checked.distance:.2g} from those of its network in eager fp32 (relative L2; "
        f"{checked.allowed:.2g} is allowed)."
    )
    return [Finding(kind="model-file-reference", message=message)]
