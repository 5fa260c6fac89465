"""Number formats by name: how weights and activations are stored.

Data alone, so that the parent can check a name without torch.
"""

from __future__ import annotations

FORMATS = {"fp32": "float32", "tf32": "float32", "fp16": "float16", "bf16": "bfloat16"}
"""Torch's name of the type. `tf32` stores fp32 and multiplies with 10 bits of mantissa, on GPUs that can."""

ON_GPUS_ALONE = ("tf32",)
"""Formats that no processor multiplies in."""
