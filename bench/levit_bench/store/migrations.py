"""Migrations of the result format: converts lines of older files to the current format as they are read.

The files themselves are not changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from levit_bench.records import CaseLine, Finding, Line, RunEndLine, RunStartLine, SessionLine, TurnLine

_OUR_LEVIT = 2
# In format 1 these were timm's networks; since format 2 the names mean the suite's own.
_TIMMS_LEVIT = {
    name: f"{name}.fb_dist_in1k" for name in ("levit_128s", "levit_128", "levit_192", "levit_256", "levit_384")
}


def modern(lines: Sequence[Line]) -> list[Line]:
    """The lines of one file in the current format.

    A file to which a newer version added runs holds both old and new ids of a case; both come out as the new one.

    Args:
        lines: in the order of the file; the first is its session line.
    """
    head = lines[0]
    if not isinstance(head, SessionLine) or head.schema >= _OUR_LEVIT:
        return list(lines)
    ids: dict[str, str] = {}
    for line in lines:
        if isinstance(line, CaseLine) and line.case.network in _TIMMS_LEVIT:
            ids[line.id] = _renamed(line).id
    return (
        [_with_ids(_renamed(line) if isinstance(line, CaseLine) else line, ids) for line in lines] if ids else [*lines]
    )


def _renamed(line: CaseLine) -> CaseLine:
    name = _TIMMS_LEVIT.get(line.case.network)
    if name is None:
        return line
    case = msgspec.structs.replace(line.case, network=name)
    return msgspec.structs.replace(line, id=case.id, case=case)


def _with_ids(line: Line, ids: Mapping[str, str]) -> Line:
    """The line with the new id of every case whose name changed."""
    if isinstance(line, TurnLine):
        return msgspec.structs.replace(line, case=ids[line.case]) if line.case in ids else line
    if isinstance(line, RunStartLine):
        seats = tuple(
            msgspec.structs.replace(seat, cases=tuple(ids.get(case, case) for case in seat.cases))
            for seat in line.seats
        )
        return msgspec.structs.replace(line, seats=seats)
    if isinstance(line, RunEndLine):
        failed = {ids.get(case, case): reason for case, reason in line.failed.items()}
        return msgspec.structs.replace(line, failed=failed, findings=_about(line.findings, ids))
    if isinstance(line, SessionLine):
        return msgspec.structs.replace(line, findings=_about(line.findings, ids))
    return line


def _about(findings: Sequence[Finding], ids: Mapping[str, str]) -> tuple[Finding, ...]:
    return tuple(
        msgspec.structs.replace(f, case=ids[f.case]) if f.case is not None and f.case in ids else f for f in findings
    )
