"""Other shells, allowances and GPUs keep sessions apart; what a kernel shows of its memory does not."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.errors import NotComparableError, UsageError
from levit_bench.judge.comparability import differences, setting, values, where
from levit_bench.judge.compare.two_sides import compare
from levit_bench.judge.findings import session_findings
from levit_bench.judge.front.panels import panels
from levit_bench.judge.variance.reproducibility import kind_of
from levit_bench.records import Allowance, Machine, Record, SeatInfo, Shell, usual_size
from levit_bench.report.words.setting import setting_line, titles

from tests.making import record

replace = msgspec.structs.replace
GIB = 1 << 30
MACHINE = Machine(cpu_model="Example", isa="x86_64", logical_cores=16, memory_bytes=64 * GIB)
PRELOADED = Shell(settings={"LD_PRELOAD": "libgomp.so.1"})


def with_shell(one: Record, shell: Shell) -> Record:
    """The record as another shell would have it."""
    return replace(one, shell=shell)


def allowed(one: Record, **known: object) -> Record:
    """The record of a process that may use less."""
    return replace(one, conditions=replace(one.conditions, allowance=Allowance(**known)))  # type: ignore[arg-type]


def on_gpu(one: Record, gpu: str | None) -> Record:
    """The record, with what its worker said of the GPU."""
    seat = SeatInfo(
        seat=0, runtime="eager", threads=1, allocator="n/a", device="cuda", load_s=1.0, rss_bytes=1, cases=(),
        versions={} if gpu is None else {"gpu": gpu},
    )  # fmt: skip
    return replace(one, runs=tuple(replace(run, seat=seat) for run in one.runs))


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda one: with_shell(one, PRELOADED), {"shell": ("LD_PRELOAD=libgomp.so.1", "plain")}),
        (lambda one: with_shell(one, Shell(passed=("PATH",), dropped=("OMP_PLACES",))), {}),
        (lambda one: allowed(one, cpu_quota=1.5), {"allowance": ("all", "quota 1.5")}),
        (lambda one: allowed(one, processors=4), {"allowance": ("4 of 16 processors", "all")}),
        (lambda one: allowed(one, processors=16, memory_bytes=GIB), {}),
        (lambda one: replace(one, machine=replace(MACHINE, memory_bytes=63 * GIB)), {}),
        (lambda one: replace(one, machine=replace(MACHINE, gpus=("H100",), rule=2)), {}),
        (lambda one: replace(one, machine=replace(MACHINE, gpus=("H100",))), {}),
    ],
)  # fmt: skip
def test_only_what_changes_times_keeps_sessions_apart(change: object, differing: dict[str, tuple[str, str]]) -> None:
    first = record("a", machine=MACHINE)
    second = replace(change(first), session="s2")  # type: ignore[operator]
    assert differences([setting(first), setting(second)]) == differing
    assert (kind_of(first) == kind_of(second)) is not bool(differing)
    assert len(panels([first, second])) == 1 + bool(differing)
    if not differing:
        assert compare([first], [second]).rows
        return
    with pytest.raises(NotComparableError, match=f"differ in {next(iter(differing))}"):
        compare([first], [second])
    assert compare([first], [second], ignore=[*differing]).rows


def test_a_session_of_a_gpu_is_told_by_the_gpu_that_its_workers_name() -> None:
    both = replace(MACHINE, gpus=("H100", "T4"))
    one, other = (record("a", machine=m, device="cuda") for m in (both, replace(MACHINE, gpus=("H100",))))
    assert setting(one) == setting(other)
    assert setting(on_gpu(one, "T4")).gpu == "T4"
    assert setting(record("a", machine=both)).gpu is None
    assert setting(on_gpu(record("a", machine=MACHINE, device="cuda"), None)).gpu is None
    # A device that a package brings says itself which model it is; NVIDIA's driver says nothing of it.
    assert setting(on_gpu(record("a", machine=both, device="theirs"), "Model 3")).gpu == "Model 3"
    assert setting(record("a", machine=both, device="theirs")).gpu is None
    assert differences([setting(one), setting(on_gpu(one, "T4"))]) == {"gpu": ("H100", "T4")}
    with pytest.raises(UsageError, match="--ignore gpu is not possible"):
        compare([one], [replace(on_gpu(one, "T4"), session="s2")], ignore=["gpu"])
    assert "gpu-differs" in {found.finding.kind for found in session_findings([on_gpu(one, "T4")])}
    assert "gpu-differs" not in {found.finding.kind for found in session_findings([on_gpu(one, "H100")])}


def test_headings_say_what_is_unusual_of_shell_allowance_and_gpu() -> None:
    plain = record("a", machine=MACHINE)
    found = panels([plain, replace(with_shell(allowed(plain, cpu_quota=0.5), PRELOADED), session="s2")])
    assert sorted(titles(found).values()) == [
        "allowance all, shell plain", "allowance quota 0.5, shell LD_PRELOAD=libgomp.so.1",
    ]  # fmt: skip
    lines = [setting_line(panel) for panel in found]
    assert sum("shell" in text or "allowance" in text for text in lines) == 1
    (gpu,) = panels([record("a", machine=replace(MACHINE, gpus=("H100",)), device="cuda")])
    assert setting_line(gpu).startswith("H100 · ")
    two = panels([on_gpu(record("a", machine=MACHINE, device="cuda", session=name), name) for name in ("H100", "T4")])
    assert sorted(titles(two).values()) == ["gpu H100", "gpu T4"]


def test_a_machine_is_found_by_its_folder_and_by_what_tells_it_apart() -> None:
    one = record("a", machine=replace(MACHINE, memory_bytes=63 * GIB, gpus=("H100",)))
    shown = values(setting(one))["machine"]
    assert shown != one.machine.id
    assert where([one], {"machine": shown}) == where([one], {"machine": one.machine.id}) == [one]


def test_an_allowance_that_changes_during_a_session_is_a_finding() -> None:
    first = allowed(record("a", machine=MACHINE), processors=16)
    less = replace(first.conditions, allowance=Allowance(processors=16, cpu_quota=2.0))
    odd = replace(first, runs=tuple(replace(run, before=first.conditions, after=less) for run in first.runs))
    (found,) = [d.finding.message for d in session_findings([odd]) if d.finding.kind == "allowance-changed"]
    assert "began with all processors and later had quota 2" in found
    same = replace(
        first, runs=tuple(replace(run, before=first.conditions, after=first.conditions) for run in first.runs)
    )
    assert "allowance-changed" not in {d.finding.kind for d in session_findings([same])}


@pytest.mark.parametrize(
    ("shown", "usual"),
    [(7.6, 8), (8.0, 8), (8.1, 8), (23.5, 24), (24.0, 24), (25.0, 32), (30.9, 32), (62.7, 64), (126, 128), (377, 384),
     (0.9, 1), (503.5, 512), (1.4, 1.5)],
)  # fmt: skip
def test_memory_counts_to_the_next_usual_size(shown: float, usual: float) -> None:
    assert usual_size(round(shown * GIB)) == usual * GIB
    assert usual_size(usual_size(round(shown * GIB))) == usual * GIB


def test_the_same_machine_has_one_id_whatever_its_kernel_shows_of_its_memory() -> None:
    ids = {replace(MACHINE, memory_bytes=round(size * GIB)).hardware.id for size in (61.9, 62.4, 62.6, 63.99, 64.0)}
    assert ids == {MACHINE.id}
    assert replace(MACHINE, memory_bytes=None).hardware.id != MACHINE.id
