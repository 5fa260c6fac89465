"""A network as an ONNX file, for the runtimes that read one.

Exported by torch's dynamo-based exporter: the older one traces, and is no longer developed. The batch is a constant:
engines choose their kernels and place their memory for it, and whoever needs speed deploys it so; a batch left open
fails for networks whose code computes with it. Refuses to know which engine reads the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levit_bench.errors import one_line
from levit_bench.measuring.runtimes.quiet_export import without_warnings

if TYPE_CHECKING:
    import torch
    from torch import nn

INPUT = "images"
OUTPUT = "logits"


def export(network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Write the network for images of exactly this shape, weights included, in fp32.

    Raises:
        ValueError: torch cannot export it, with the reason.
    """
    import torch

    path = folder / "network.onnx"
    with torch.no_grad(), without_warnings(), _attention_in_four_dimensions():
        network(example)  # What it keeps of its first pass is kept, as in every later pass.
        try:
            torch.onnx.export(
                network,
                (example,),
                path,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise ValueError(f"torch.onnx cannot export it: {one_line(str(_innermost(error)))[:200]}") from error
    return path


def _innermost(error: BaseException) -> BaseException:
    """What the exporter stumbled over; around it, it says how to report that."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextmanager
def _attention_in_four_dimensions() -> Iterator[None]:
    """Fold further dimensions into the batch: the exporter knows attention of (batch, heads, tokens, channels) alone.

    Hiera and Twins have one more, for the windows that their tokens are in. The same is computed.
    """
    from torch.nn import functional

    original = functional.scaled_dot_product_attention

    def folded(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *more: Any, **named: Any) -> torch.Tensor:  # noqa: ANN401 (as torch has them)
        if query.ndim <= 4 or more or named.get("attn_mask") is not None:
            return original(query, key, value, *more, **named)
        found = original(query.flatten(0, -4), key.flatten(0, -4), value.flatten(0, -4), **named)
        unfolded: torch.Tensor = found.unflatten(0, query.shape[:-3])
        return unfolded

    functional.scaled_dot_product_attention = folded
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = original
