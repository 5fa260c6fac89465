"""The file of reference outputs, read without torch: by the process that compares two sides of a gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.measuring import precisions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "references.safetensors"
"""Its name in the folder of a prepared network."""
COMMON = 4
"""Images whose outputs every preparation with the same seed and shape computes."""


class CommonOutputs(NamedTuple):
    """Outputs of a prepared network for those images."""

    logits: NDArray[np.float64]
    """(images, classes), computed in fp32, each image by itself."""
    tolerance: float
    """Relative L2 distance that rounding explains: as `References.tolerance` has it in fp32."""


def common_outputs(folder: Path) -> CommonOutputs:
    """Those that a preparation stored in a folder.

    Raises:
        OSError: there are none.
    """
    import numpy as np
    from safetensors.numpy import load_file

    tensors = load_file(folder / FILE)
    number_format = precisions.get("fp32")
    sensitivity, distance = float(tensors["sensitivity"]), float(tensors["distance"])
    rounding = min(10 * sensitivity * number_format.coarseness, distance / 4)
    return CommonOutputs(tensors["common"].astype(np.float64), max(number_format.tolerance, rounding))
