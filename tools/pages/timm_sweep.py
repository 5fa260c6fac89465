"""Every network of timm that the catalog lacks, below two billion multiply-accumulates: can it be measured?

    python -m tools.pages.timm_sweep FOLDER        count and try them; goes on where it stopped
    python -m tools.pages.timm_sweep --write FOLDER
                                                  docs/timm.csv and the block of docs/timm.md from what was found

Each is prepared by the suite's own preparation at batch 1, then loaded in a worker process that did not build it, which
checks what it computes: in eager mode and as frozen TorchScript. Nothing is timed. Takes about an hour.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from levit_bench.catalog.entries import entries
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.workers.messages import Failed, Load
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.numbers.units import format_count
from levit_bench.records import Case, ImageShape

from tools.pages import ROOT

PAGE, TABLE = ROOT / "docs" / "timm.md", ROOT / "docs" / "timm.csv"
BEGIN, END = "<!-- from docs/timm.csv, by python -m tools.pages.timm_sweep -->", "<!-- end -->"
RUNTIMES = ("eager", "torchscript")
COLUMNS = ("name", "resolution", "params", "macs", *RUNTIMES)
MOST_MACS = 2e9
WORKS = "works"
TIMEOUT_S = 1800.0
"""Of one preparation or load, at the lowest priority on a machine that others use."""
_SEED = 0
_AT_ONCE = 16  # Cases whose processes start together: starting them takes longer than most networks.


def lacking(counts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Networks that the catalog lacks at every resolution, smallest first, then those without a count."""
    have = {(entry.timm_name or entry.name).partition(".")[0] for entry in entries()}
    missing = [row for row in counts if row["name"] not in have and (row["macs"] is None or row["macs"] < MOST_MACS)]
    return sorted(missing, key=lambda row: (row["macs"] is None, row["macs"] or 0, row["name"]))


def count(file: Path) -> None:
    """Count every architecture of timm that is not counted yet, without computing anything: on torch's meta device."""
    import torch
    from levit_bench.measuring.counting.operation_counts import counted_macs
    from levit_bench.measuring.networks import timm_networks

    counted_names = {row["name"] for row in _lines(file)}
    for name in timm_networks.names():
        if name in counted_names:
            continue
        row: dict[str, Any] = {"name": name, "resolution": None, "params": None, "macs": None, "why": None}
        try:
            height, width = timm_networks.default_resolution(name)
            row["resolution"] = height
            with torch.device("meta"), torch.no_grad():
                network = timm_networks.build_for(name, ImageShape(3, height, width))
                network = network.eval().requires_grad_(requires_grad=False)
                image = torch.zeros(1, 3, height, width)
                counts = counted_macs(lambda images=image, model=network: model(images))  # type: ignore[misc]
            row["params"] = sum(parameter.numel() for parameter in network.parameters())
            row["macs"] = None if counts.unknown else counts.macs
            row["why"] = ", ".join(counts.unknown) or None
        except Exception as error:  # A network that cannot be built is part of the result.
            row["why"] = f"{type(error).__name__}: {error}"
        _append(file, row)


def attempts(cases: Sequence[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
    """The outcome of each case: prepared, then loaded in a process that did not build it."""
    with Workshop(_SEED, TIMEOUT_S) as workshop:
        artifacts = workshop.prepare(cases, lambda *_: None)
        workshop.release()
        sound = {case: artifact for case in cases if isinstance(artifact := artifacts[case.id], Artifact)}
        yield from ((case, {"outcome": str(artifacts[case.id])}) for case in cases if case not in sound)
        waiting = list(sound)
        while waiting:
            try:
                with Seat(1, waiting[0].allocator) as seat:
                    while waiting:
                        load = Load(case=waiting[0], folder=str(sound[waiting[0]].folder), seed=_SEED)
                        answer = seat.ask(load, TIMEOUT_S)
                        outcome = answer.reason if isinstance(answer, Failed) else WORKS
                        case = waiting.pop(0)
                        yield case, _outcome_row(outcome, sound[case])
            except SeatLostError as error:
                case = waiting.pop(0)
                yield case, _outcome_row(str(error), sound[case])


def _outcome_row(outcome: str, artifact: Artifact) -> dict[str, Any]:
    return {"outcome": outcome, "params": artifact.prepared.params, "macs": artifact.prepared.macs}


def sweep(folder: Path) -> None:
    """Try every network in every runtime that was not tried yet, some at a time; each outcome is stored at once."""
    counts, results = folder / "counts.jsonl", folder / "sweep.jsonl"
    finished = {(row["name"], row["runtime"]) for row in _lines(results)}
    waiting = [
        Case(network=row["name"], resolution=row["resolution"], runtime=runtime, allocator=default_allocator())
        for row in lacking(_lines(counts))
        for runtime in RUNTIMES
        if (row["name"], runtime) not in finished and row["resolution"]
    ]
    for number in range(0, len(waiting), _AT_ONCE):
        for case, outcome in attempts(waiting[number : number + _AT_ONCE]):
            key = {"name": case.network, "resolution": case.resolution, "runtime": case.runtime}
            _append(results, key | outcome)


def rows(folder: Path) -> list[dict[str, Any]]:
    """One row a network that was tried in every runtime, small ones first."""
    by_name: dict[str, dict[str, Any]] = {}
    for result in _lines(folder / "sweep.jsonl"):
        row = by_name.setdefault(result["name"], {"name": result["name"], "resolution": result["resolution"]})
        row[result["runtime"]] = result["outcome"]
        row |= {key: result[key] for key in ("params", "macs") if result.get(key) is not None}
    complete = [{key: row.get(key, "") for key in COLUMNS} for row in by_name.values() if set(RUNTIMES) <= set(row)]
    return sorted(complete, key=lambda row: (row["macs"] or 0, row["name"]))


def block(table: Sequence[dict[str, Any]]) -> list[str]:
    """What the page says of a table, as lines of Markdown."""
    works = {runtime: sum(row[runtime] == WORKS for row in table) for runtime in RUNTIMES}
    sentence = f"{len(table)} networks were tried"
    if all(number == len(table) for number in works.values()):
        return [f"{sentence}.", "", "All work in both."]
    of_each = ", ".join(f"{number} in {runtime}" for runtime, number in works.items())
    lines = [f"{sentence}; they work as follows: {of_each}. The others:", ""]
    lines += ["| network | pixels | MACs | eager | torchscript |", "|:--|--:|--:|:--|:--|"]
    for row in table:
        if any(row[runtime] != WORKS for runtime in RUNTIMES):
            macs = format_count(int(row["macs"])) if row["macs"] else "—"
            cells = " | ".join(str(row[runtime]).replace("|", "\\|") for runtime in RUNTIMES)
            lines.append(f"| `{row['name']}` | {row['resolution']} | {macs} | {cells} |")
    return lines


def written(page: str, lines: Sequence[str]) -> str:
    """The page with those lines in its block."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


def table_of(file: Path = TABLE) -> list[dict[str, Any]]:
    """The committed table."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The stored rows; a line that a kill cut short is left out, and tried again."""
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def _append(file: Path, row: dict[str, Any]) -> None:
    with file.open("a+b") as opened:
        opened.seek(0, os.SEEK_END)
        if opened.tell():
            opened.seek(-1, os.SEEK_END)
            if opened.read(1) != b"\n":
                opened.write(b"\n")
        opened.write(json.dumps(row).encode() + b"\n")


def _write(folder: Path) -> None:
    with TABLE.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(folder))
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), block(table_of())), encoding="utf-8")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write the table and the page")
    parser.add_argument("--no-count", action="store_true", help="try what is counted already")
    arguments = parser.parse_args()
    if arguments.write:
        _write(arguments.folder)
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    os.nice(19)
    if not arguments.no_count:
        # Apart: torch's libraries stay out of this process, which lives for hours.
        code = "import pathlib, sys; from tools.pages import timm_sweep; timm_sweep.count(pathlib.Path(sys.argv[1]))"
        file = (arguments.folder / "counts.jsonl").resolve()
        subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, check=True)
    sweep(arguments.folder)


if __name__ == "__main__":
    _main()
