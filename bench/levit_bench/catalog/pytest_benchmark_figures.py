"""Reads the JSON files of pytest-benchmark as published speeds: somebody else's figures, to show beside measured ones.

They become the CSV file that `levit_bench.catalog.timm_results` reads, with what the file says of the machine and the
day. Nothing is guessed: a benchmark that does not say its network, resolution and batch is left out.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from levit_bench.catalog.timm_results import LARGEST_BYTES
from levit_bench.errors import StoreError, UsageError, one_line
from levit_bench.paths.csv_cells import no_formula
from levit_bench.paths.file_kinds import instead_of_file
from levit_bench.paths.text_files import NoTextError, decoded
from levit_bench.records import parse_size

FIELDS = {
    "network": ("network", "model", "model_name", "arch", "architecture"),
    "resolution": ("resolution", "img_size", "image_size", "input_size", "infer_img_size"),
    "batch": ("batch", "batch_size", "infer_batch_size"),
}
"""What a figure must say, each with the parameters of a test that usually say it, the likeliest first."""
OF_BENCHMARK = ("name", "fullname", "group", "param")
"""Fields of a benchmark itself that may be named, too."""
VERSIONS = range(3, 6)
"""Major releases of pytest-benchmark whose files are read."""
COLUMNS = (
    "model", "infer_img_size", "infer_samples_per_sec", "infer_step_time", "infer_batch_size", "machine", "conditions",
)  # fmt: skip
LARGEST_FILE = 16 * LARGEST_BYTES
"""Bytes: such a file may hold every pass."""
_MILLISECONDS = 1e3


class ImportedFigure(NamedTuple):
    """The speed of one benchmark."""

    network: str
    resolution: int
    """Height and width in pixels."""
    batch: int
    median_s: float
    """Median of its rounds, in seconds a batch."""


class ImportedFile(NamedTuple):
    """What was read of one file."""

    machine: str
    """The processor that the file names; empty where it names none."""
    conditions: str
    """The release of pytest-benchmark, that of Python and the day, as far as the file says."""
    figures: tuple[ImportedFigure, ...]
    left_out: tuple[tuple[str, str], ...]
    """Names of benchmarks that are no figures, each with the reason."""

    def csv(self) -> str:
        """The figures as a file for `levit-bench front --published`."""
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in self.figures:
            rate, step = one.batch / one.median_s, _MILLISECONDS * one.median_s
            network, machine, conditions = map(no_formula, (one.network, self.machine, self.conditions))
            writer.writerow([network, one.resolution, f"{rate:.6g}", f"{step:.6g}", one.batch, machine, conditions])
        return table.getvalue()


def read(
    path: Path, fields: Mapping[str, str] | None = None, where: Mapping[str, Sequence[str]] | None = None
) -> ImportedFile:
    """Read the figures of a file.

    Args:
        path: a JSON file of pytest-benchmark 3 to 5.
        fields: which parameter of the tests, or which number, is their `network`, `resolution` and `batch`; absent ones
            are looked for among `FIELDS`.
        where: parameters with the values by which benchmarks are chosen, each any of several.

    Raises:
        UsageError: there is no such file, it is not of pytest-benchmark 3 to 5, or a field is none of `FIELDS`.
        StoreError: it cannot be read, or is too large.
    """
    chosen_fields = dict(fields or {})
    if unknown := next((name for name in chosen_fields if name not in FIELDS), None):
        raise UsageError(f"--as {unknown[:80]!r}: a figure has {', '.join(FIELDS)}. Write --as batch=FIELD, for one.")
    document = _document(path)
    drafts: list[tuple[str, ImportedFigure]] = []
    left_out: list[tuple[str, str]] = []
    for benchmark in document["benchmarks"]:
        name = _name(benchmark)
        values = _values(benchmark)
        if not _is_chosen(values, where or {}):
            continue
        figure = _figure(benchmark, values, chosen_fields)
        if isinstance(figure, str):
            left_out.append((name, figure))
        else:
            drafts.append((name, figure))
    times = Counter(figure[:3] for _, figure in drafts)
    for name, figure in drafts:
        if times[figure[:3]] > 1:
            network, resolution, batch = figure[:3]
            setting = f"{network} at {resolution} pixels, batch {batch}"
            left_out.append(
                (name, f"{times[figure[:3]]} benchmarks are of {setting}: choose one with --where FIELD=VALUE")
            )
    figures = tuple(figure for _, figure in drafts if times[figure[:3]] == 1)
    return ImportedFile(_machine(document), _conditions(document), figures, tuple(left_out))


def _document(path: Path) -> dict[str, Any]:
    shown = repr(str(path))[:160]
    advice = "Name a file that pytest wrote with --benchmark-json."
    try:
        instead = instead_of_file(path)
        if instead is None:
            raise UsageError(f"there is no file {shown}. {advice}")
        if instead:
            raise UsageError(f"{shown} is {instead}. {advice}")
        if path.stat().st_size > LARGEST_FILE:
            raise StoreError(f"{shown} has more than {LARGEST_FILE >> 20} MiB. Write it without the single rounds.")
        text = decoded(path.read_bytes())
    except NoTextError as error:
        raise StoreError(f"{shown} {error}, or name another file.") from error
    except OSError as error:
        raise StoreError(f"cannot read {shown}: {error.strerror or error}. Allow reading it.") from error
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown} is no JSON: {one_line(str(error))}. {advice}") from error
    if not isinstance(document, dict) or not isinstance(document.get("benchmarks"), list):
        raise UsageError(f"{shown} has no list 'benchmarks'. {advice}")
    version = str(document.get("version", "none"))
    if version.partition(".")[0] not in map(str, VERSIONS):
        raise UsageError(
            f"{shown} is of pytest-benchmark {version[:40]!r}, and {VERSIONS[0]} to {VERSIONS[-1]} are read. {advice}"
        )
    return {**document, "benchmarks": [one for one in document["benchmarks"] if isinstance(one, dict)]}


def _name(benchmark: Mapping[str, Any]) -> str:
    return one_line(str(benchmark.get("fullname") or benchmark.get("name") or "a benchmark without a name"))


def _values(benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """What a benchmark says of itself by name: its own fields, its extra information, its parameters above all."""
    out = {name: benchmark[name] for name in OF_BENCHMARK if benchmark.get(name) is not None}
    for kind in ("extra_info", "params"):
        more = benchmark.get(kind)
        out |= more if isinstance(more, dict) else {}
    return out


def _is_chosen(values: Mapping[str, Any], where: Mapping[str, Sequence[str]]) -> bool:
    return all(
        str(values.get(name)) in [part for text in texts for part in text.split(",")] for name, texts in where.items()
    )


def _figure(benchmark: Mapping[str, Any], values: Mapping[str, Any], fields: Mapping[str, str]) -> ImportedFigure | str:
    """The figure of a benchmark, or why it is none."""
    found = {}
    for wanted in FIELDS:
        value = _value(wanted, values, fields.get(wanted))
        if value is None:
            named = fields.get(wanted)
            what = f"it has no field {named[:80]!r}" if named else f"nothing says its {wanted}"
            there = ", ".join(sorted(str(name) for name in values if name not in OF_BENCHMARK)) or "none"
            return f"{what}: name it with --as {wanted}=FIELD. Its parameters are {one_line(there)}"
        found[wanted] = value
    size, batch = parse_size(found["resolution"]), _whole(found["batch"])
    if size is None or size[0] != size[1]:
        return f"its resolution {str(found['resolution'])[:40]!r} is no height and width in pixels of a square image"
    if batch is None:
        return f"its batch {str(found['batch'])[:40]!r} is no whole number of images from 1"
    median = _median(benchmark)
    if median is None:
        return "its median is no positive number of seconds"
    return ImportedFigure(one_line(str(found["network"])), size[0], batch, median)


def _value(wanted: str, values: Mapping[str, Any], named: str | None) -> Any:  # noqa: ANN401 (whatever JSON holds)
    if named is None:
        return next((values[name] for name in FIELDS[wanted] if values.get(name) is not None), None)
    if named in values:
        return values[named]
    return int(named) if wanted != "network" and named.isascii() and named.isdigit() and len(named) < 8 else None


def _whole(value: object) -> int | None:
    """A whole number from 1, as a number or as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) else None


def _median(benchmark: Mapping[str, Any]) -> float | None:
    stats = benchmark.get("stats")
    median = stats.get("median") if isinstance(stats, dict) else None
    if isinstance(median, bool) or not isinstance(median, int | float):
        return None
    return float(median) if 0 < median < math.inf else None


def _machine(document: Mapping[str, Any]) -> str:
    """The processor that a file names, never its host."""
    machine = document.get("machine_info")
    if not isinstance(machine, dict):
        return ""
    cpu = machine.get("cpu")
    brand = (cpu.get("brand_raw") or cpu.get("brand")) if isinstance(cpu, dict) else None
    return one_line(str(brand or machine.get("processor") or machine.get("machine") or ""))


def _conditions(document: Mapping[str, Any]) -> str:
    machine = document.get("machine_info")
    python = machine.get("python_version") if isinstance(machine, dict) else None
    day = str(document.get("datetime") or "")[:10]
    words = [f"pytest-benchmark {document['version']}", f"Python {python}" if python else "", day]
    return one_line(" ".join(word for word in words if word))
