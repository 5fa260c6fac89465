"""Forecasts how long cases take here: from stored records of this machine, else from multiply-accumulates.

A case that was not measured is forecast from the same network in another setting, times the ratio of these settings in
other networks. Nothing is measured. Every number says where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

import msgspec

from levit_bench.axes import AXES, usual
from levit_bench.catalog.entries import entries
from levit_bench.catalog.side_pairs import pair_key
from levit_bench.planning.budget import Costs, passes_a_turn, timed_passes, turn_seconds
from levit_bench.records import Case, CaseLine, Machine, Protocol, Record

Source = Literal["stored", "scaled", "macs", "guess"]

_MACS_PER_S = 20e9
"""Multiply-accumulates a second and thread of eager fp32 on a server core: 15e9 to 50e9 were measured, by network."""
_OVERHEAD_S = 0.004
"""What eager PyTorch adds to a pass of some hundred operators."""
_UNKNOWN_MACS = 1e9
_NULL_S = 4e-6
_START_S = 2.0
"""Processor seconds of starting a process with torch and timm; each case that it loads adds _CASE_S."""
_CASE_S = 0.25
_CHECKED = 3
"""Passes that loading a case takes: two are checked, and the check takes as long as one more."""
_REUSE_S = 0.1
"""Copying and checking an artifact of an earlier session."""
_PREPARE_S = 2.0
"""Preparing a network, beside the processes of preparation and rehearsal."""


class Sharing(NamedTuple):
    """What cases of a session share, as the measuring modules define it; the caller passes it in."""

    artifact: Callable[[Case], Case]
    """The case that stands for all with the same artifact."""
    code: Callable[[str], str]
    """By the name of a network: the key of the process that prepares it."""
    importing: Callable[[Iterable[CaseLine], Protocol], int]
    """Processes of a run that import the libraries: those of streams one by one, forked ones not."""
    making_s: Callable[[str], float]
    """By the name of a runtime: seconds that making its artifact adds, where no stored record says."""
    is_kept: Callable[[Case, tuple[int, ...]], bool] = lambda _case, _batches: False
    """By the case that stands for an artifact, and the batches: whether an earlier session's is used again."""


class ForecastLine(NamedTuple):
    """One case of a forecast."""

    case: Case
    pass_s: float
    """Expected seconds a pass."""
    passes: int
    """Timed passes a turn that follow from it."""
    source: Source
    """Where the expectation comes from."""
    is_reference: bool = False
    """Whether it is a yardstick or the null network of the session, and not asked for."""


_APART = ("device", "threads", "streams", "weights")
"""Axes of a setting that must be equal: a network is forecast only from cases with the same values of them."""
_CROSSED = tuple(axis.name for axis in AXES if axis.setting and axis.name not in (*_APART, "side"))
_Setting = tuple[int | str, ...]
"""Values of a case on the other axes, `_CROSSED`."""


class Stored:
    """Times of cases from this machine's records, also of cases that were not measured; the newest count."""

    def __init__(self, records: Iterable[Record], sharing: Sharing) -> None:
        self._sharing = sharing
        self._networks: dict[Case, dict[_Setting, float]] = {}
        self._preparing: dict[Case, float] = {}
        self._by_runtime: dict[str, list[float]] = {}
        self._loading: dict[tuple[str, int], list[tuple[float, float]]] = {}
        records = list(records)
        seats: dict[str, int] = {}
        for record in records:
            most = max((run.seat.seat + 1 for run in record.runs if run.seat is not None), default=1)
            seats[record.session] = max(most, seats.get(record.session, 1))
        for record in records:
            case, seconds = record.case, record.info.prepare_s
            passes = [d for run in record.runs for turn in run.turns for d in turn.duration_s]
            if passes:
                self._networks.setdefault(_plain(case), {})[_setting(case)] = median(passes)
            if seconds is not None and record.info.role == "subject":
                self._preparing[sharing.artifact(case)] = seconds
                self._by_runtime.setdefault(case.runtime, []).append(seconds)
            # Seats that load at the same time share the processors: each costs its share.
            share = min(1.0, record.machine.logical_cores / seats[record.session])
            self._loading.setdefault((case.runtime, case.batch), []).extend(
                (share * cold.load_s, share * cold.first_pass_s / median(passes))
                for run in record.runs
                if (cold := run.cold) is not None and passes and record.info.role == "subject"
            )

    def pass_s(self, case: Case) -> tuple[float | None, Source]:
        """Seconds a pass, and their source; absent when the network was not measured with as many threads."""
        pass_times, setting = self._networks.get(_plain(case), {}), _setting(case)
        if setting in pass_times:
            return pass_times[setting], "stored"
        for other_setting in sorted(pass_times, key=lambda candidate: (_differences(candidate, setting), candidate)):
            ratio = self._change(other_setting, setting, _plain(case))
            if ratio is not None:
                return pass_times[other_setting] * ratio, "scaled"
        return None, "guess"

    def _change(self, before: _Setting, after: _Setting, network: Case) -> float | None:
        """Median, over other networks, of the time with the new setting over that with the old one."""
        ratios = [
            pass_times[after] / pass_times[before]
            for case, pass_times in self._networks.items()
            if (case.device, case.threads, case.streams) == (network.device, network.threads, network.streams)
            and before in pass_times
            and after in pass_times
        ]
        return median(ratios) if ratios else None

    def preparing_s(self, case: Case) -> float:
        """Seconds that the preparation of its artifact takes."""
        preparations = self._by_runtime.get(case.runtime)
        usual_s = usual_preparing_s(self._sharing.making_s(case.runtime))
        expected_s = median(preparations) if preparations else usual_s
        return self._preparing.get(self._sharing.artifact(case), expected_s)

    def loading_s(self, case: Case, pass_s: float) -> float:
        """Processor seconds in which a seat loads and checks a case."""
        loads = self._loading.get((case.runtime, case.batch))
        if not loads:
            return _CASE_S + _CHECKED * pass_s
        return median(load for load, _ in loads) + _CHECKED * pass_s * median(times for _, times in loads)


def usual_preparing_s(making_s: float) -> float:
    """Seconds that preparing a network of usual size takes, where no stored record says; `making_s`: its runtime's."""
    return _PREPARE_S + making_s


def _setting(case: Case) -> _Setting:
    return tuple(case.value(name) for name in _CROSSED)


def _differences(first: _Setting, second: _Setting) -> int:
    return sum(a != b for a, b in zip(first, second, strict=True))


def _plain(case: Case) -> Case:
    """The case without its setting: the same for both sides of a gate, and for all versions of its file."""
    return msgspec.structs.replace(pair_key(case), **{name: usual(name) for name in _CROSSED})


class Forecast(NamedTuple):
    """Expected time of a session."""

    lines: tuple[ForecastLine, ...]
    costs: Costs
    prepare_s: float
    """Seconds before the budget begins to run."""
    reused: int = 0
    """Artifacts of earlier sessions that are used again."""


def forecast(
    subjects: Sequence[Case],
    instrument: Sequence[Case],
    protocol: Protocol,
    history: Iterable[Record],
    machine: Machine,
    sharing: Sharing,
) -> Forecast:
    """Expected costs of a session on this machine.

    Args:
        subjects: the cases that are asked for.
        instrument: yardsticks and null network.
        protocol: of the session.
        history: what the store holds, of any machine.
        machine: this machine.
        sharing: what the cases share.
    """
    records = sorted(
        (record for record in history if record.machine.hardware == machine.hardware), key=lambda record: record.session
    )
    cases = (*subjects, *instrument)
    stored = Stored(records, sharing)
    lines = (
        *(_line(case, protocol, stored) for case in subjects),
        *(_line(case, protocol, stored)._replace(is_reference=True) for case in instrument),
    )
    run = [CaseLine(id=case.id, case=case) for case in subjects]
    run += [CaseLine(id=case.id, case=case, role="yardstick") for case in instrument]
    importing = sharing.importing(run, protocol)
    # Processes start and load side by side, on as many processors as there are.
    loading_s = sum(stored.loading_s(line.case, line.pass_s) * line.case.streams for line in lines)
    start_s = max(_START_S, (_START_S * importing + loading_s) / min(max(1, importing), machine.logical_cores))
    round_s = sum(
        turn_seconds(protocol.settle_passes, timed_passes(line.passes, witness=protocol.witness), line.pass_s)
        for line in lines
    )
    groups: dict[Case, list[Case]] = {}
    for case in cases:
        groups.setdefault(sharing.artifact(case), []).append(case)
    new = [
        group[-1]
        for artifact, group in groups.items()
        if not sharing.is_kept(artifact, tuple(sorted({case.batch for case in group})))
    ]
    preparing_s = sum(stored.preparing_s(case) for case in new) + _REUSE_S * (len(groups) - len(new))
    preparers = len({sharing.code(case.network) for case in new})
    side_by_side = min(max(1, len(new)), machine.logical_cores)
    prepare_s = (preparing_s + preparers * _START_S) / side_by_side + start_s
    return Forecast(lines, Costs(start_s, round_s), prepare_s, len(groups) - len(new))


def _line(case: Case, protocol: Protocol, stored: Stored) -> ForecastLine:
    pass_s, source = stored.pass_s(case)
    if pass_s is None and case.network.startswith("null-"):
        source, pass_s = "macs", _NULL_S
    elif pass_s is None:
        macs = _macs(case)
        source = "guess" if macs is None else "macs"
        pass_s = _OVERHEAD_S + case.batch * (_UNKNOWN_MACS if macs is None else macs) / (_MACS_PER_S * case.threads)
    passes = passes_a_turn(pass_s, protocol.turn_s, protocol.min_passes, protocol.max_passes)
    return ForecastLine(case, pass_s, passes, source)


def _macs(case: Case) -> float | None:
    if case.network.startswith("yardstick-"):
        return 0.305e9
    for entry in entries():
        if entry.name == case.network and entry.macs_m is not None:
            # Published MACs belong to the published resolution; convolutions scale with the area.
            return entry.macs_m * 1e6 * (case.shape.height * case.shape.width) / entry.resolution**2
    return None
