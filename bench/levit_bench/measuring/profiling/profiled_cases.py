"""Profiles cases one after the other, each in a fresh worker process, prepared as for a session.

The parent's side, without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from levit_bench.errors import UsageError
from levit_bench.measuring import devices, forms, runtimes
from levit_bench.measuring.machine.description import is_emulated
from levit_bench.measuring.preparing.artifact_cache import cache_in
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.workers import timeouts
from levit_bench.measuring.workers.messages import Answer, CaseLoaded, Describe, Failed, Load, Prepared, Profiled, Watch
from levit_bench.measuring.workers.process_environment import check_allocator
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.profiles import Profile
from levit_bench.records import Case, Protocol

_AIM_S = 1.0
_FEWEST, _MOST = 5, 50


class Taken(NamedTuple):
    """A profile, and the prepared network that it is of."""

    profile: Profile
    prepared: Prepared


def check(case: Case) -> None:
    """Refuse a stored case that cannot be measured here.

    Raises:
        UsageError: what is missing on this machine, or that its times would say nothing.
    """
    if is_emulated():
        raise UsageError(
            "cannot profile: this process runs under an instruction-set emulator, whose times say nothing about a "
            "machine. Leave --profile out."
        )
    devices.resolve(case.device)
    check_allocator(case.allocator)
    for axis, name, names in (("runtime", case.runtime, runtimes.names()), ("form", case.form, forms.names())):
        if name not in names:
            raise UsageError(
                f"cannot profile: {axis} {name[:80]!r} is not installed here. Known are {', '.join(names)}."
            )


def profiles(cases: Sequence[Case], protocol: Protocol, report: Callable[[str, Case], None]) -> dict[str, Taken | str]:
    """A profile, or the reason why there is none, by case id.

    Args:
        cases: what is profiled; each was checked.
        protocol: of the session that timed them: its seed makes weights and images the same ones.
        report: called with the step and the case, before each step.
    """
    with Workshop(protocol.seed, protocol.timeout_s, cache_in("", protocol.seed)) as workshop:
        artifacts = workshop.prepare(cases, lambda step: report("preparing", step.case))
        workshop.release()
        out: dict[str, Taken | str] = {}
        for case in cases:
            artifact = artifacts[case.id]
            if isinstance(artifact, Artifact):
                report("profiling", case)
                profile = _profile(case, artifact, protocol)
                out[case.id] = profile if isinstance(profile, str) else Taken(profile, artifact.prepared)
            else:
                out[case.id] = artifact
        return out


def _profile(case: Case, artifact: Artifact, protocol: Protocol) -> Profile | str:
    """Profile one case in a worker process of its own; the reason where that fails."""
    try:
        with Seat(case.threads, case.allocator) as seat:
            loaded = seat.ask(
                Load(case=case, folder=str(artifact.folder), seed=protocol.seed),
                timeouts.of_load(artifact.prepared.seconds, protocol.timeout_s),
            )
            if not isinstance(loaded, CaseLoaded):
                return _reason(loaded)
            seat.ask(Describe(), protocol.timeout_s)  # This faults in the pages of a pinned heap beforehand.
            passes = max(_FEWEST, min(_MOST, round(_AIM_S / max(loaded.cold.first_pass_s, 1e-6))))
            # The settle passes, the others, those that are counted and watched, and products of matrices.
            answer = seat.ask(
                Watch(case=case.id, passes=passes),
                timeouts.of_probe(passes, loaded.cold.first_pass_s, protocol.timeout_s),
            )
    except SeatLostError as lost:
        return str(lost)
    return answer.profile if isinstance(answer, Profiled) else _reason(answer)


def _reason(answer: Answer) -> str:
    return answer.reason if isinstance(answer, Failed) else f"unexpected answer {type(answer).__name__}"
