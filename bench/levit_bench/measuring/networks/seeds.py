"""Seeds of the generators that networks are built with: the same random numbers in every process.

A network may draw numbers while it is built and store them outside of its state_dict, such as the order of its
channels. A process that builds it anew must draw the same.
"""

from __future__ import annotations

import random

import torch

AT_IMPORT = 0
"""Seed while a user's code is imported, whatever the session's seed: it is imported once a process."""


def seed_all(seed: int) -> None:
    """Seed the default generators of torch, numpy and Python."""
    torch.manual_seed(seed)
    random.seed(seed)
    try:
        import numpy as np
    except ImportError:  # Torch does without.
        return
    np.random.seed(seed % 2**32)
