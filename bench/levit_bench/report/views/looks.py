"""Decisions of interim looks at a session: as a sentence while it runs, as a table and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.network_labels import called
from levit_bench.records import Look, Record
from levit_bench.report.views.cases import names

if TYPE_CHECKING:
    from rich.table import Table

WORDS = {
    "reached": "known well enough",
    "short": "not known well enough",
    "member": "on the front",
    "beaten": "dominated",
    "slower": "slower",
    "faster": "faster",
    "same": "the same",
    "open": "undecided",
}
"""Verdicts of a look in words."""
_OF_GATES = ("slower", "faster", "same", "open")


def spoken(numbers: Sequence[int]) -> str:
    """Numbers of runs in words: `4, 7 and 12 runs`."""
    texts = [str(number) for number in numbers]
    listed = " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
    return f"{listed} run{'' if listed == '1' else 's'}"


def sentence(look: Look) -> str:
    """One look in a line."""
    counts: dict[str, int] = {}
    for decision in look.decided.values():
        counts[decision.verdict] = counts.get(decision.verdict, 0) + 1
    verdicts = ", ".join(f"{count} {WORDS[verdict]}" for verdict, count in counts.items()) or "nothing decided"
    resting = _resting(look)
    rest = f"; {resting} {'gets' if resting == 1 else 'get'} no more turns" if resting else ""
    return f"look {look.number} of {look.of}, after {spoken([look.runs])}: {verdicts}{rest}"


def _resting(look: Look) -> int:
    """Number of cases that get no more turns from this look on.

    A gate rests both sides of a case, which is one for its readers; after its last look nothing has a turn.
    """
    if not any(decision.verdict in _OF_GATES for decision in look.decided.values()):
        return len(look.resting)
    return 0 if look.number == look.of else len(set(look.resting) & set(look.decided))


def table(looks: Sequence[Look], labels: Mapping[str, str]) -> Table:
    """One row a decision, in order of time; `labels` has names of cases by their ids."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("network", overflow="fold")
    out.add_column("after", no_wrap=True)
    out.add_column("decided", overflow="fold")
    out.add_column("why", overflow="fold")
    for look in looks:
        for case, decision in look.decided.items():
            label = Text(labels.get(case, case))
            out.add_row(label, spoken([look.runs]), WORDS[decision.verdict], Text(decision.why))
    out.caption = Text("\n".join(sentence(look) for look in looks))
    return out


def tables(records: Iterable[Record]) -> list[Table]:
    """One table a session that took looks."""
    return [table(looks, labels) for looks, labels in _of_sessions(records).values()]


def documents(records: Iterable[Record]) -> dict[str, object]:
    """The field `looks` of a JSON document, by session; empty without any looks."""
    sessions = {name: document(looks, labels) for name, (looks, labels) in _of_sessions(records).items()}
    return {"looks": sessions} if sessions else {}


def _of_sessions(records: Iterable[Record]) -> dict[str, tuple[tuple[Look, ...], dict[str, str]]]:
    """Looks by session, with the names of its cases."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.looks:
            groups.setdefault(record.session, []).append(record)
    return {
        name: (group[0].looks, names({r.info.id: r.case for r in group}, called(r.info for r in group)))
        for name, group in groups.items()
    }


def document(looks: Sequence[Look], labels: Mapping[str, str]) -> list[dict[str, object]]:
    """The looks as data."""
    return [
        {
            "look": look.number,
            "of": look.of,
            "runs": look.runs,
            "level": look.level,
            "decided": {
                case: {"case": labels.get(case, case), "verdict": decision.verdict, "why": decision.why}
                for case, decision in look.decided.items()
            },
            "resting": list(look.resting),
        }
        for look in looks
    ]
