"""Measures gates of unchanged code and of planted slowdowns into the store, one after another.

    python -m tools.gates.measure_gates --kind unchanged --gates 40 --budget 60s
    python -m tools.gates.measure_gates --kind unchanged --pool --budget 3m
    python -m tools.gates.measure_gates --kind 3% --gates 5 --budget 120s
    python -m tools.gates.measure_gates --kind 'two states' --gates 20 --budget 60s
    python -m tools.gates.measure_gates --kind unchanged --load --gates 20 --budget 60s

Of unchanged code both sides are one revision of a repository that is made for the purpose, so everything is as in a
gate of a change. Planted slowdowns are those of `tools/gates/planted_network.py`; how often the extra layer is repeated
for each is measured first, on the quiet machine, by its share of a pass. A pool is one gate that nothing ends early,
from whose runs others can be composed. Interrupt at any time: what was taken is kept.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
NETWORKS = "levit_128s,levit_192,mobilenetv3_large_100,efficientnet_b0,deit_tiny_patch16_224"
"""Of gates of unchanged code: small ones, depthwise and compute-bound."""
PLANTED = ("levit_128s", "mobilenetv3_large_100")
UNCHANGED = "unchanged"
TWO_STATES = "two states"
"""Unchanged code, of which half of the processes are slower by `_OTHER_STATE`."""
_OTHER_STATE = 0.08
_BUSY_S = 1.0
"""Length of a burst of the other load, which rests twice as long after it."""
_NOTHING_IS_CERTAIN = ("--min-effect", "99%", "--margin", "0%")
"""Rules under which no case is slower or the same, so that none is left out halfway."""
_TRIES = 31
_WHO = ("-c", "user.name=gate", "-c", "user.email=gate@example.org")


def main(words: Sequence[str] | None = None) -> int:
    """Measure the gates; returns the exit code of the last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default=UNCHANGED, help="unchanged, 'two states', or a slowdown: 3%% or -10%%")
    parser.add_argument("--gates", type=int, default=1)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--load", action="store_true", help="keep another process busy a third of the time")
    parser.add_argument("--networks", help="of gates of unchanged code")
    parser.add_argument("--pool", action="store_true", help="measure to the end, whatever is certain halfway")
    parser.add_argument("--store", type=Path, default=ROOT / "results")
    parser.add_argument("--title", default="")
    parser.add_argument("more", nargs="*", help="further options of levit-bench gate, behind --")
    asked = parser.parse_args(words)
    code, title = 0, asked.title or _title(asked.kind, is_pool=asked.pool, is_loaded=asked.load)
    with tempfile.TemporaryDirectory(prefix="gates-") as name, other_load() if asked.load else contextlib.nullcontext():
        folder = Path(name)
        networks = _repository(folder, asked.kind)
        for number in range(asked.gates):
            sys.stderr.write(f"gate {number + 1} of {asked.gates}: {title}\n")
            command = [
                sys.executable, "-m", "levit_bench", "gate", "--a", "before", "--b", "after",
                "--networks", asked.networks or networks, "--budget", asked.budget,
                "--store", str(asked.store.absolute()), "--title", title,
                *(_NOTHING_IS_CERTAIN if asked.pool else ()), *asked.more,
            ]  # fmt: skip
            code = subprocess.run(command, cwd=folder, check=False).returncode
            if code not in (0, 1, 3):
                return code
    return code


@contextlib.contextmanager
def other_load() -> Iterator[None]:
    """Another process that keeps one core busy a third of the time, in bursts, as a neighbour does."""
    process = multiprocessing.get_context("spawn").Process(target=_bursts, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _bursts() -> None:
    while True:
        ends = time.perf_counter() + _BUSY_S
        while time.perf_counter() < ends:
            pass
        time.sleep(2 * _BUSY_S)


def _title(kind: str, *, is_pool: bool, is_loaded: bool) -> str:
    of = "unchanged code" if kind == UNCHANGED else kind if kind == TWO_STATES else f"a planted {kind}"
    return f"{'pool' if is_pool else 'gate'} of {of}{' beside other load' if is_loaded else ''}"


def _repository(folder: Path, kind: str) -> str:
    """A repository with the revisions `before` and `after`; returns the networks to be judged."""
    _git(folder, "init", "-q", "-b", "main")
    none = dict.fromkeys(PLANTED, 0)
    states = _repeats(_OTHER_STATE) if kind == TWO_STATES else none
    planted = none if kind in (UNCHANGED, TWO_STATES) else _repeats(float(kind.removesuffix("%")) / 100)
    is_slower = sum(planted.values()) >= 0
    revisions = (none, planted) if is_slower else ({name: -count for name, count in planted.items()}, none)
    for tag, repeats in zip(("before", "after"), revisions, strict=True):
        (folder / "planted.py").write_text(_planted(repeats, states), encoding="utf-8")
        _git(folder, "add", "-A")
        _git(folder, *_WHO, "commit", "-q", "--allow-empty", "-m", tag)
        _git(folder, "tag", tag)
    return NETWORKS if kind == UNCHANGED else ",".join(f"planted.py:{name}" for name in PLANTED)


def _planted(repeats: Mapping[str, int], states: Mapping[str, int]) -> str:
    """The text of planted_network.py with these numbers of repeats."""
    text = Path(__file__).with_name("planted_network.py").read_text(encoding="utf-8")
    for name, value in (("REPEATS", repeats), ("IN_HALF_OF_THE_PROCESSES", states)):
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {dict(value)!r}", text)
        assert found == 1
    return text


def _repeats(share: float) -> dict[str, int]:
    """How often the extra layer is applied so that it takes that share of a pass, on one thread, by network."""
    import torch

    from tools.gates import planted_network

    torch.set_num_threads(1)
    images, repeats = torch.randn(1, 3, 224, 224), {}
    for name in PLANTED:
        network = getattr(planted_network, name)().eval()
        times: dict[int, list[float]] = {0: [], 100: []}
        with torch.inference_mode():
            for _ in range(_TRIES):
                for count, taken in times.items():
                    planted_network.REPEATS[name] = count
                    began = time.perf_counter()
                    network(images)
                    taken.append(time.perf_counter() - began)
        planted_network.REPEATS[name] = 0
        alone_s, more_s = (median(taken) for taken in times.values())
        repeats[name] = round(share * alone_s / ((more_s - alone_s) / 100))
    return repeats


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
