"""The cases of a gate: a request asked on both sides, and what the prepared sides differ in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from levit_bench.asking import arguments
from levit_bench.asking.request import Request, subjects
from levit_bench.axes import BY_NAME
from levit_bench.catalog.network_calls import without_digest
from levit_bench.catalog.side_pairs import axes_of, paired
from levit_bench.errors import EXIT_FAILED_CASE, BenchError, NothingToShowError, UsageError
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session.session import Compared, Subject
from levit_bench.measuring.sides.output_distance import OutputDistance, output_distance
from levit_bench.measuring.sides.side_places import (
    PlacedSide,
    PlacedSides,
    control_of,
    file_differences,
    relative_files,
)
from levit_bench.measuring.sides.side_words import SideWords
from levit_bench.measuring.sides.sides_workshop import SidesWorkshop, code_files_of, standing_in
from levit_bench.records import CaseLine, Finding, Side, SideDifference, SideName

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
    asked = msgspec.structs.replace(request, **arguments.fields(side.axes))
    if not side.place.has_own_files:
        return asked
    return msgspec.structs.replace(
        asked,
        networks=tuple(map(without_digest, request.networks)),
        stated={without_digest(name): statement for name, statement in request.stated.items()},
    )


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
        NetworksMissingError: nothing is left on side b.
        NothingToShowError: nothing is left on side a, and nobody receives refusals.
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
    reasons = list(dict.fromkeys(finding.message for finding in findings))
    if not has_second:
        raise NetworksMissingError(f"nothing is left on side b to be judged: {'; '.join(reasons)}")
    # Whoever receives refusals judges each request for itself: those that side b alone has are new there.
    if not has_first and on_refused is None:
        raise NothingToShowError("nothing can be compared: side a has none of these networks.", reasons)
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
        if len(refusals) == 2:
            raise refusals["b"]
        for side_name, refusal in refusals.items():
            only = {"first": None, "second": name} if side_name == "a" else {"first": name, "second": None}
            differences.append(SideDifference(kind="networks", name=name, **only))
            why = str(refusal).removeprefix(f"network {name!r}: ")
            findings.append(
                Finding(kind="network-on-one-side", message=f"side {side_name} has no {name[:200]!r}: {why}")
            )
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


class NetworksMissingError(BenchError):
    """Side b has none of the networks that are to be judged: a gate that passed then would pass whatever is deleted."""

    exit_code = EXIT_FAILED_CASE


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
        files = []
        for side in self.placed.both:
            roots = {self.placed.here, self.placed.first.root, self.placed.second.root} - {side.root}
            cases = [line.case for line in lines if line.case.side == side.side.name]
            files.append(relative_files(side, roots, code_files_of(artifacts, cases)))
        differences = (*self.differences, *file_differences(*files))
        findings = () if differences else (_equal_sides(self.placed),)
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


def _equal_sides(sides: PlacedSides) -> Finding:
    message = (
        f"nothing that the networks are made of differs between side a ({sides.first.side.asked[:80]}) and side b "
        f"({sides.second.side.asked[:80]}): neither packages nor files of yours. This compares code with itself, and "
        "any difference is chance."
    )
    return Finding(kind="sides-equal", message=message)
