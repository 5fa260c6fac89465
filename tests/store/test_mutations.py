"""No damage to stored files ends a reader in a traceback, or makes a number that nobody measured."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from levit_bench import api
from levit_bench.catalog.twins import twin_of
from levit_bench.cli import main
from levit_bench.errors import BenchError
from levit_bench.store.files import load, load_readable, session_files
from levit_bench.store.lines import read

from tests.mutations import mutated
from tools.simulated.generate_store import Noise, Truth, case_of, write_session

QUICK, ALL = 150, 3000
SEED = 20261129
CALM = Noise(session=0.05, run=0.01, case_run=0.004, one_pass=0.005)
# Far apart: a time that was given to another network lies outside of all that this one took.
FAST, MIDDLE, SLOW = (
    Truth("levit_128s", "LeViT", 0.004, 76.6), Truth("efficientnet_b0", "EfficientNet", 0.09, 77.1),
    Truth("deit_small_patch16_224", "DeiT", 2.0, 79.9),
)  # fmt: skip
_SCATTER = 1.5


class Reader(NamedTuple):
    """A command line that reads the store in `results`."""

    words: tuple[str, ...]
    is_document: bool = False


READERS = tuple(
    Reader(tuple(words.split()), "--json" in words)
    for words in (
        "show", "show --session last", "show --instrument --json", "show --variance", "show --percentiles --json",
        "show --cold", "show --cross-check", "show --against levit_128s --json",
        "show --against levit_128s --grid efficientnet_b0 --markdown", "front --json", "front --metric throughput",
        "front --out front.csv --out front.svg --out front.md", "pick --min-top1 70 --json", "pick --max-latency 1s",
        "pick --min-throughput 10", "compare before last --json",
        "compare last --networks levit_128s,efficientnet_b0",
        "compare one two --ignore bench", "explain levit_128s efficientnet_b0",
        "explain levit_128s deit_small_patch16_224 --json", "scaling", "scaling --json --out scaling.svg",
        "aa --stored",
        "aa --stored --json", "tag", "compare one two --json",
    )
)  # fmt: skip


class Stored(NamedTuple):
    """A sound store, and what can be said of it."""

    files: dict[Path, bytes]
    durations: dict[str, tuple[float, float]]
    """Least and greatest pass of each network."""
    turns: dict[tuple[str, str], int]
    """Of each session and case."""


def _stores(root: Path) -> Iterator[Stored]:
    subjects = [(case_of(truth), truth) for truth in (FAST, MIDDLE, SLOW)]
    for name, pairs in (
        ("plain", subjects),
        ("threads", [
            (case_of(truth, threads=threads, streams=streams), truth)
            for truth in (FAST, SLOW) for threads, streams in ((1, 1), (2, 1), (1, 2))
        ]),
        ("twins", [(one, truth) for case, truth in subjects[:2] for one in (case, twin_of(case))]),
    ):  # fmt: skip
        for session, seed in (("one", 1), ("two", 2)):
            write_session(root / name, session, pairs, runs=3, rounds=2, passes=2, noise=CALM, seed=seed)
        yield _stored(root / name)


def _stored(root: Path) -> Stored:
    found, findings = load(root)
    assert findings == []
    durations: dict[str, tuple[float, float]] = {}
    turns: dict[tuple[str, str], int] = {}
    for record in found:
        passes = [each for run in record.runs for turn in run.turns for each in turn.duration_s]
        low, high = durations.get(record.case.network, (passes[0], passes[0]))
        durations[record.case.network] = min(low, *passes), max(high, *passes)
        turns[record.session, record.info.id] = sum(len(run.turns) for run in record.runs)
    files = {path.relative_to(root): path.read_bytes() for path in session_files(root)}
    return Stored(files, durations, turns)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Stored]:
    """Three kinds of stores, two sessions each."""
    return list(_stores(tmp_path_factory.mktemp("sound")))


def run(words: Sequence[str]) -> tuple[object, str, str]:
    """Exit code, stdout and stderr of a command line in this process; whatever it raises is the test's failure."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code or 0, out.getvalue(), err.getvalue()


def _numbers_of(data: bytes) -> set[float]:
    """Every number that stands in a file, however broken its lines are."""
    found = re.findall(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", data)
    return {float(number) for number in found if len(number) < 300}


class Judge:
    """Says what of a reader's answer nobody measured."""

    def __init__(self, stored: Stored, before: bytes, after: bytes) -> None:
        self._stored = stored
        # A number that the mutation itself wrote there is what the file says.
        self._new = [value for value in _numbers_of(after) - _numbers_of(before) if 1e-9 <= value <= 1e6]

    def latency(self, network: str, value: float, beyond: float = 1.0) -> str | None:
        """What is wrong with a time that is given for a network.

        Args:
            network: whose it is said to be.
            value: in seconds.
            beyond: times further than what was measured that it may lie: sessions on one scale are told in the unit
                of a yardstick, which scatters as they do.
        """
        low, high = self._stored.durations.get(network, (float("inf"), 0.0))
        low, high = min([low, *self._new]), max([high, *self._new])
        if low / beyond <= value <= high * beyond:
            return None
        return f"{network}: {value} s is outside of {low} to {high}, which were measured"

    def records(self, root: Path) -> list[str]:
        """What is wrong with what is loaded: more of a case than was measured, or another's times."""
        wrong = []
        try:
            found, _ = load(root)
        except BenchError:
            return []
        seen: set[tuple[str, str, str]] = set()
        for record in found:
            key = record.machine.id, record.session, record.info.id
            if key in seen:
                wrong.append(f"{key} is there twice")
            seen.add(key)
            count = sum(len(run.turns) for run in record.runs)
            if count > self._stored.turns.get((record.session, record.info.id), count):
                wrong.append(f"{key} has {count} turns, more than were measured")
            if record.info.id != record.case.id:
                wrong.append(f"{key} is {record.case.id}")
            passes = (each for run in record.runs for turn in run.turns for each in turn.duration_s)
            wrong += [why for each in passes if (why := self.latency(record.case.network, each))]
        return wrong

    def document(self, value: object) -> Iterator[str]:
        """What is wrong with the latencies of a document for programs."""
        if isinstance(value, dict):
            network, latency = value.get("network"), value.get("latency_s")
            if (
                isinstance(network, str)
                and isinstance(latency, float)
                and (why := self.latency(network, latency, _SCATTER))
            ):
                yield why
            for inner in value.values():
                yield from self.document(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from self.document(inner)


def _by_python(root: Path) -> None:
    """The readers that have no verb, by the functions that notebooks call."""
    load_readable(session_files(root))
    try:
        results = api.load(root)
    except BenchError:
        return
    results.to_pandas()
    results.turns()
    assert results.case_findings is not None
    results.front("throughput")


def _mutate(rng: random.Random, stored: Stored, root: Path) -> tuple[str, Judge]:
    path = rng.choice(list(stored.files))
    others = [data for other, data in stored.files.items() if other != path]
    what, data = mutated(rng, stored.files[path], others)
    for each, sound in stored.files.items():
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).write_bytes(data if each == path else sound)
    if what in ("value_borrowed", "hole_torn"):
        # Who gives a turn another's duration writes what the file says from then on, though it stood there before. A
        # hole from one turn into another leaves one whose beginning and end fit together, now and then.
        untouched = set(stored.files[path].splitlines())
        return what, Judge(stored, b"", b"\n".join(line for line in data.splitlines() if line not in untouched))
    return what, Judge(stored, stored.files[path], data)


def _try(number: int, stores: Sequence[Stored], readers: Sequence[Reader]) -> None:
    rng = random.Random(f"{SEED} {number}")
    root = Path("results")
    what, judge = _mutate(rng, stores[number % len(stores)], root)
    where = f"mutation {number}, {what}"
    assert judge.records(root) == [], where
    _by_python(root)
    for reader in readers:
        code, out, err = run((*reader.words, "--store", "results"))
        assert code in (0, 1, 2, 3), (where, reader, err)
        assert "Traceback" not in out + err, (where, reader)
        if reader.is_document and code == 0:
            assert list(judge.document(json.loads(out, parse_constant=_refused))) == [], (where, reader)
        elif not reader.is_document:
            assert not re.search(r"(?<![\w./-])(nan|inf)(?![\w./-])", out), (where, reader, out)


def _refused(constant: str) -> object:
    """What no number may be in a document; a text may quote it."""
    raise AssertionError(constant)


def _spread(number: int, many: int) -> list[Reader]:
    """As many readers, the next ones for the next mutation."""
    return [READERS[(number * many + index) % len(READERS)] for index in range(many)]


def test_a_few_mutations_make_no_traceback_and_no_number(
    stores: list[Stored], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(QUICK):
        _try(number, stores, _spread(number // 4, 1) if number % 4 == 0 else ())


PIECES = (
    b'"cpu_s":1.0,', b'"cpu_s":1.0', b"\\u0073", b"{}", b"}{", b"}\n{", b"\n", b"\r", b"\t", b" ", b'"', b":", b",",
    b"\\", b'"x1":1,"x2":2,', b'"x":"}",', b'"run":0,', b'"x":[[{}]],', b"[", b"]", b'"pu_s":1,', b"\xc3\xa9", b"\xff",
)  # fmt: skip
"""What is put between the lines, keys and values of a file."""


def _pieces_put(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = data.find(rng.choice((b",", b"{", b"}", b"\n", b'"')), rng.randrange(len(data)))
        data = data[:at] + rng.choice(PIECES) + data[at + rng.choice((0, 0, 1)) :]
    return data


def test_a_line_reads_alike_whether_all_others_are_sound_or_not(stores: list[Stored], tmp_path: Path) -> None:
    sound, *others = stores[0].files.values()
    path = tmp_path / "x.jsonl"
    for number in range(300):
        rng = random.Random(f"{SEED} alike {number}")
        data = mutated(rng, sound, others)[1] if number % 2 else _pieces_put(rng, sound)
        found: list[object] = []
        for more in (b"", b"\ntorn {"):  # With that, each line is read by itself.
            path.write_bytes(data + more)
            try:
                lines = read(path, path.read_bytes())
            except BenchError as error:
                found.append(type(error))
            else:
                found.append((lines.good, lines.bad))
        (alone, beside), last = found, data.count(b"\n") + 2
        if isinstance(beside, tuple):
            beside = beside[0], [each for each in beside[1] if each[0] != last]
        assert alone == beside, number


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", [part if part < 1 else pytest.param(part, marks=pytest.mark.exhaustive) for part in range(10)]
)
def test_three_thousand_mutations_make_no_traceback_and_no_number(
    stores: list[Stored], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.chdir(tmp_path)
    share = ALL // 10
    for number in range(QUICK + part * share, QUICK + (part + 1) * share):
        _try(number, stores, _spread(number, 1))
