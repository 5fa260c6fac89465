"""The random numbers that networks are built with: the same ones in every process.

A network may draw numbers while it is built and keep them where no state_dict has them, such as the order of its
channels. Whoever builds it anew must draw the same. Refuses to know what is built.
"""

from __future__ import annotations

import random

import torch

AT_IMPORT = 0
"""What code of a user's is imported with, whatever the session's seed: it is imported once a process."""


def seed_all(seed: int) -> None:
    """Set the generators of torch, numpy and Python that code uses when it names none of its own."""
    torch.manual_seed(seed)
    random.seed(seed)
    try:
        import numpy as np
    except ImportError:  # Torch does without.
        return
    np.random.seed(seed % 2**32)
