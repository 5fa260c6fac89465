"""Prepares the cases of two sides, each where it runs, and what both have in common once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, chdir, nullcontext
from pathlib import Path

from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.measuring.preparing.preparation_step import PreparationStep
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.sides.side_places import PlacedSide
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.records import Case, SideName


class SidesWorkshop:
    """A workshop for each place, in the place of one workshop.

    Networks of the catalog and of timm are prepared by the parent's for every side that has the parent's packages,
    where no side is a revision: they are the same there, and found in the cache. What a user's files or other packages
    make, and on both sides whatever a revision may hold a library of, is prepared where it runs, and never kept: what
    it holds is decided by more than the key of a cache entry knows.

    Args:
        sides: each with its place.
        seed: of weights and images.
        timeout_s: when a preparation is given up, at the earliest.
        cache: of the parent's workshop.
    """

    def __init__(
        self, sides: Iterable[PlacedSide], seed: int, timeout_s: float, cache: ArtifactCache | None = None
    ) -> None:
        # The instrument's own cases are on no side: they run where the parent does.
        self._places: dict[SideName, Place] = {"": HERE, **{side.side.name: side.place for side in sides}}
        self._workshops = {
            place: Workshop(seed, timeout_s, place=place) for place in dict.fromkeys(self._places.values())
        }
        self._shared = Workshop(seed, timeout_s, cache)
        self._stack = ExitStack()

    def __enter__(self) -> SidesWorkshop:
        for workshop in self._all:
            self._stack.enter_context(workshop)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def cache_problem(self) -> str | None:
        """As that of a workshop."""
        return self._shared.cache_problem

    @property
    def kept_in(self) -> Path | None:
        """As that of a workshop."""
        return self._shared.kept_in

    def of_side(self, name: SideName) -> Workshop:
        """The workshop that looks the names of a side up."""
        return self._workshops[self._places[name]]

    def release(self) -> None:
        """End the preparing processes."""
        for workshop in self._all:
            workshop.release()

    def prepare(
        self, cases: Iterable[Case], report: Callable[[PreparationStep], None], references: Mapping[str, str]
    ) -> dict[str, Artifact | str]:
        """An artifact, or the reason why there is none, by case id; each is loaded where its side runs."""
        groups: dict[Place | None, list[Case]] = {}
        for case in cases:
            groups.setdefault(self._preparing_place(case), []).append(case)
        out: dict[str, Artifact | str] = {}
        for place, group in groups.items():
            workshop = self._shared if place is None else self._workshops[place]
            with standing_in(place or HERE):
                results = workshop.prepare(group, report, references)
            workshop.release()
            out |= {
                case.id: result._replace(place=self._place_of(case)) if isinstance(result, Artifact) else result
                for case in group
                for result in (results[case.id],)
            }
        return out

    def _place_of(self, case: Case) -> Place:
        return self._places[case.side]

    def _preparing_place(self, case: Case) -> Place | None:
        """Where a case is prepared; None: once for all sides."""
        place = self._place_of(case)
        # A library may lie in the repository: what one side loads is held against the other's, and neither comes from a
        # cache, which would not say where it was loaded from.
        has_files = any(other.has_own_files for other in self._places.values())
        return place if case.side and (case.is_of_user or place.has_own_packages or has_files) else None

    @property
    def _all(self) -> tuple[Workshop, ...]:
        return (self._shared, *self._workshops.values())


def standing_in(place: Place) -> AbstractContextManager[None]:
    """Within this context, relative paths are those of a place."""
    return chdir(place.folder) if place.has_own_files else nullcontext()


def noticed_files_of(artifacts: Mapping[str, Artifact], cases: Iterable[Case]) -> dict[str, str | None]:
    """Digests of the files outside of every environment that these cases were seen to be made of, by path.

    Also of networks that are not the user's: a library that builds them may lie in the repository.
    """
    files: dict[str, str | None] = {}
    for case in cases:
        if (artifact := artifacts.get(case.id)) is not None:
            files |= artifact.prepared.noticed
    return files


def unknown_of(artifacts: Mapping[str, Artifact], cases: Iterable[Case]) -> dict[str, tuple[str, ...]]:
    """Networks that may be made of more than the files that were noticed, and what their code asked for beside them."""
    return {
        case.network: artifact.prepared.beyond_files
        for case in cases
        if (artifact := artifacts.get(case.id)) is not None and artifact.prepared.code_files is None
    }
