"""Findings about a network itself, from its preparation, which are stored with its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.catalog.network_calls import output_words
from levit_bench.catalog.twins import original
from levit_bench.measuring import runtimes
from levit_bench.measuring.networks.recipe import Looked
from levit_bench.measuring.preparing.probabilities import ending_of
from levit_bench.records import Case, Finding

if TYPE_CHECKING:
    import torch

_NAMED = 4  # Outputs that a message shows.


def notes_on(case: Case, looked: Looked, outputs: torch.Tensor) -> tuple[Finding, ...]:
    """The findings on one network, without the ids of cases.

    Args:
        case: stands for all that share the artifact.
        looked: facts from a throwaway build.
        outputs: (batch, classes), of the network as shipped.
    """
    name = original(case.network)
    out = []
    if looked.taken:
        out.append(Finding(kind="module-unwrapped", message=_wrappers_message(name, case, looked)))
    # A user who names an output knows of the others, but not that some runtimes leave them out.
    if looked.outputs and (not looked.chosen or runtimes.captures(case.runtime)):
        out.append(Finding(kind="several-outputs", message=_outputs_message(name, case, looked)))
    if looked.headless:
        message = (
            f"{name} has an identity for a classifier: what is timed returns {outputs.shape[1]:,} features an image, "
            "and no classes. Build it with the head that it will have, if you compare it with classifiers."
        )
        out.append(Finding(kind="no-classifier", message=message))
    ending = ending_of(outputs)
    if ending is not None:
        message = (
            f"{name} ends with {ending}, which is timed with it; networks of the catalog return logits. Its weights "
            "were calibrated by the logits before that step. Return the logits if you compare it with them."
        )
        out.append(Finding(kind="ends-with-softmax", message=message))
    return tuple(out)


def _wrappers_message(name: str, case: Case, looked: Looked) -> str:
    return (
        f"{name} was returned within {' and '.join(looked.taken)}, and the plain module was taken out of it: what is "
        f"timed is that module in {case.runtime}. Name what executes it with --runtime."
    )


def _outputs_message(name: str, case: Case, looked: Looked) -> str:
    names = ", ".join(looked.outputs[:_NAMED])
    more = f" and {len(looked.outputs) - _NAMED} more" if len(looked.outputs) > _NAMED else ""
    path = looked.chosen or output_words([step.key for step in looked.serving.steps])
    remark = (
        f"{case.runtime} leaves out what only the others need, so its time may be that of a smaller network, and no "
        "match for eager's"
        if runtimes.captures(case.runtime)
        else "all of them are computed in this time, while runtimes that record the network (torchscript, compile, "
        "onnxruntime, openvino) leave out what only the others need"
    )
    choose = "" if looked.chosen else f" Choose another as {name.partition('#')[0]}[…], or name this one to say so."
    count = len(looked.outputs)
    return f"{name} returns {count} tensors ({names}{more}); {path} is checked and timed as logits: {remark}.{choose}"
