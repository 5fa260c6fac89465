"""Which cases share artifacts and worker processes, for planning: by the functions of the workshop and the crew."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.measuring import runtimes
from levit_bench.measuring.preparing.workshop import code_of, prepared_as
from levit_bench.measuring.session.crew import groups_of
from levit_bench.planning.forecast import Sharing
from levit_bench.records import CaseLine, SeatMode


def _workers(lines: Iterable[CaseLine], mode: SeatMode) -> int:
    return len(groups_of(lines, mode))


SHARING = Sharing(
    artifact=prepared_as, code=code_of, workers=_workers, making_s=lambda name: runtimes.facts(name).making_s
)
