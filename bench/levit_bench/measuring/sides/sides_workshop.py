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

    Networks of the catalog and of timm are prepared by the parent's for every side that has the parent's packages:
    they are the same there, and found in the cache. What a user's files or other packages make is prepared where it
    runs, and never kept: what it holds is decided by more than the key of a cache entry knows.

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
            place: Workshop(seed, timeout_s, cache if place == HERE else None, place)
            for place in dict.fromkeys(self._places.values())
        }
        self._stack = ExitStack()

    def __enter__(self) -> SidesWorkshop:
        for workshop in self._workshops.values():
            self._stack.enter_context(workshop)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def cache_problem(self) -> str | None:
        """As that of a workshop."""
        return self._workshops[HERE].cache_problem

    @property
    def kept_in(self) -> Path | None:
        """As that of a workshop."""
        return self._workshops[HERE].kept_in

    def of_side(self, name: SideName) -> Workshop:
        """The workshop that looks the names of a side up."""
        return self._workshops[self._places[name]]

    def release(self) -> None:
        """End the preparing processes."""
        for workshop in self._workshops.values():
            workshop.release()

    def prepare(
        self, cases: Iterable[Case], report: Callable[[PreparationStep], None], references: Mapping[str, str]
    ) -> dict[str, Artifact | str]:
        """An artifact, or the reason why there is none, by case id; each is loaded where its side runs."""
        groups: dict[Place, list[Case]] = {}
        for case in cases:
            groups.setdefault(self._preparing_place(case), []).append(case)
        out: dict[str, Artifact | str] = {}
        for place, group in groups.items():
            with standing_in(place):
                results = self._workshops[place].prepare(group, report, references)
            self._workshops[place].release()
            out |= {
                case.id: result._replace(place=self._place_of(case)) if isinstance(result, Artifact) else result
                for case in group
                for result in (results[case.id],)
            }
        return out

    def _place_of(self, case: Case) -> Place:
        return self._places[case.side]

    def _preparing_place(self, case: Case) -> Place:
        place = self._place_of(case)
        return HERE if not case.is_of_user and not place.has_own_packages else place


def standing_in(place: Place) -> AbstractContextManager[None]:
    """Within this context, relative paths are those of a place."""
    return chdir(place.folder) if place.has_own_files else nullcontext()


def code_files_of(artifacts: Mapping[str, Artifact], cases: Iterable[Case]) -> dict[str, str | None]:
    """Digests of the user's files that these cases were made of, by path."""
    files: dict[str, str | None] = {}
    for case in cases:
        artifact = artifacts.get(case.id)
        if artifact is not None and case.is_of_user and artifact.prepared.code_files is not None:
            files |= artifact.prepared.code_files.files
    return files
