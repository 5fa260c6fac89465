"""Which networks the outputs of model files were compared with, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.numbers.units import counted
from levit_bench.paths.model_files import without_digest
from levit_bench.records import Record
from levit_bench.report.words.safe_text import shortened

_MOST = 3


def sentence(records: Iterable[Record]) -> str | None:
    """Each model file with the function whose network it computes, and the distance; None where none was compared."""
    checked: dict[tuple[str, str], float] = {}
    for record in records:
        info = record.info
        if info.reference is not None and info.reference_distance is not None:
            pair = shortened(without_digest(record.case.network)), shortened(info.reference)
            checked[pair] = max(info.reference_distance, checked.get(pair, 0.0))
    if not checked:
        return None
    each = [f"{file} as {function} ({distance:.2g})" for (file, function), distance in checked.items()]
    more = f" and {counted(len(each) - _MOST, 'more file')}" if len(each) > _MOST else ""
    return f"outputs compared with eager fp32 (relative L2): {', '.join(each[:_MOST])}{more}"
