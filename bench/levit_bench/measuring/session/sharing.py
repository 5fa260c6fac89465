"""Which cases share artifacts and worker processes, for planning: by the functions of the workshop and the crew."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.measuring import runtimes
from levit_bench.measuring.preparing.workshop import code_of, prepared_as
from levit_bench.measuring.session.crew import groups_of
from levit_bench.measuring.session.fork_servers import importing
from levit_bench.planning.forecast import Sharing
from levit_bench.records import CaseLine, Protocol


def _importing(lines: Iterable[CaseLine], protocol: Protocol) -> int:
    return importing(groups_of(lines, protocol.seats), protocol)


SHARING = Sharing(
    artifact=prepared_as, code=code_of, importing=_importing, making_s=lambda name: runtimes.facts(name).making_s
)
