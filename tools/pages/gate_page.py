"""docs/gate-measured.md, computed from stored gates, so that no figure on it can go stale.

python -m tools.pages.gate_page        writes the page and its picture; the tests compare them
"""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, median, stdev
from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.judge.paired_ratio import paired_logs
from levit_bench.judge.verdicts import Comparison
from levit_bench.records import Record
from levit_bench.report.front.figure import save
from levit_bench.report.gate.figure import draw
from levit_bench.report.gate.sentence import overall
from levit_bench.report.words.ratios import UNKNOWN, ratio_figures
from levit_bench.store.files import Session, records

from tools.gates.composed import (
    RULES,
    SEED,
    Sides,
    alerts_by_ratio,
    alerts_by_t_test,
    composed,
    fails_by_median,
    one_after_the_other,
    rates,
    upper_limit,
)
from tools.pages import ROOT, WAY_BACK
from tools.pages.measured_page import EVIDENCE, sessions
from tools.pages.trust_tables import length_s

PAGE = ROOT / "docs" / "gate-measured.md"
PICTURE = ROOT / "docs" / "pictures" / "upgrade.png"
README = ROOT / "README.md"
BEGIN, END = "<!-- upgrade -->\n", "<!-- end -->"
COMPOSED = 400
"""Gates that are drawn from each pool."""
SLOWDOWNS = {"3 %": "gate_3", "5 %": "gate_5", "10 %": "gate_10", "−10 %": "gate_faster"}
"""Topics of docs/evidence.toml, by what was planted; of each the first session is the pool."""
_DRAWS = 40
"""Times that the rounds of each run are drawn."""
_NOISY = 0.03
_REPORTS_BEFORE = 10
"""Earlier reports that a t-test has for its history."""


def reports(topic: str) -> list[GateReport]:
    """The verdicts of the stored gates of a topic."""
    return [side_by_side(records(session), RULES) for session in sessions(topic)]


class Unchanged(NamedTuple):
    """Gates of unchanged code."""

    gates: int
    cases: int
    alarms: int
    """Gates that called a case slower."""
    faster: int
    """Gates that called a case faster."""
    inconclusive: int
    """Gates that ended inconclusive."""
    open_cases: int
    """Cases that were inconclusive."""
    detectable: float
    """Median of the detectable slowdown over all cases, as a ratio."""
    seconds: float
    """Median length."""

    def row(self, words: str) -> str:
        """A row of the table."""
        limit = 100 * upper_limit(self.alarms, self.gates)
        return (
            f"| {words} | {self.gates} | {self.alarms} ({limit:.0f} %) | {self.faster} | {self.inconclusive} "
            f"| {self.open_cases} of {self.cases} | {100 * (self.detectable - 1):.1f} % | {self.seconds:.0f} s |"
        )


def unchanged(topic: str) -> Unchanged:
    """What the stored gates of a topic found, whose sides are one code."""
    found, taken = reports(topic), sessions(topic)
    total = rates(found)
    cases = [case for report in found for case in report.cases]
    return Unchanged(
        gates=total.gates,
        cases=len(cases),
        alarms=total.alarms,
        faster=total.faster,
        inconclusive=total.inconclusive,
        open_cases=sum(case.verdict is CaseVerdict.INCONCLUSIVE for case in cases),
        detectable=median(_detectable(case) for case in cases),
        seconds=median(map(length_s, taken)),
    )


def _detectable(case: GateCase) -> float:
    return (case.comparison and case.comparison.detectable) or float("inf")


def runs_of(topic: str) -> int:
    """Runs that the gates of a topic had planned (median)."""
    return int(median(session.head.protocol.looks[-1] for session in sessions(topic)))


def power_rows() -> Iterator[str]:
    """Of each planted slowdown and network: its size as the pool has it, and how often gates call it."""
    for words, topic in SLOWDOWNS.items():
        pool, *measured = sessions(topic)
        wanted = CaseVerdict.FASTER if words.startswith("−") else CaseVerdict.SLOWER
        of_pool = side_by_side(records(pool), RULES)
        runs = runs_of_120_s()
        drawn = list(composed(records(pool), runs, COMPOSED))
        live = [side_by_side(records(session), RULES) for session in measured]
        for at, case in enumerate(of_pool.cases):
            ratio = case.comparison and case.comparison.ratio
            assert ratio
            size = f"{_share(ratio.value)} ({_share(ratio.low)} to {_share(ratio.high)})"
            yield (
                f"| {words} | {_short(case.name)} | {size} | "
                f"{_called(live, at, wanted)} of {len(live)} | {100 * _called(drawn, at, wanted) / len(drawn):.0f} % |"
            )


def runs_of_120_s() -> int:
    """Runs of a gate of 120 s and two networks (median of those that were measured)."""
    return int(
        median(session.head.protocol.looks[-1] for topic in SLOWDOWNS.values() for session in sessions(topic)[1:])
    )


def _called(found: Sequence[GateReport], at: int, wanted: CaseVerdict) -> int:
    return sum(report.cases[at].verdict is wanted for report in found)


def _short(name: str) -> str:
    """The network of a case of planted.py."""
    return name.partition(" ")[0].rpartition(":")[2]


def _share(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %".replace("-", "−")


class Rival(NamedTuple):
    """How another tool judges two measurements of a case, the first of which comes with earlier ones."""

    name: str
    fails: Callable[[Sides, list[list[float]]], bool]


RIVALS = (
    Rival("pytest-benchmark, `--benchmark-compare-fail=median:5%`", lambda sides, _: fails_by_median(sides)),
    Rival("github-action-benchmark, `alert-threshold` 200 % (its default)", lambda sides, _: alerts_by_ratio(sides, 2)),
    Rival("github-action-benchmark, `alert-threshold` 105 %", lambda sides, _: alerts_by_ratio(sides, 1.05)),
    Rival(
        f"Bencher, t-test at 0.95 over {_REPORTS_BEFORE} earlier reports",
        lambda sides, before: alerts_by_t_test([fmean(one) for one in before], fmean(sides.second)),
    ),
)


def rival_rows() -> Iterator[str]:
    """False alarms and planted slowdowns found by each rule, on the same passes."""
    pools = {"unchanged": sessions("gate_pool")[0]} | {
        words: sessions(topic)[0] for words, topic in SLOWDOWNS.items() if not words.startswith("−")
    }
    for rival in RIVALS:
        cells = []
        for words, pool in pools.items():
            failed = [
                [rival.fails(sides, before) for sides, before in _alone(records(pool), seed)]
                for seed in range(COMPOSED)
            ]
            cells.append(
                f"{100 * sum(map(any, failed)) / len(failed):.0f} %"
                if words == "unchanged"
                else f"{100 * sum(map(sum, failed)) / sum(map(len, failed)):.0f} %"
            )
        yield f"| {rival.name} | {' | '.join(cells)} |"
    drawn = rates(composed(records(pools["unchanged"]), runs_of("gate_unchanged"), COMPOSED))
    ours = [f"{100 * drawn.alarms / drawn.gates:.0f} %"]
    for words, pool in pools.items():
        if words != "unchanged":
            found = rates(composed(records(pool), runs_of_120_s(), COMPOSED))
            ours.append(f"{100 * found.called / found.cases:.0f} %")
    yield f"| `levit-bench gate` | {' | '.join(ours)} |"


def _alone(of_pool: Sequence[Record], seed: int) -> Iterator[tuple[Sides, list[list[float]]]]:
    """Each case as one process of the base and a later one of the head, and earlier processes of the base."""
    draw = random.Random(SEED + seed)
    judged = one_after_the_other(of_pool, 1, draw)
    before = [one_after_the_other(of_pool, 1, draw) for _ in range(_REPORTS_BEFORE)]
    for at, sides in enumerate(judged):
        yield sides, [one[at].first for one in before]


def composed_row(words: str) -> str:
    """A row of the table of unchanged code: gates that are drawn from the pool."""
    runs, (pool,) = runs_of("gate_unchanged"), sessions("gate_pool")
    found = list(composed(records(pool), runs, COMPOSED))
    total = rates(found)
    cases = [case for report in found for case in report.cases]
    open_cases = sum(case.verdict is CaseVerdict.INCONCLUSIVE for case in cases)
    return (
        f"| {words} | {total.gates} | {total.alarms} | {total.faster} | {total.inconclusive} "
        f"| {open_cases} of {len(cases)} | {100 * (median(map(_detectable, cases)) - 1):.1f} % | |"
    )


def upgrade() -> GateReport:
    """The stored gate of two versions of a library over the paper's networks."""
    (session,) = sessions("gate_upgrade")
    return side_by_side(records(session), RULES)


def upgrade_rows(report: GateReport) -> Iterator[str]:
    """Each network on both sides; those without a ratio with what became of the older side."""
    for case in report.cases:
        ratio, limits, detectable = ratio_figures(case.comparison)
        shown = ratio if limits == UNKNOWN else f"{ratio} ({limits})"
        yield f"| {_network(case)} | {shown} | {case.verdict} | {detectable} |"


def _network(case: GateCase) -> str:
    return case.name.partition(" ")[0]


def page() -> str:
    """The whole page: a section for each kind of gates that is stored."""
    return "\n\n".join([*_sections(), WAY_BACK]) + "\n"


def _sections() -> Iterator[str]:
    stored = topics()
    yield _HEAD.format(machine=_machine(sessions("gate_unchanged")[0]))
    rows = [unchanged("gate_unchanged").row("alone on the machine")]
    if "gate_pool" in stored:
        rows.append(composed_row("drawn from a pool"))
    rows += [unchanged(topic).row(words) for topic, words in _DISTURBED.items() if topic in stored]
    yield _UNCHANGED.format(runs=runs_of("gate_unchanged"), rows="\n".join(rows), **by_scatter())
    yield _ROUNDS.format(runs=len(sessions("gate_rounds")[0].ends), rows="\n".join(round_rows()))
    if stored >= {"gate_pool", *SLOWDOWNS.values()}:
        yield _PLANTED.format(runs=runs_of_120_s(), drawn=COMPOSED, rows="\n".join(power_rows()))
        yield _RIVALS.format(
            before=_REPORTS_BEFORE, rows="\n".join(rival_rows()),
            min_effect=f"{100 * RULES.min_effect:g}", margin=f"{100 * RULES.margin:g}",
        )  # fmt: skip
    if "gate_upgrade" in stored:
        newer = upgrade()
        yield _UPGRADE.format(
            picture=PICTURE.name, session=newer.session, sentence=overall(newer).text,
            rows="\n".join(upgrade_rows(newer)),
        )  # fmt: skip


def by_scatter() -> dict[str, int]:
    """Gates of unchanged code, and how many of them are inconclusive, by how much their runs scatter."""
    found = reports("gate_unchanged")
    is_noisy = [median(map(_deviation, report.cases)) > _NOISY for report in found]
    is_open = [report.outcome is GateOutcome.INCONCLUSIVE for report in found]
    return {
        "noisy": sum(noisy and unsure for noisy, unsure in zip(is_noisy, is_open, strict=True)),
        "noisy_of": sum(is_noisy),
        "calm": sum(unsure and not noisy for noisy, unsure in zip(is_noisy, is_open, strict=True)),
        "calm_of": len(found) - sum(is_noisy),
    }


def _deviation(case: GateCase) -> float:
    """Standard deviation of a run's log ratio of the two sides."""
    assert case.first
    assert case.second
    return stdev(paired_logs([case.second], [case.first]))


def topics() -> set[str]:
    """Topics of docs/evidence.toml."""
    return set(tomllib.loads(EVIDENCE.read_text(encoding="utf-8")))


def round_rows() -> Iterator[str]:
    """How far a run's ratio scatters by how many of its rounds it is the median of, root mean square over networks."""
    (pool,) = sessions("gate_rounds")
    subjects = [record for record in records(pool) if record.info.role == "subject"]
    sides = {(record.case.network, record.case.side): record for record in subjects}
    draw = random.Random(SEED)
    for rounds in range(2, 8):
        variances = []
        for network in dict.fromkeys(record.case.network for record in subjects):
            logs = _round_logs(sides[network, "a"], sides[network, "b"])
            for _ in range(_DRAWS):
                medians = [median(draw.sample(of_run, rounds)) for of_run in logs if len(of_run) >= rounds]
                variances.append(stdev(medians) ** 2)
        yield f"| {rounds} | {100 * math.sqrt(fmean(variances)):.2f} % |"


def _round_logs(first: Record, second: Record) -> list[list[float]]:
    """Of each run the log ratios of its rounds, second over first."""
    return [
        [
            math.log(median(theirs.duration_s) / median(mine.duration_s))
            for mine, theirs in zip(one.turns, other.turns, strict=True)
        ]
        for one, other in zip(first.runs, second.runs, strict=True)
    ]


def source() -> str:
    """What the picture shows, as it is stored in it."""
    return sessions("gate_upgrade")[0].head.session


def _machine(session: Session) -> str:
    machine, versions = session.head.machine, session.head.conditions.versions
    return f"{machine.cpu_model} ({machine.logical_cores} cores), PyTorch {versions['torch']}"


def readme_block() -> str:
    """What the README says of the upgrade."""
    (session,) = sessions("gate_upgrade")
    report = upgrade()
    older, newer = (side.versions["onnxruntime"] for side in session.head.sides[:2])
    ratios = {_network(case): case.comparison for case in report.cases if case.comparison and case.comparison.ratio}
    by_ratio = sorted(ratios, key=lambda name: _value(ratios[name]))
    counts = [
        f"{count} {verdict}"
        for verdict in (CaseVerdict.SLOWER, CaseVerdict.FASTER, CaseVerdict.SAME, CaseVerdict.INCONCLUSIVE)
        if (count := sum(case.verdict is verdict for case in report.cases))
    ]
    ends = [f"{name} takes {' ('.join(ratio_figures(ratios[name])[:2])})" for name in (by_ratio[0], by_ratio[-1])]
    failed = [_network(case) for case in report.cases if case.first is not None and case.first.outcome == "failed"]
    return _README.format(
        older=older, newer=newer, machine=_machine(session), session=session.head.session, count=len(report.cases),
        counts=", ".join(counts), ends=" and ".join(ends),
        failed=f", and {', '.join(failed)} fail to load in {older}" if failed else "",
    )  # fmt: skip


def _value(comparison: Comparison) -> float:
    assert comparison.ratio
    return comparison.ratio.value


def main() -> None:
    """Write the page, and its picture and the README's block where an upgrade is stored."""
    PAGE.write_text(page(), encoding="utf-8")
    if "gate_upgrade" in topics():
        save(draw(upgrade()), PICTURE, source())
        before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
        README.write_text(f"{before}{BEGIN}{readme_block()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


_HEAD = """# The gate, measured

What [`levit-bench gate`](gate.md) finds, and what it cries wolf about, on {machine}: a virtual machine that shares its
host. Every figure here is computed from sessions in `results/`; in a checkout of this repository,
`python -m tools.gates.measure_gates` takes such sessions on your machine."""
_UNCHANGED = """## Unchanged code

Both sides are one commit, so every *slower* and every *faster* is a false alarm. LeViT-128S, LeViT-192,
MobileNetV3-Large, EfficientNet-B0 and DeiT-Tiny, 60 s a gate, which are {runs} runs. Beside the alarms stands the 95 %
upper limit of their rate: at most one gate in twenty may call a case. *Inconclusive* are gates with a case of which
they could not tell; *detectable* is the median over cases of the slowdown that is found four times in five; the length
is without preparation. The last two rows are gates of LeViT-128S and MobileNetV3-Large alone, of 40 s. How many gates
cannot tell is the host's doing: {noisy} of the {noisy_of} gates in which runs scatter by more than 3 % (median over
networks) are inconclusive, and {calm} of the other {calm_of}.

```bash
python -m tools.gates.measure_gates --kind unchanged --gates 40 --budget 60s
python -m tools.gates.measure_gates --kind unchanged --pool --budget 8m
python -m tools.gates.measure_gates --kind 'two states' --gates 20 --budget 40s
python -m tools.gates.measure_gates --load --networks levit_128s,mobilenetv3_large_100 --gates 20 --budget 40s
```

| | gates | slower | faster | inconclusive | such cases | detectable | length |
|:--|--:|:--|--:|--:|--:|--:|--:|
{rows}"""
_ROUNDS = """## Rounds in a run

Scatter of a run's ratio of the two sides, by how many of its rounds it is the median of: {runs} runs of the five
networks, unchanged, root mean square over networks. A gate gives a run four rounds where its budget allows it.

```bash
python -m tools.gates.measure_gates --kind unchanged --pool --budget 200s
```

| rounds | scatter |
|--:|--:|
{rows}"""
_PLANTED = """## Planted slowdowns

An extra layer that changes no output, calibrated for each network before it is planted; how large it turned out to be
is the ratio over the whole pool with its 95 % interval. Gates of 120 s ({runs} runs), measured ones and {drawn} drawn
from each pool. *Called* is slower, of a speed-up faster.

```bash
for kind in 3% 5% 10% -10%; do
  python -m tools.gates.measure_gates --kind $kind --pool --budget 5m
  python -m tools.gates.measure_gates --kind $kind --gates 3 --budget 120s
done
```

| planted | network | it takes | called, measured | called, drawn |
|:--|:--|:--|--:|--:|
{rows}"""
_RIVALS = """## The same passes, judged by other rules

Other tools time the base in one process and the head in another, later one. So of each pool the base is a process of
side a from its first half, and the head one of side b from its second half; {before} earlier reports are processes of
side a as well. *False alarms* are gates of unchanged code, five networks, of which a case is called; *found* are the
planted cases that are called.

| rule | false alarms | 3 % found | 5 % found | 10 % found |
|:--|--:|--:|--:|--:|
{rows}

The rule of `levit-bench gate` is 95 % over the whole family, {min_effect} % and more of a slowdown, and a margin of
{margin} %."""
_UPGRADE = """## An upgrade

```bash
levit-bench gate --a 'onnxruntime==1.20.*' --runtime onnxruntime --networks paper --budget 8m
```

![Ratio of each network's time, the newer version over the older](pictures/{picture})

{sentence} (Session `{session}`.)

| network | newer / older | verdict | detectable |
|:--|:--|:--|--:|
{rows}"""
_README = """ONNX Runtime {newer} against {older}, {count} networks, round by round in one session on {machine}:
{counts}; {ends} of the time it took{failed}.
(Session `{session}`; [more](docs/gate-measured.md#an-upgrade).)"""
_DISTURBED = {
    "gate_loaded": "one core busy a third of the time",
    "gate_states": "half of the processes 8 % slower",
}
"""Topics of gates of unchanged code on a machine that is not quiet, in words."""


if __name__ == "__main__":
    main()
