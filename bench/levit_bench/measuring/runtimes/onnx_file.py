"""A network as an ONNX file, for the runtimes that read one.

Exported by torch's dynamo-based exporter: the older one traces, and is no longer developed. The batch is a constant:
engines choose their kernels and place their memory for it, as in a deployment for speed; a dynamic batch fails for
networks whose code computes with it.
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
        network(example)  # Values that it caches in its first pass are there, as in every later pass.
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
            raise ValueError(f"torch.onnx cannot export it: {one_line(str(_original_error(error)))[:200]}") from error
    return path


def _original_error(error: BaseException) -> BaseException:
    """The original error; the exporter wraps it in errors that say how to report it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextmanager
def _attention_in_four_dimensions() -> Iterator[None]:
    """Fold further dimensions into the batch: the exporter takes attention of (batch, heads, tokens, channels) alone.

    Hiera and Twins have one more, for the windows that their tokens are in. The result is the same.
    """
    from torch.nn import functional

    original = functional.scaled_dot_product_attention

    def folded(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *more: Any,  # noqa: ANN401 (as torch has them)
        **keywords: Any,  # noqa: ANN401
    ) -> torch.Tensor:
        if query.ndim <= 4 or more or keywords.get("attn_mask") is not None:
            return original(query, key, value, *more, **keywords)
        output = original(query.flatten(0, -4), key.flatten(0, -4), value.flatten(0, -4), **keywords)
        unfolded: torch.Tensor = output.unflatten(0, query.shape[:-3])
        return unfolded

    functional.scaled_dot_product_attention = folded
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = original
