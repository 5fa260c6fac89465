"""Twins: the same network under a second name, so that a session holds two cases that do not differ.

Only the name differs: a twin is built as its original, and left out where networks are ranked.
"""

from __future__ import annotations

import msgspec

from levit_bench.records import Case

SUFFIX = "~twin"
"""Suffix of a twin's name. It cannot be requested by name: timm's names have no tilde."""


def is_twin(network: str) -> bool:
    """Whether this is the name of a twin."""
    return network.endswith(SUFFIX)


def original(network: str) -> str:
    """The network that a name stands for: itself, unless it is a twin."""
    return network.removesuffix(SUFFIX)


def is_ranked(case: Case) -> bool:
    """Whether a case takes part in comparisons of sessions and in fronts: it is no twin, and on no side of a gate."""
    return not (case.is_of_gate or is_twin(case.network))


def twin_of(case: Case) -> Case:
    """The same case under its second name."""
    return msgspec.structs.replace(case, network=case.network + SUFFIX)
