"""docs/measured.md, computed from the stored sessions, so that no figure on it can go stale.

python -m tools.pages.measured_page        writes the page; the tests compare it
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from levit_bench.judge.estimates import run_ratio
from levit_bench.judge.paired_ratio import paired
from levit_bench.judge.variance.components import components
from levit_bench.numbers.statistics import t_interval
from levit_bench.numbers.units import significant
from levit_bench.records import Record, SessionLine
from levit_bench.store.files import Session, read_session, records, session_files

from tools.pages import ROOT, WAY_BACK, worker_tables
from tools.pages.gpu_tables import advantage_table, rate_tables
from tools.pages.levit_tables import SIZES, ablation_table, race_table
from tools.pages.trust_tables import (
    DRAWS,
    SCALED,
    coverage,
    load_told,
    loaded_rows,
    planted,
    race_rows,
    witness_rows,
)

PAGE = ROOT / "docs" / "measured.md"
EVIDENCE = ROOT / "docs" / "evidence.toml"
"""Which sessions each claim rests on, by name: other sessions in the store change nothing here."""


TOPICS = (
    "workers_pinned", "workers_shipped",
    "seats", "stability", "front", "levit", "ablation", "race", "planted", "witness", "loaded", "runtimes", "threads",
    "sweep",
)  # fmt: skip
"""Topics of sessions on processors, except the pilot's."""


@cache
def sessions(topic: str) -> tuple[Session, ...]:
    """The committed sessions behind a topic, in the order of docs/evidence.toml."""
    names = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))[topic]
    paths = {path.stem: path for path in session_files(ROOT / "results")}
    return tuple(read_session(paths[name]) for name in names)


def subjects(taken_sessions: Iterable[Session]) -> list[Record]:
    """Records of the subjects, all sessions."""
    return [record for session in taken_sessions for record in records(session) if record.info.role == "subject"]


class Scatter(NamedTuple):
    """Coefficients of variation between sessions, for one network."""

    network: str
    allocator: str
    sessions: int
    runs: int
    latency: float
    ratio: float


def scatters(session_list: Sequence[Session]) -> list[Scatter]:
    """One a network and allocator: of the latency, and of the ratio to the yardstick."""
    rows = components(subjects(session_list))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        Scatter(
            latency.case.network,
            latency.case.allocator,
            latency.sessions,
            latency.runs,
            latency.of_sessions,
            ratio.of_sessions,
        )
        for latency, ratio in pairs
    ]


def root_mean_square(values: Iterable[float]) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(list(values)))))


class Agreement(NamedTuple):
    """Ratio to the yardstick alone in a seat over the same in a shared seat, with its 95 % interval."""

    network: str
    allocator: str
    ratio: float
    low: float
    high: float


def agreements(session_list: Sequence[Session]) -> list[Agreement]:
    """One a network and allocator. Sessions are the units: each mode's sessions alternate with the other's."""
    logs: dict[tuple[str, str], dict[str, list[float]]] = {}
    for record in subjects(session_list):
        ratios = [ratio for run in record.runs if (ratio := run_ratio(run)) is not None]
        by_mode = logs.setdefault((record.case.network, record.case.allocator), {})
        by_mode.setdefault(record.isolation, []).append(float(np.mean(ratios)))
    out = []
    for (network, allocator), modes in logs.items():
        alone, shared = modes["alone"], modes["shared"]
        n = min(len(alone), len(shared))
        interval = t_interval([a - s for a, s in zip(alone[:n], shared[:n], strict=True)])
        value = float(np.mean(alone) - np.mean(shared))
        half = interval.high - interval.value
        out.append(Agreement(network, allocator, math.exp(value), math.exp(value - half), math.exp(value + half)))
    return out


class Instrument(NamedTuple):
    """Overhead of the measurement itself."""

    null_pass_s: float
    """Largest median pass of the null network over all sessions."""
    others_share: float
    """Processor time of parent and idle seats as a share of one core while cases are timed, over all turns."""
    worst_share: float
    """The same for the worst session."""


def instrument(session_list: Sequence[Session]) -> Instrument:
    """Over all sessions given."""
    nulls, shares, others_s, lengths = [], [], 0.0, 0.0
    for session in session_list:
        roles = {line.id: line.role for line in session.cases}
        passes = [d for turn in session.turns if roles[turn.case] == "null" for d in turn.duration_s]
        nulls.append(float(np.median(passes)))
        timed = [turn for turn in session.turns if roles[turn.case] != "null" and turn.others_cpu_s is not None]
        used_s = sum(turn.others_cpu_s or 0.0 for turn in timed)
        length = sum(sum(turn.settle_s) + sum(turn.duration_s) for turn in timed)
        shares.append(used_s / length)
        others_s, lengths = others_s + used_s, lengths + length
    return Instrument(max(nulls), others_s / lengths, max(shares))


class Ratio(NamedTuple):
    """How many times longer one network takes than another in the same runs."""

    allocator: str
    value: float
    low: float
    high: float
    runs: int


def ratios(session: Session, slow: str, fast: str) -> list[Ratio]:
    """Paired by round and run, one an allocator."""
    by_case = {(record.case.network, record.case.allocator): record for record in subjects([session])}
    out = []
    for allocator in dict.fromkeys(allocator for _, allocator in by_case):
        ratio = paired([by_case[slow, allocator]], [by_case[fast, allocator]])
        assert ratio is not None, "too few runs"
        out.append(Ratio(allocator, ratio.value, ratio.low, ratio.high, ratio.runs))
    return out


_SIX = "levit_128s,levit_192,efficientnet_b0,efficientnet_b2,mobilenetv3_large_100,deit_tiny"
_NETWORKS = "levit_192.fb_dist_in1k,efficientnet_b0,efficientnet_b2,mobilenetv3_large_100,deit_tiny"
_PAGE = """# Measured

On {machine}. Every figure on this page is computed from sessions in `results/` by
`python -m tools.pages.measured_page`; a test compares the two and holds the bounds.

## How far sessions disagree

Sessions of 60 s each, ten with the allocator pinned and five as shipped, on another day, batch 1, one thread:
coefficient of variation between sessions of the latency, and of the latency relative to the yardstick.

```sh
levit-bench run --budget 60s --allocator pinned --networks {six}  # ten times
levit-bench run --budget 60s --allocator shipped --networks {networks}  # five times
```

{scatter}

Of the {intervals} intervals of a pinned session, {held} hold the mean of the other nine sessions.

## A core at work elsewhere

The same six networks in a session of {loaded_s:.0f} s, for a third of which another process kept one of the two
cores busy. What the session says of it: {loaded_told}

| network | relative to the yardstick | the ten quiet sessions | |
|:--|:--|--:|:--|
{loaded}

## A race for the front

The group `front-cpu`, one thread, batch 1, pinned: the whole protocol, and five races with the same budget. Certain
are places with a chance of at least 95 % after the whole protocol; an open one is drawn with its chance, and is not
lost. The races were taken *to the end*, with a last look after all planned runs; now the last look comes after three
quarters of them, and what stands here is what was seen by then.

```sh
levit-bench run --networks front-cpu --budget 5m
levit-bench run --networks front-cpu --budget 5m --race  # five times
```

{races_for_front}

## A slowdown that was planted

LeViT-192 beside itself with one small convolution more in front, in {planted_sessions} sessions of 120 s: the extra
layer takes {planted_more} of the time. The sessions themselves call it: {planted_live}. Of {draws} sessions
of as many runs that are drawn from all {planted_runs} of them, {planted_drawn} call it *slower*; with every run's ratio
scaled as if the layer took {scaled} %, {planted_scaled} do.

## A second instrument

`torch.utils.benchmark` timing the same passes in the same turns, in a session of 150 s.

```sh
levit-bench run --networks levit_192,efficientnet_b0,efficientnet_b2,mobilenetv3_large_100 --cross-check --budget 150s
levit-bench show --session {witness} --cross-check
```

{witnesses}

## Alone in a worker against sharing one

The ratio to the yardstick with each network alone in its process, over the same in a process shared with the others,
and its 95 % interval over {pairs} alternating pairs of sessions.

```sh
for s in shared alone; do levit-bench run --budget 100s --isolation $s \\
  --networks {networks}; done  # three times
```

{agreement}

## Forked workers against spawned ones

Five networks, each in a worker of its own: once forked from one process a run, once each started by itself, in pairs
of sessions in alternate order. Of two figures the first is the spawned workers'. Standard deviations are those of a
ratio to the yardstick: what runs add beyond their rounds, and the rounds of a run. A run *faults* where its median turn
takes more than {fault_limit} page faults a pass.

Pinned, {pinned_pairs} pairs of 55 s:

```sh
for m in spawn fork; do levit-bench run --budget 55s --allocator pinned --isolation alone --start-method $m \\
  --networks {networks}; done
```

{pinned_workers}

{pinned_words}

As shipped, {shipped_pairs} pairs of 70 s, taken by a version that forked these, too. It no longer does
([decision 17](decisions/0017-workers-are-forked-from-one-process-a-run.md)): the two kinds are not alike.

{shipped_workers}

{shipped_words}

## The front

The README's picture and its ratio, over {runs} fresh runs of session `{front}`, paired by round:

```sh
make front
```

| EfficientNet-B2 takes … times as long as LeViT-192 | 95 % |
|:--|:--|
{ratios}

## LeViT, this suite's against timm's

The same network written twice: every size, in the forms `shipped` and `inference`, at batch 1 and 16, one thread,
pinned, in one interleaved session of {race_runs} fresh runs (`{race}`). Above 1, timm's is the slower one.

```sh
levit-bench run --networks {race_networks} \\
  --form shipped,inference --batch 1,16 --threads 1 --allocator pinned --budget 20m
```

{races}

## The ablation of LeViT-128S

What each choice costs or wins in time, which the paper does not say, beside the top-1 that it does: one thread, pinned,
{ablation_runs} fresh runs (`{ablation}`). Row A4 is the base trained otherwise, so its ratio shows the noise. Row A3
has LayerNorms in place of BatchNorms as shipped; folded, for inference, BatchNorms cost nothing; LayerNorms cannot be.

```sh
pytest --benchmark suites/test_ablations.py --networks ablation --budget 3m
levit-bench show --session {ablation} --against levit_128s_one_head
```

{ablations}

## On a GPU

{gpu_machine}, in one interleaved session of {gpu_runs} fresh runs (`{gpu}`). [On a GPU](gpu.md) says what
is timed. In eager mode LeViT-128S, 192 and 384 take about as long at batch 1 as at batch 16: Python starting their
kernels decides, and a CUDA graph takes that away.

```sh
levit-bench run --device cuda --runtime eager,cuda-graphs \\
  --networks {gpu_networks} \\
  --batch 1,16,256 --precision fp32,fp16 --budget 4m
```

{gpu_advantage}

{gpu_rates}

The latencies behind these rates, with their intervals: `levit-bench show --session {gpu}`.
Taken with {gpu_versions}.

## The instrument

Over all {sessions} sessions named in [evidence.toml](evidence.toml) but the pilot's and the GPU's:

- A pass of the null network takes at most {null} µs (median of a session).
- The parent and all idle workers together use {others} % of a core while a case is timed, {worst} % in the worst
  session.

{back}
"""


def page() -> str:
    """The whole page."""
    all_sessions = [session for topic in TOPICS for session in sessions(topic)]
    costs = instrument(all_sessions)
    (front,), (race,), (ablation,) = sessions("front"), sessions("levit"), sessions("ablation")
    (gpu,) = sessions("gpu")
    on_gpu = subjects([gpu])
    front_ratios = ratios(front, "efficientnet_b2", "levit_192")
    pinned = [session for session in sessions("stability") if session.cases[0].case.allocator == "pinned"]
    covered, extra = coverage(pinned), planted(sessions("planted"), "nets.py:base", "nets.py:planted")
    (full, *races), (witness,), (loaded,) = sessions("race"), sessions("witness"), sessions("loaded")
    return _PAGE.format(
        six=_SIX,
        intervals=covered.intervals,
        held=covered.hits,
        loaded_s=loaded.head.protocol.budget_s,
        loaded_told=" ".join(load_told(loaded)),
        loaded="\n".join(loaded_rows(loaded, pinned)),
        races_for_front="\n".join(race_rows(full, races)),
        planted_sessions=len(sessions("planted")),
        planted_more=f"{100 * (extra.ratio - 1):.1f} % ({100 * (extra.low - 1):.1f} to {100 * (extra.high - 1):.1f} %)",
        planted_live=", ".join(extra.live),
        planted_runs=extra.runs,
        planted_drawn=extra.drawn,
        planted_scaled=extra.scaled,
        scaled=f"{100 * SCALED:g}",
        draws=DRAWS,
        witness=witness.head.session,
        witnesses="\n".join(witness_rows([witness])),
        gpu=gpu.head.session,
        gpu_machine=f"{gpu.head.machine.gpus[0]}, PyTorch {gpu.head.conditions.versions['torch']}",
        gpu_runs=len(gpu.ends),
        gpu_versions=_versions(gpu),
        gpu_networks=",".join(dict.fromkeys(record.case.network for record in on_gpu)),
        gpu_advantage="\n".join(advantage_table(on_gpu)),
        gpu_rates="\n".join(rate_tables(on_gpu)),
        front=front.head.session,
        runs=front_ratios[0].runs,
        ratios="\n".join(
            f"| {ratio.allocator}: {significant(ratio.value)} | {significant(ratio.low)} to {significant(ratio.high)} |"
            for ratio in front_ratios
        ),
        race=race.head.session,
        race_runs=len(race.ends),
        race_networks=",".join((*SIZES, "levit_*.fb_dist_in1k")),
        races="\n".join(race_table(subjects([race]))),
        ablation=ablation.head.session,
        ablation_runs=len(ablation.ends),
        ablations="\n".join(ablation_table(subjects([ablation]))),
        machine=_machine(sessions("stability")[0].head),
        networks=_NETWORKS,
        scatter="\n".join(_scatter_table()),
        pairs=len(sessions("seats")) // 2,
        agreement="\n".join(_agreement_table()),
        fault_limit=worker_tables.FAULTS,
        pinned_pairs=len(sessions("workers_pinned")) // 2,
        pinned_workers="\n".join(worker_tables.table(sessions("workers_pinned"))),
        pinned_words=worker_tables.words(sessions("workers_pinned")),
        shipped_pairs=len(sessions("workers_shipped")) // 2,
        shipped_workers="\n".join(worker_tables.table(sessions("workers_shipped"))),
        shipped_words=worker_tables.words(sessions("workers_shipped")),
        sessions=len(all_sessions),
        null=significant(1e6 * costs.null_pass_s),
        others=significant(100 * costs.others_share, 2),
        worst=significant(100 * costs.worst_share, 2),
        back=WAY_BACK,
    )


_README = """The front above: on {machine}, one thread, batch 1, eager, LeViT-192 is
{pinned} times faster than EfficientNet-B2 pinned, {shipped} times as shipped (95 %
intervals over {runs} fresh runs). Between sessions of 60 s the latency relative to
the yardstick scatters by {ratio_pinned} pinned and {ratio_shipped} shipped (root mean square over networks),
the latency itself by {latency_pinned} and {latency_shipped}.
[Measured](docs/measured.md) has the tables and the commands."""


def readme_block() -> str:
    """The README's summary of the page."""
    pinned = [row for row in scatters(sessions("stability")) if row.allocator == "pinned"]
    shipped = [row for row in scatters(sessions("stability")) if row.allocator == "shipped"]
    (front,) = sessions("front")
    by_allocator = {ratio.allocator: ratio for ratio in ratios(front, "efficientnet_b2", "levit_192")}

    def percent(values: Iterable[float]) -> str:
        return f"{significant(100 * root_mean_square(values), 2)} %"

    def times(ratio: Ratio) -> str:
        return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"

    return _README.format(
        machine=_machine(front.head),
        pinned=times(by_allocator["pinned"]),
        shipped=times(by_allocator["shipped"]),
        runs=by_allocator["pinned"].runs,
        ratio_pinned=percent(row.ratio for row in pinned),
        ratio_shipped=percent(row.ratio for row in shipped),
        latency_pinned=percent(row.latency for row in pinned),
        latency_shipped=percent(row.latency for row in shipped),
    )


def _agreement_table() -> list[str]:
    return [
        "| network | allocator | alone / shared | 95 % |",
        "|:--|:--|--:|:--|",
        *(
            f"| {row.network} | {row.allocator} | {row.ratio:.3f} | {row.low:.3f} to {row.high:.3f} |"
            for row in agreements(sessions("seats"))
        ),
    ]


def _scatter_table() -> list[str]:
    scatter_rows = scatters(sessions("stability"))
    rows = [
        "| network | allocator | sessions | runs | latency | relative to the yardstick |",
        "|:--|:--|--:|--:|--:|--:|",
    ]
    rows += [
        f"| {scatter.network} | {scatter.allocator} | {scatter.sessions} | {scatter.runs} | "
        f"{100 * scatter.latency:.1f} % | {100 * scatter.ratio:.2f} % |"
        for scatter in sorted(scatter_rows, key=lambda scatter: scatter.allocator)
    ]
    for allocator in ("pinned", "shipped"):
        same_allocator = [scatter for scatter in scatter_rows if scatter.allocator == allocator]
        rows.append(
            f"| **root mean square** | {allocator} | | | "
            f"{100 * root_mean_square(scatter.latency for scatter in same_allocator):.1f} % | "
            f"**{100 * root_mean_square(scatter.ratio for scatter in same_allocator):.2f} %** |"
        )
    return rows


def _versions(session: Session) -> str:
    """Versions of the libraries and the driver of a session on a GPU."""
    conditions, seat = session.starts[0].conditions, session.starts[0].seats[0]
    versions = {"timm": conditions.versions["timm"], "CUDA": seat.versions["cuda"], "cuDNN": seat.versions["cudnn"]}
    versions["driver"] = conditions.gpus[0].driver or "unknown"
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _machine(head: SessionLine) -> str:
    versions = head.conditions.versions
    return f"{head.machine.cpu_model} ({head.machine.logical_cores} cores, virtual), PyTorch {versions['torch']}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    after = rest.partition("<!-- end -->")[2]
    readme.write_text(f"{before}<!-- measured -->\n{readme_block()}\n<!-- end -->{after}", encoding="utf-8")
