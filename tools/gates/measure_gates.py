"""Measures gates of unchanged code and of planted slowdowns into the store, one after another.

    python -m tools.gates.measure_gates --kind unchanged --gates 40 --budget 60s
    python -m tools.gates.measure_gates --kind 3% --gates 5 --budget 120s
    python -m tools.gates.measure_gates --kind unchanged --gates 1 --budget 8m --title 'pool of unchanged code'

Of unchanged code both sides are one revision of a repository that is made for the purpose, so everything is as in a
gate of a change. Planted slowdowns are those of `tools/gates/planted_network.py`; how often the extra layer is repeated
for each is measured first, on the quiet machine, by its share of a pass. Interrupt at any time: what was taken is kept.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
NETWORKS = "levit_128s,levit_192,mobilenetv3_large_100,efficientnet_b0,deit_tiny_patch16_224"
"""Of gates of unchanged code: small ones, depthwise and compute-bound."""
PLANTED = ("levit_128s", "mobilenetv3_large_100")
UNCHANGED = "unchanged"
_TRIES = 31
_WHO = ("-c", "user.name=gate", "-c", "user.email=gate@example.org")


def main(words: Sequence[str] | None = None) -> int:
    """Measure the gates; returns the exit code of the last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default=UNCHANGED, help="unchanged, or a slowdown such as 3%% or -10%%")
    parser.add_argument("--gates", type=int, default=1)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--store", type=Path, default=ROOT / "results")
    parser.add_argument("--title", default="")
    parser.add_argument("more", nargs="*", help="further options of levit-bench gate, behind --")
    asked = parser.parse_args(words)
    kind = "unchanged code" if asked.kind == UNCHANGED else f"a planted {asked.kind}"
    code, title = 0, asked.title or f"gate of {kind}"
    with tempfile.TemporaryDirectory(prefix="gates-") as name:
        folder = Path(name)
        networks = _repository(folder, asked.kind)
        for number in range(asked.gates):
            sys.stderr.write(f"gate {number + 1} of {asked.gates}: {title}\n")
            command = [
                sys.executable, "-m", "levit_bench", "gate", "--a", "before", "--b", "after", "--networks", networks,
                "--budget", asked.budget, "--store", str(asked.store.absolute()), "--title", title, *asked.more,
            ]  # fmt: skip
            code = subprocess.run(command, cwd=folder, check=False).returncode
            if code not in (0, 1, 3):
                return code
    return code


def _repository(folder: Path, kind: str) -> str:
    """A repository with the revisions `before` and `after`; returns the networks to be judged."""
    _git(folder, "init", "-q", "-b", "main")
    text = Path(__file__).with_name("planted_network.py").read_text(encoding="utf-8")
    repeats = 0 if kind == UNCHANGED else _repeats(float(kind.removesuffix("%")) / 100)
    slow, fast = (repeats, 0) if repeats >= 0 else (0, -repeats)
    for tag, count in (("before", fast), ("after", slow)):
        (folder / "planted.py").write_text(re.sub(r"(?m)^REPEATS = 0$", f"REPEATS = {count}", text), encoding="utf-8")
        _git(folder, "add", "-A")
        _git(folder, *_WHO, "commit", "-q", "--allow-empty", "-m", tag)
        _git(folder, "tag", tag)
    return NETWORKS if kind == UNCHANGED else ",".join(f"planted.py:{name}" for name in PLANTED)


def _repeats(share: float) -> int:
    """How often the extra layer is applied so that it takes that share of a pass of LeViT-128S, on one thread.

    The same number is planted into both networks; how much that is of each is measured by the gates themselves.
    """
    import torch

    from tools.gates import planted_network

    torch.set_num_threads(1)
    network, images = planted_network.levit_128s().eval(), torch.randn(1, 3, 224, 224)
    shares: dict[int, float] = {}
    with torch.inference_mode():
        for count in (0, 100):
            planted_network.REPEATS = count
            times = []
            for _ in range(_TRIES):
                began = time.perf_counter()
                network(images)
                times.append(time.perf_counter() - began)
            shares[count] = median(times)
    planted_network.REPEATS = 0
    one_s = (shares[100] - shares[0]) / 100
    return round(share * shares[0] / one_s)


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
