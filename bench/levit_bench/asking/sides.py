"""The cases of a gate: a request asked on both sides, and what the prepared sides differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from levit_bench.asking import arguments
from levit_bench.asking.request import Request, subjects
from levit_bench.axes import BY_NAME
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


class AskedSides(NamedTuple):
    """A request on both sides."""

    subjects: list[Subject]
    differences: tuple[SideDifference, ...]
    """Networks that one side alone has."""
    findings: tuple[Finding, ...]
    """Why the other side lacks them."""


def request_of(request: Request, side: PlacedSide) -> Request:
    """The request with the values of axes that a side names.

    Raises:
        UsageError: a value is malformed.
    """
    return msgspec.structs.replace(request, **arguments.fields(side.axes))


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


def subjects_of_sides(request: Request, sides: PlacedSides, workshop: SidesWorkshop, *, control: bool) -> AskedSides:
    """The cases of both sides, and those of the control, in the order in which the networks are named.

    A network that one side alone has is a difference, not an error.

    Raises:
        UsageError: a network is on neither side.
        NetworksMissingError: nothing is left on side b.
        NothingToShowError: nothing is left on side a.
    """
    found: dict[str, list[list[Subject]]] = {"a": [], "b": []}
    differences: list[SideDifference] = []
    findings: list[Finding] = []
    for name in request.networks:
        refusals: dict[str, UsageError] = {}
        for side in sides.both:
            asked = msgspec.structs.replace(request_of(request, side), networks=(name,))
            with standing_in(side.place):
                try:
                    chosen = subjects(asked, workshop.of_side(side.side.name))
                except UsageError as error:
                    refusals[side.side.name] = error
                    chosen = []
            found[side.side.name].append([_on(side, subject) for subject in chosen])
        if len(refusals) == 2:
            raise refusals["b"]
        for side_name, refusal in refusals.items():
            only = {"first": None, "second": name} if side_name == "a" else {"first": name, "second": None}
            differences.append(SideDifference(kind="networks", name=name, **only))
            findings.append(
                Finding(kind="network-on-one-side", message=f"side {side_name} has no {name[:200]!r}: {refusal}")
            )
    reasons = [finding.message for finding in findings]
    if not any(found["b"]):
        raise NetworksMissingError(f"nothing is left on side b to be judged: {'; '.join(reasons)}")
    if not any(found["a"]):
        raise NothingToShowError("nothing can be compared: side a has none of these networks.", reasons)
    subjects_by_name = zip(found["a"], found["b"], strict=True)
    out: dict[str, Subject] = {}
    for first, second in subjects_by_name:
        controls = [_on(control_of(sides.first), subject) for subject in first] if control else []
        for subject in (*first, *second, *controls):
            out.setdefault(subject.case.id, subject)
    return AskedSides(list(out.values()), tuple(differences), tuple(findings))


class NetworksMissingError(BenchError):
    """Side b has none of the networks that are to be judged: a gate that passed then would pass whatever is deleted."""

    exit_code = EXIT_FAILED_CASE


class PreparedSides(NamedTuple):
    """The sides of a gate, to be compared once they are prepared."""

    placed: PlacedSides
    differences: tuple[SideDifference, ...]
    """What differs already before."""
    here: Path
    """Top folder of the working tree."""
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
            roots = [] if side.root == self.here else [self.here]
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
