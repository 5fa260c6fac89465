"""Twins: a network under a second name, so that a session holds something in which there is no difference to find.

Knows the name alone; refuses to know how a network is built. Whoever builds one builds its original; whoever ranks
networks leaves twins out.
"""

from __future__ import annotations

import msgspec

from levit_bench.records import Case

SUFFIX = "~twin"
"""Ends the name of a twin. No network may be asked for by such a name: names of timm have no tilde."""


def is_twin(network: str) -> bool:
    """Whether this is the second name of a network."""
    return network.endswith(SUFFIX)


def original(network: str) -> str:
    """The network that a name stands for: itself, unless it is a twin."""
    return network.removesuffix(SUFFIX)


def twin_of(case: Case) -> Case:
    """The same case under its second name."""
    return msgspec.structs.replace(case, network=case.network + SUFFIX)
