"""The gates of a bisection: what its ends name, the one case that is measured, and each answer from a gate."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from levit_bench.asking.bisection import BisectRules, CandidateRange, Measure
from levit_bench.asking.request import Request, singles
from levit_bench.asking.sides import NothingSharedError
from levit_bench.catalog.candidates import Candidate
from levit_bench.catalog.network_calls import without_digest
from levit_bench.errors import BudgetTooSmallError, StoreError, UsageError
from levit_bench.judge.bisect.answers import Probe, Ratio
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateRules
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.judge.verdicts import Rules
from levit_bench.measuring.machine.description import conditions
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.session import Outcome
from levit_bench.measuring.sides.environments import InstallError
from levit_bench.measuring.sides.repository import repository_at, why_no_repository
from levit_bench.measuring.sides.revision_range import RevisionRange
from levit_bench.measuring.sides.version_range import VersionRange, version_ends
from levit_bench.store import files

_NO_ANSWER = ("budget", "timeout", "cache", "fresh", "thin", "no_wait", "seed")
"""Fields of a request that no answer depends on."""


def candidate_range(ends: tuple[str, str], *, first_parent: bool = False) -> CandidateRange:
    """What is between the ends.

    Raises:
        UsageError: an end does not exist, or they hold nothing in order.
    """
    good, bad = ends
    if (versions := version_ends(good, bad)) is not None:
        if first_parent:
            raise UsageError("--first-parent is for merges of commits, and versions have none. Leave it out.")
        return VersionRange(*versions)
    repository = repository_at(Path.cwd())
    if repository is None:
        raise UsageError(
            f"{why_no_repository(Path.cwd())}. Stand in the repository that holds the revisions, or name versions of a "
            "package: 'torch==2.10.*..2.13.*'."
        )
    return RevisionRange(repository, good, bad, first_parent=first_parent)


def case_words(request: Request) -> str:
    """The one case of a request in words.

    Raises:
        UsageError: it asks for several, or for a sketch.
    """
    if request.thin:
        raise UsageError(
            "--thin measures too few runs for a verdict, and a bisection lives on verdicts. Leave it out: a budget "
            "that is too small is doubled."
        )
    networks = list(singles(request.networks))
    several = [
        name
        for name, values in (
            ("--batch", request.batches), ("--threads", request.threads), ("--streams", request.streams),
            ("--allocator", request.allocators), ("--form", request.forms), ("--precision", request.precisions),
            ("--runtime", request.runtimes),
        )
        if len(values) > 1
    ]  # fmt: skip
    if len(networks) != 1 or several:
        what = f"{len(networks)} networks" if len(networks) != 1 else f"several values of {several[0]}"
        raise UsageError(
            f"a bisection follows one case, and these are {what}: another one may have become slow elsewhere. Name the "
            "one that did."
        )
    return without_digest(networks[0])


def question_of(request: Request, candidates: CandidateRange, rules: BisectRules, case: str) -> Mapping[str, object]:
    """Everything that the answers depend on."""
    fields = {name: value for name, value in msgspec.structs.asdict(request).items() if name not in _NO_ANSWER}
    return {
        "good": candidates.good.side, "bad": candidates.bad.side, "case": case, "least": rules.least,
        "is_faster": rules.is_faster, "request": {name: str(value) for name, value in fields.items()},
        "folder": str(Path.cwd()), "machine": platform.node(), "python": platform.python_version(),
        "versions": conditions().versions, "file": _file_digest(case),
    }  # fmt: skip


def _file_digest(case: str) -> str:
    """Digest of the file that a case names, as it is now; empty where it names none. Commits have files of their own,
    and a file that was edited meanwhile is one more reason to ask again.
    """
    path = Path(case.partition(":")[0])
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""


def gates_of(
    request: Request,
    root: Path,
    measure_gate: Callable[..., Outcome],
    observing: Callable[[], AbstractContextManager[Observer]],
    candidates: CandidateRange,
) -> Measure:
    """Measures one candidate against another by a gate.

    Args:
        request: the case.
        root: the store of the sessions.
        measure_gate: `levit_bench.api.measure_gate`.
        observing: gives each gate an observer.
        candidates: for the titles.
    """

    def measured(first: Candidate, second: Candidate, budget_s: float, share: float) -> Probe:
        # A gate takes no larger share; what is judged is the interval, by the middle of the ends.
        share = min(share, 1.0)
        asked = msgspec.structs.replace(request, budget=f"{budget_s:f}s")
        title = f"bisect {candidates.good.id[:12]}..{candidates.bad.id[:12]}: {second.words[:40]}"
        try:
            with observing() as observer:
                outcome = measure_gate(
                    asked, root, (first.side, second.side), Rules(share, share), observer, title=title
                )
        except (StoreError, MemoryError, BudgetTooSmallError):
            raise  # No fault of the candidate's.
        except NothingSharedError as error:
            return Probe(None, "", next(iter(error.found.reasons.values()), error.lines[0]))
        except (InstallError, UsageError) as error:
            return Probe(None, "", str(error))
        if outcome.interrupted:
            raise KeyboardInterrupt
        return _probe(outcome.path, share)

    return measured


def _probe(path: Path, share: float) -> Probe:
    """What a gate's session says of its one case."""
    records, _ = files.load(path)
    report = side_by_side(records, GateRules(share, share, allow_other_outputs=True))
    if len(report.cases) != 1:
        raise UsageError(f"a bisection follows one case, and this one has {len(report.cases)}. Name one.")
    case = report.cases[0]
    if problem := _problem(case):
        return Probe(None, report.session, problem)
    ratio = None if case.comparison is None else case.comparison.ratio
    return Probe(None if ratio is None else Ratio.of(ratio), report.session)


def _problem(case: GateCase) -> str:
    """Why a case has no time on one of the sides; empty where it has on both."""
    is_lost = case.verdict in (CaseVerdict.FAILED, CaseVerdict.MISSING, CaseVerdict.NEW, CaseVerdict.NOT_COMPARABLE)
    return case.reason if is_lost else ""
