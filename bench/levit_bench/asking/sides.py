"""The cases of a gate: a request asked on both sides, and what the prepared sides differ in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from levit_bench.asking import arguments
from levit_bench.asking.request import Request, check, check_values, subjects
from levit_bench.axes import BY_NAME
from levit_bench.catalog.entries import select
from levit_bench.catalog.network_calls import without_digest
from levit_bench.catalog.side_pairs import axes_of, paired
from levit_bench.errors import EXIT_FAILED_CASE, NothingToShowError, UsageError
from levit_bench.judge.verdicts import Rules
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session.session import Compared, Subject
from levit_bench.measuring.sides.output_distance import OutputDistance, output_distance
from levit_bench.measuring.sides.side_places import (
    PlacedSide,
    PlacedSides,
    control_of,
    file_differences,
    relative_files,
    why_lacking,
    with_files_on_disk,
)
from levit_bench.measuring.sides.side_words import SideWords
from levit_bench.measuring.sides.sides_workshop import SidesWorkshop, noticed_files_of, standing_in, unknown_of
from levit_bench.records import CaseLine, Finding, Protocol, Side, SideDifference, SideName

_GLOB = re.compile(r"[*?\[]")
_MOST_NAMED = 3
"""Networks that a finding names."""
_NOT_WATCHED = "a package builds it"
_Value = TypeVar("_Value", SideDifference, Finding)


class CasesOfRequest(NamedTuple):
    """The ids of the cases of one request on each side; empty where a side has none, or the request was refused."""

    first: tuple[str, ...] = ()
    """On side a."""
    second: tuple[str, ...] = ()
    """On side b."""


class AskedSides(NamedTuple):
    """Requests on both sides."""

    subjects: list[Subject]
    cases: tuple[CasesOfRequest, ...]
    """Of each request, in their order."""
    differences: tuple[SideDifference, ...]
    """Networks that one side alone has."""
    findings: tuple[Finding, ...]
    """Why the other side lacks them."""


def request_of(request: Request, side: PlacedSide) -> Request:
    """The request with the values of axes that a side names, and the files that it has.

    The digest behind a name pins it to the file of the working tree: another checkout has a file of its own.

    Raises:
        UsageError: a value is malformed.
    """
    asked = with_axes(request, side.axes)
    if not side.place.has_own_files:
        return asked
    return msgspec.structs.replace(
        asked,
        networks=tuple(map(without_digest, request.networks)),
        stated={without_digest(name): statement for name, statement in request.stated.items()},
    )


def with_axes(request: Request, axes: Mapping[str, str]) -> Request:
    """The request with the values of axes that a side names.

    Raises:
        UsageError: a value is malformed.
    """
    return msgspec.structs.replace(request, **arguments.fields(axes))


def gate_protocol(protocol: Protocol, rules: Rules, find: float | None) -> Protocol:
    """The protocol of a request as a gate has it.

    Args:
        protocol: of the request.
        rules: what decides.
        find: slowdown that is to be found nine times in ten, as a share of the time; None: the budget decides.
    """
    # Workers of all sides start in the same way, whoever has others to be forked with.
    return msgspec.structs.replace(
        protocol,
        start_method="spawn",
        goal="gate",
        min_effect=rules.min_effect,
        margin=rules.margin,
        find=find,
    )


def check_requests(requests: Sequence[Request], first: SideWords, second: SideWords, *, strict: bool = True) -> None:
    """Refuse values of axes that nothing has or that this machine lacks, and globs that match nothing, before any side
    is made.

    Args:
        requests: what is judged.
        first: side a.
        second: side b.
        strict: whether a request that cannot be measured refuses all; otherwise only what the sides name does.

    Raises:
        UsageError: naming the side and the value, or the network.
    """
    for option, words in (("--a", first), ("--b", second)):
        axes = dict(words.axes)
        try:
            check_values(with_axes(Request(networks=()), axes))
        except UsageError as error:
            raise UsageError(f"{option} {words.text[:80]!r}: {error}") from error
        for request in requests if strict else ():
            # A file that one side lacks is a verdict, and no reason to refuse.
            if globs := [name for name in request.networks if _GLOB.search(name) and ":" not in name]:
                select(globs)
            asked = with_axes(request, axes)
            try:
                check(asked)
            except UsageError as error:
                raise UsageError(f"{option} {words.text[:80]!r}: {error}" if axes else str(error)) from error


def asked_axes(request: Request) -> tuple[str, ...]:
    """The axes of which a request has other values than it has unasked."""
    usual = Request(networks=request.networks)
    names = ((axis.name, axis.plural or axis.name) for axis in BY_NAME.values() if axis.asked)
    return tuple(name for name, field in names if getattr(request, field) != getattr(usual, field))


def refuse_conflicts(request: Request, first: SideWords, second: SideWords) -> None:
    """Refuse an axis that the request and a side both decide, and several values of one on a side.

    Raises:
        UsageError: naming the axis.
    """
    asked = asked_axes(request)
    for name, value in (*first.axes, *second.axes):
        if name in asked:
            raise UsageError(
                f"{BY_NAME[name].option} and a side both decide {name}. Leave the option out: the side that does not "
                "name it has the usual value."
            )
        if "," in value:
            raise UsageError(f"a side has one value of {name}, and {value[:80]!r} are several. Name one.")


def subjects_of_sides(
    requests: Sequence[Request],
    sides: PlacedSides,
    workshop: SidesWorkshop,
    *,
    beside: Sequence[Request] = (),
    control: bool = False,
    on_refused: Callable[[int, UsageError], object] | None = None,
) -> AskedSides:
    """The cases of both sides, and those of the control, in the order in which the networks are named.

    A network that one side alone has is a difference, not an error.

    Args:
        requests: what is judged.
        sides: where it is looked for.
        workshop: resolves names on either side.
        beside: what is timed on side b alone, and has no verdict.
        control: whether side a has its cases a second time.
        on_refused: receives the number of each request, those of `beside` after the others, that neither side has, and
            why; the others are asked for. Absent: the first such request is an error.

    Raises:
        UsageError: every request was refused, or nobody receives that a network is on neither side.
        NetworksMissingError: nothing is left on side b, or side a alone has networks and no network is on both.
        NothingSharedError: side b alone has the networks, and nobody receives refusals.
    """
    groups: list[_Group] = []
    refusals: list[UsageError] = []
    for number, request in enumerate((*requests, *beside)):
        try:
            is_judged = number < len(requests)
            groups.append(_on_sides(request, sides, workshop) if is_judged else _on_second(request, sides, workshop))
        except UsageError as error:
            if on_refused is None:
                raise
            on_refused(number, error)
            groups.append(_Group())
            refusals.append(error)
    differences = [difference for group in groups for difference in group.differences]
    findings = [finding for group in groups for finding in group.findings]
    judged = groups[: len(requests)]
    has_first, has_second = any(group.first for group in judged), any(group.second for group in judged)
    if refusals and not (has_first or has_second):
        raise refusals[0]
    if not has_second:
        raise NetworksMissingError(*_one_sided(sides, differences, findings))
    # Whoever receives refusals judges each request for itself: those that side b alone has are new there.
    named = {without_digest(name) for request in requests for name in request.networks}
    if on_refused is None and named <= {difference.name for difference in differences}:
        kind = NetworksMissingError if has_first else NothingSharedError
        raise kind(*_one_sided(sides, differences, findings))
    out: dict[str, Subject] = {}
    for group in groups:
        controls = [_on(control_of(sides.first), subject) for subject in group.first] if control else []
        for subject in (*group.first, *group.second, *controls):
            out.setdefault(subject.case.id, subject)
    return AskedSides(
        list(out.values()),
        tuple(group.cases for group in groups),
        tuple(_once(differences)),
        tuple(_once(findings)),
    )


class _Group(NamedTuple):
    """One request on both sides."""

    first: tuple[Subject, ...] = ()
    second: tuple[Subject, ...] = ()
    differences: tuple[SideDifference, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def cases(self) -> CasesOfRequest:
        """Their ids."""
        first, second = (tuple(subject.case.id for subject in side) for side in (self.first, self.second))
        return CasesOfRequest(first, second)


def _on_sides(request: Request, sides: PlacedSides, workshop: SidesWorkshop) -> _Group:
    """The cases of a request, network by network.

    Raises:
        UsageError: a network is on neither side.
    """
    found: dict[str, list[Subject]] = {"a": [], "b": []}
    by_name: dict[str, PlacedSide] = {side.side.name: side for side in sides.both}
    differences: list[SideDifference] = []
    findings: list[Finding] = []
    for text in request.networks:
        name = without_digest(text)
        refusals: dict[str, UsageError] = {}
        for side in sides.both:
            asked = request_of(msgspec.structs.replace(request, networks=(text,)), side)
            try:
                found[side.side.name] += _found_on(side, asked, workshop)
            except UsageError as error:
                refusals[side.side.name] = error
        reasons = {side.side.name: _reason(refusals[side.side.name], side) for side in sides.both
                   if side.side.name in refusals}  # fmt: skip
        if len(refusals) == 2:
            raise UsageError(reasons["b"]) from refusals["b"]
        for side_name, reason in reasons.items():
            only = {"first": None, "second": name} if side_name == "a" else {"first": name, "second": None}
            differences.append(SideDifference(kind="networks", name=name, **only))
            why = reason.removeprefix(f"network {name!r}: ")
            message = f"side {side_name} has no {name[:200]!r}: {why} {why_lacking(by_name[side_name], name)}".rstrip()
            findings.append(Finding(kind="network-on-one-side", message=message))
    return _Group(tuple(found["a"]), tuple(found["b"]), tuple(differences), tuple(findings))


def _on_second(request: Request, sides: PlacedSides, workshop: SidesWorkshop) -> _Group:
    """The cases of a request as it stands, on side b.

    Raises:
        UsageError: side b lacks a network.
    """
    return _Group(second=tuple(_found_on(sides.second, request, workshop)))


def _found_on(side: PlacedSide, request: Request, workshop: SidesWorkshop) -> list[Subject]:
    """The cases of a request on a side.

    Raises:
        UsageError: the side lacks a network.
    """
    with standing_in(side.place):
        return [_on(side, subject) for subject in subjects(request, workshop.of_side(side.side.name))]


def _once(values: Sequence[_Value]) -> list[_Value]:
    """Each value once: requests that differ in an axis say the same of their network."""
    return [value for at, value in enumerate(values) if value not in values[:at]]


class OneSided(NamedTuple):
    """What is known of the sides of a gate that have no network in common."""

    sides: tuple[Side, ...]
    differences: tuple[SideDifference, ...]
    """What differs between them, with the networks that one of them alone has."""
    reasons: dict[str, str]
    """Why the other side lacks a network, by its name."""


class NothingSharedError(NothingToShowError):
    """No network is on both sides, so that nothing can be measured; holds what a report of the gate needs."""

    def __init__(self, message: str, found: OneSided) -> None:
        super().__init__(message, list(dict.fromkeys(found.reasons.values())))
        self.found = found


class NetworksMissingError(NothingSharedError):
    """Side b has none of the networks that are to be judged: a gate that passed then would pass whatever is deleted."""

    exit_code = EXIT_FAILED_CASE


def _one_sided(
    sides: PlacedSides, differences: Sequence[SideDifference], findings: Sequence[Finding]
) -> tuple[str, OneSided]:
    """The message of a gate whose sides have no network in common, and what is known of it."""
    reasons = {one.name: finding.message for one, finding in zip(differences, findings, strict=True)}
    found = OneSided((sides.first.side, sides.second.side), (*sides.differences, *_once(differences)), reasons)
    lacking = {one.first is None for one in differences}
    who = "the sides have none of these networks in common"
    if lacking == {True}:
        who = "side a has none of these networks"
    elif lacking == {False}:
        who = "nothing is left on side b to be judged"
    return f"nothing can be compared: {who}. {MOVED}", found


MOVED = (
    "A network that was moved or renamed has another name on each side: to compare it, leave a file at the old path "
    "that imports it, and name that one."
)
"""What to do about a network that has another name on each side."""


def _reason(refusal: UsageError, side: PlacedSide) -> str:
    """Why a side lacks a network, without the temporary folder that its files are in."""
    text = str(refusal)
    if not side.place.has_own_files:
        return text
    folder = Path(side.place.folder)
    text = text.replace(f" The current folder is {folder.name!r}.", "")
    return text.replace(f"{folder}{os.sep}", "").replace(f"{side.root}{os.sep}", "")


class PreparedSides(NamedTuple):
    """The sides of a gate, to be compared once they are prepared."""

    placed: PlacedSides
    differences: tuple[SideDifference, ...]
    """What differs already before."""
    has_control: bool

    @property
    def sides(self) -> tuple[Side, ...]:
        """As they are stored."""
        control = (control_of(self.placed.first).side,) if self.has_control else ()
        return (self.placed.first.side, self.placed.second.side, *control)

    def compare(self, lines: Sequence[CaseLine], artifacts: Mapping[str, Artifact]) -> Compared:
        """Files that differ, and how far the outputs of the two sides are apart.

        Raises:
            MixedSidesError: a side runs files of the other one.
        """
        files: list[dict[str, str | None]] = []
        unknown: list[dict[str, tuple[str, ...]]] = []
        for side in self.placed.both:
            roots = {self.placed.here, self.placed.first.root, self.placed.second.root} - {side.root}
            cases = [line.case for line in lines if line.case.side == side.side.name]
            files.append(relative_files(side, roots, noticed_files_of(artifacts, cases)))
            unknown.append(unknown_of(artifacts, cases))
        for at, side in enumerate(self.placed.both):
            if unknown[at]:
                files[at] = with_files_on_disk(side, files[at], files[1 - at])
        differences = (*self.differences, *file_differences(*files))
        findings = tuple(_files_unknown(side, of) for side, of in zip(self.placed.both, unknown, strict=True) if of)
        if not differences and not findings:
            findings = (_equal_sides(self.placed),)
        distances = self._distances(lines, artifacts)
        with_distances = [
            msgspec.structs.replace(line, outputs_apart=distance.apart, outputs_allowed=distance.allowed)
            if (distance := distances.get(line.id)) is not None
            else line
            for line in lines
        ]
        return Compared(tuple(with_distances), differences, findings)

    def _distances(self, lines: Sequence[CaseLine], artifacts: Mapping[str, Artifact]) -> dict[str, OutputDistance]:
        """Distance of a case's outputs from those of side a, by its id on side b or in the control."""
        cases = [(line.case, line.id) for line in lines if line.role == "subject"]
        seconds: tuple[SideName, ...] = ("b", "control")
        axes = axes_of(self.differences)
        out = {}
        for first, second in (pair for name in seconds for pair in paired(cases, axes, name).values()):
            if first is not None and first in artifacts and second is not None and second in artifacts:
                out[second] = output_distance(artifacts[first].folder, artifacts[second].folder)
        return out


def _on(side: PlacedSide, subject: Subject) -> Subject:
    """The subject on a side; accuracies are for fronts, which sides have no place on."""
    case = msgspec.structs.replace(subject.case, side=side.side.name)
    finding = subject.finding
    if finding is not None and finding.case is not None:
        finding = msgspec.structs.replace(finding, case=case.id)
    return Subject(case, family=subject.family, label=subject.label, finding=finding)


def _files_unknown(side: PlacedSide, networks: Mapping[str, tuple[str, ...]]) -> Finding:
    """What a side's networks are made of is known in part, and why."""
    named = sorted(
        {f"{without_digest(name)[:80]} ({', '.join(why)[:160] or _NOT_WATCHED})" for name, why in networks.items()}
    )
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    message = (
        f"on side {side.side.name}, it is not known whether these networks are made of more than the files that were "
        f"seen: {'; '.join(named[:_MOST_NAMED])}{more}. Their code asks for more than files, such as another process, "
        "and whether that differs between the sides nobody knows. Files that were seen are compared as ever."
    )
    return Finding(kind="files-unknown", message=message)


def _equal_sides(sides: PlacedSides) -> Finding:
    message = (
        f"nothing that the networks are made of differs between side a ({sides.first.side.asked[:80]}) and side b "
        f"({sides.second.side.asked[:80]}): neither packages nor files of yours. This compares code with itself, and "
        "any difference is chance."
    )
    return Finding(kind="sides-equal", message=message)
