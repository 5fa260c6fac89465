"""Analysis of profiles: shares of the machine's peak, kinds of operators side by side, layers at a useful depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.profiles import KindShare, LayerShare, Profile
from levit_bench.records import Finding, Record

LARGE = 0.4
"""Part of a pass from which on a layer is shown by its parts."""
SMALL = 0.01
"""Part of a pass below which a kind or a layer is shown with the other small ones."""
UNLIKE = 1.2
"""Factor between a pass here and in the session from which on it is reported: twice what sessions differ by."""
ELSEWHERE = "outside these layers"


class ProfileSource(NamedTuple):
    """Where a profile was taken, and of which network."""

    machine: str
    """Id of the machine."""
    torch: str | None
    """Version."""
    params: int | None
    """Absent where they are not known."""
    macs: int | None
    """Of one image."""


class OperatorKindRow(NamedTuple):
    """One kind of operator in both."""

    kind: str
    first: KindShare
    second: KindShare


def matrix_share(profile: Profile, macs: int | None) -> float | None:
    """Floating-point operations a second of the pass, as a share of those of the best square product.

    Args:
        profile: taken with the same threads and number format as the product in it.
        macs: multiply-accumulates of a pass; absent when they were not counted.
    """
    return None if macs is None else 2 * macs / profile.pass_s / profile.matrix_flops


def intensity(profile: Profile, macs: int | None) -> float | None:
    """Floating-point operations a byte that operators read or write."""
    return 2 * macs / profile.moved_bytes if macs is not None and profile.moved_bytes else None


def disturbance(profile: Profile) -> float | None:
    """How many times as long a pass takes under the profiler."""
    return None if profile.profiled_s is None else profile.profiled_s / profile.pass_s


def share(seconds: float, profile: Profile | None) -> float:
    """Part of the pass under the profiler; zero of one that was not profiled."""
    return seconds / profile.profiled_s if profile is not None and profile.profiled_s else 0.0


def kind_flops(kind: KindShare) -> float | None:
    """Floating-point operations a second while this kind was at work; absent for kinds without multiplications."""
    return 2 * kind.macs / kind.seconds if kind.macs and kind.seconds > 0 else None


def side_by_side(first: Profile | None, second: Profile | None) -> list[OperatorKindRow]:
    """Every kind of either, those that take the largest share of either first."""
    sides = [
        {operator_kind.kind: operator_kind for operator_kind in profile.kinds} if profile else {}
        for profile in (first, second)
    ]
    names = dict.fromkeys(name for side in sides for name in side)
    rows = [OperatorKindRow(name, *(side.get(name, KindShare(kind=name)) for side in sides)) for name in names]
    return sorted(rows, key=lambda b: (-max(share(b.first.seconds, first), share(b.second.seconds, second)), b.kind))


def rolled_up(profile: Profile) -> list[LayerShare]:
    """Layers at one level, the large ones by their parts; small ones together at the end; the sum is kept."""
    depth = 1 + _shared([layer.path for layer in profile.layers if layer.path])
    parts: dict[str, dict[str, float]] = {}
    for layer in profile.layers:
        inner = parts.setdefault(".".join(layer.path.split(".")[:depth]), {})
        inner[layer.path] = inner.get(layer.path, 0.0) + layer.seconds
    layers = []
    for outer, inner in parts.items():
        whole = sum(inner.values())
        if share(whole, profile) >= LARGE and len(inner) > 1:
            layers += [LayerShare(path=path, seconds=seconds) for path, seconds in inner.items()]
        else:
            layers.append(LayerShare(path=outer, seconds=whole))
    large = [entry for entry in layers if entry.path and share(entry.seconds, profile) >= SMALL]
    remaining_s = sum(entry.seconds for entry in layers) - sum(entry.seconds for entry in large)
    return [*large, *([LayerShare(path=ELSEWHERE, seconds=remaining_s)] if remaining_s > 0 else [])]


def unlike(record: Record, latency_s: float, profile: Profile) -> Finding | None:
    """Finding of a pass without the profiler that took much longer or shorter than in the session."""
    times = profile.pass_s / latency_s
    if 1 / UNLIKE <= times <= UNLIKE:
        return None
    message = (
        f"a pass of {record.case.label} takes {times:.2f} times as long here and now as in its session: the machine is "
        "busy, or not what it was. Its times by kind and layer are of now; profile again on a quiet machine."
    )
    return Finding(kind="profiled-unlike", message=message, case=record.info.id)


def elsewhere(record: Record, origin: ProfileSource) -> Finding | None:
    """Finding of a profile of another network than the session timed, or of another machine or torch."""
    then = ProfileSource(
        machine=record.machine.hardware.id,
        torch=record.conditions.versions.get("torch"),
        params=origin.params if record.info.params is None else record.info.params,
        macs=record.info.macs,
    )
    pairs = zip(ProfileSource._fields, then, origin, strict=True)
    differing = [f"{name} {there}, here {here}" for name, there, here in pairs if there != here]
    if not differing:
        return None
    message = (
        f"{record.case.label} was profiled under other conditions than it was timed: {', '.join(differing)}. Its "
        "profile says nothing about the stored times; measure a session here first."
    )
    return Finding(kind="profiled-elsewhere", message=message, case=record.info.id)


def _shared(paths: Sequence[str]) -> int:
    """Leading words that all names have, but never a whole name."""
    words = [path.split(".") for path in paths]
    shared = 0
    while words and all(len(parts) > shared + 1 and parts[shared] == words[0][shared] for parts in words):
        shared += 1
    return shared
