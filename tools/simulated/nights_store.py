"""A store of nights with known truth: sessions along time, with changes at chosen nights, for tests and for timing.

python -m tools.simulated.nights_store --sessions 500 --cases 50 OUT
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tools.simulated.generate_store import CONDITIONS, MACHINE, Noise, Truth, case_of, population, write_session

BEGIN = datetime(2025, 1, 1, 2, 23, tzinfo=UTC)
NOISE = Noise(session=0.03, run=0.01, case_run=0.004, one_pass=0.01)
"""Of a machine that is kept for the purpose."""
NIGHT = 0.006
"""Standard deviation of what a night does to one case alone, in log units."""


def name_of(night: int) -> str:
    """Name of the session of a night, which begins with its time as those of real ones do."""
    return f"{_moment(night):%Y%m%dT%H%M%SZ}-{night % 0x10000:04x}"


def write_nights(
    root: Path,
    networks: Sequence[Truth],
    nights: Sequence[int],
    steps: Mapping[int, Mapping[str, float]] | None = None,
    versions: Mapping[int, Mapping[str, str]] | None = None,
    *,
    seed: int = 0,
    rounds: int = 2,
    passes: int = 3,
    **fields: object,
) -> list[str]:
    """Write a session a night; returns their names.

    Args:
        root: the store.
        networks: that every session times.
        nights: numbers of the nights that have one.
        steps: factor on the time of networks, from a night on for good; `*` stands for all of them.
        versions: versions of packages from a night on.
        seed: draws everything.
        rounds: of a run.
        passes: of a turn.
        fields: of every case, such as `runtime`.
    """
    rng = random.Random(f"nights {seed}")
    factor = {truth.network: 1.0 for truth in networks}
    known: dict[str, str] = dict(CONDITIONS.versions)
    names = []
    for night in range(max(nights, default=-1) + 1):
        for network, share in (steps or {}).get(night, {}).items():
            for name in factor if network == "*" else (network,):
                factor[name] *= share
        known |= (versions or {}).get(night, {})
        wander = {name: rng.lognormvariate(0, NIGHT) for name in factor}
        if night not in nights:
            continue
        cases = [
            (case_of(truth, **fields), truth._replace(latency_s=truth.latency_s * factor[name] * wander[name]))
            for truth in networks
            for name in (truth.network,)
        ]
        conditions = msgspec.structs.replace(
            CONDITIONS, taken_at=f"{_moment(night):%Y-%m-%dT%H:%M:%SZ}", versions=dict(known)
        )
        write_session(
            root, name_of(night), cases, seed=seed, rounds=rounds, passes=passes, noise=NOISE, machine=MACHINE,
            conditions=conditions,
        )  # fmt: skip
        names.append(name_of(night))
    return names


def _moment(night: int) -> datetime:
    return BEGIN + timedelta(days=night)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: fill a folder."""
    parser = argparse.ArgumentParser(description=write_nights.__doc__)
    parser.add_argument("--sessions", type=int, default=500, help="a night each")
    parser.add_argument("--cases", type=int, default=50, help="networks that every session measures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("out", type=Path)
    parsed = parser.parse_args(arguments)
    networks = population(parsed.cases, parsed.seed)
    middle = parsed.sessions // 2
    steps = {middle: {networks[0].network: 1.05}, middle + middle // 2: {"*": 1.04}}
    write_nights(parsed.out, networks, range(parsed.sessions), steps, seed=parsed.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
