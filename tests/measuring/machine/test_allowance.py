"""Quotas, sets of processors and kinds of cores, from trees of files as kernels show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.measuring.machine import allowance, cgroups, core_kinds, processors
from levit_bench.records import Allowance, CoreKind

V1 = "31 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
V1_MEMORY = "35 23 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


def tree(root: Path, files: dict[str, str]) -> Path:
    """A root folder with these files."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def kinds(*pairs: tuple[int, int]) -> tuple[CoreKind, ...]:
    """Kinds of cores, each with the processors that may be used and those there are."""
    return tuple(CoreKind(usable=usable, there=there) for usable, there in pairs)


def v1(path: str, mounts: str = V1 + V1_MEMORY, **limits: str) -> dict[str, str]:
    """A process in that group of version 1; `limits` are quotas by folder, `_` for the topmost."""
    out = {"proc/self/cgroup": f"4:memory:{path}\n3:cpu,cpuacct:{path}\n1:name=systemd:/x\n0::/\n"}
    out["proc/self/mountinfo"] = mounts
    for folder, quota in limits.items():
        place = "sys/fs/cgroup/cpu,cpuacct" + ("" if folder == "_" else f"/{folder.replace('__', '/')}")
        out |= {f"{place}/cpu.cfs_quota_us": f"{quota}\n", f"{place}/cpu.cfs_period_us": "100000\n"}
    return out


def v2(path: str, mounts: str = V2, **limits: str) -> dict[str, str]:
    """The same of version 2."""
    out = {"proc/self/cgroup": f"0::{path}\n", "proc/self/mountinfo": mounts}
    for folder, limit in limits.items():
        out[f"sys/fs/cgroup/{folder.replace('__', '/').removeprefix('_')}/cpu.max"] = f"{limit}\n"
    return out


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        pytest.param({}, None, id="no-proc-and-no-sys"),
        pytest.param(v1("/", _="-1"), None, id="v1-without-a-limit"),
        pytest.param(v1("/", _="50000"), 0.5, id="v1-half-a-processor"),
        pytest.param(v1("/a/b", _="-1", a="300000", a__b="400000"), 3.0, id="v1-the-group-above-is-smaller"),
        pytest.param(v1("/a/b", a="-1", a__b="150000"), 1.5, id="v1-the-own-group-is-smaller"),
        pytest.param(
            v1("/docker/f00", V1.replace(" / ", " /docker/f00 ", 1), _="200000"), 2.0, id="v1-of-a-container"
        ),
        pytest.param(v1("/gone/away", _="100000"), 1.0, id="v1-the-own-folder-cannot-be-seen"),
        pytest.param(v1("/", V1_MEMORY, _="50000"), None, id="v1-mounted-without-cpu"),
        pytest.param(v1("/", _="nonsense"), None, id="v1-nonsense"),
        pytest.param(v2("/", _="max 100000"), None, id="v2-without-a-limit"),
        pytest.param(v2("/user.slice/me", user="10000 1"), None, id="v2-of-another-group"),
        pytest.param(v2("/s/b", s="250000 100000", s__b="max 100000"), 2.5, id="v2-the-group-above"),
        pytest.param(v2("/s/b", s="250000 100000", s__b="30000 20000"), 1.5, id="v2-another-period"),
        pytest.param(v2("/../../x", _="100000 100000"), 1.0, id="v2-seen-from-a-namespace"),
        pytest.param(v2("/s", s="100000"), 1.0, id="v2-without-a-period"),
        pytest.param(v2("/s", s="-5 100000"), None, id="v2-nonsense"),
        pytest.param(v2("/s", "broken\n\n - \n" + V2, s="100000 100000"), 1.0, id="v2-broken-mounts"),
        pytest.param(
            v2("/s", V2.replace("/sys/fs/cgroup", r"/sys/fs/cg\040x"))
            | {"sys/fs/cg x/s/cpu.max": "70000 100000"}, 0.7, id="v2-a-space-in-its-place",
        ),
    ],
)  # fmt: skip
def test_the_smallest_quota_along_the_path_counts(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert cgroups.cpu_quota(tree(tmp_path, files)) == quota


def test_version_one_and_two_at_once_are_both_looked_at(tmp_path: Path) -> None:
    second = V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
    files = v1("/a", V1 + second, a="300000") | {"sys/fs/cgroup/unified/cpu.max": "200000 100000\n"}
    assert cgroups.cpu_quota(tree(tmp_path, files)) == 2.0


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        (v1("/a") | {"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n"}, 1 << 30),
        (v1("/a") | {"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        (v2("/a/b") | {"sys/fs/cgroup/a/memory.max": "2048\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, 2048),
        (v2("/a"), None),
    ],
)
def test_a_limit_of_memory_is_known(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    assert cgroups.memory_limit(tree(tmp_path, files)) == limit


def test_files_that_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    tree(tmp_path, v2("/a"))
    (tmp_path / "sys/fs/cgroup/a/cpu.max").mkdir(parents=True)
    (tmp_path / "sys/devices/cpu_core/cpus").mkdir(parents=True)
    assert cgroups.cpu_quota(tmp_path) is None
    assert core_kinds.kinds(tmp_path, "") == ()


def capacities(*of: int) -> dict[str, str]:
    """Capacity of each processor, as ARM's kernel tells it."""
    return {f"sys/devices/system/cpu/cpu{number}/cpu_capacity": f"{one}\n" for number, one in enumerate(of)}


def arm(*parts: str) -> str:
    """A /proc/cpuinfo of such cores."""
    return "\n".join(f"processor : {n}\nCPU implementer : 0x41\nCPU part : {part}\n" for n, part in enumerate(parts))


@pytest.mark.parametrize(
    ("files", "cpuinfo", "found"),
    [
        pytest.param({}, "", (), id="nothing"),
        pytest.param(
            {"sys/devices/cpu_core/cpus": "0-3,8\n", "sys/devices/cpu_atom/cpus": "4-7\n"}, "",
            ((0, 1, 2, 3, 8), (4, 5, 6, 7)), id="intel-hybrid",
        ),
        pytest.param(
            {f"sys/devices/cpu_{name}/cpus": listed for name, listed in
             (("core", "0-1"), ("atom", "2-3"), ("lowpower", "4"))}, "", ((0, 1), (2, 3), (4,)), id="intel-three-kinds",
        ),
        pytest.param({"sys/devices/cpu_core/cpus": "0-7\n"}, "", (), id="intel-fast-ones-alone"),
        pytest.param({"sys/devices/cpu_core/cpus": "7-0", "sys/devices/cpu_atom/cpus": "x"}, "", (), id="nonsense"),
        pytest.param(capacities(446, 446, 1024, 1024), "", ((2, 3), (0, 1)), id="arm-by-capacity"),
        pytest.param(capacities(1024, 1024), "", (), id="arm-of-one-kind"),
        pytest.param({}, arm("0xd05", "0xd05", "0xd0b"), ((2,), (0, 1)), id="arm-by-number"),
        pytest.param({}, arm("0xd0c", "0xd0c"), (), id="arm-server"),
    ],
)  # fmt: skip
def test_kinds_of_cores_are_told_apart_the_fastest_first(
    tmp_path: Path, files: dict[str, str], cpuinfo: str, found: tuple[tuple[int, ...], ...]
) -> None:
    assert core_kinds.kinds(tree(tmp_path, files), cpuinfo) == tuple(map(frozenset, found))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (Allowance(), "all"),
        (Allowance(processors=16), "all"),
        (Allowance(processors=4), "4 of 16 processors"),
        (Allowance(processors=16, cpu_quota=1.5), "quota 1.5"),
        (Allowance(processors=4, cpu_quota=8.0), "4 of 16 processors"),
        (Allowance(processors=4, cpu_quota=0.5), "quota 0.5 4 of 16 processors"),
        (Allowance(processors=16, core_kinds=kinds((8, 8), (8, 8))), "all"),
        (Allowance(processors=8, core_kinds=kinds((8, 8), (0, 8))), "8+0 of 8+8 processors"),
        (Allowance(processors=8, core_kinds=kinds((0, 8), (8, 8))), "0+8 of 8+8 processors"),
        (Allowance(memory_bytes=1 << 30), "all"),
    ],
)
def test_what_may_be_used_is_one_line_that_tells_settings_apart(known: Allowance, text: str) -> None:
    assert known.text(16) == text


@pytest.mark.parametrize(
    ("threads", "known", "told"),
    [
        (1, Allowance(), None),
        (2, Allowance(processors=2), None),
        (3, Allowance(processors=2), "3 threads were asked for and 2 processors can be used"),
        (1, Allowance(processors=2, cpu_quota=0.5), "1 thread was asked for and a quota of control groups gives 0.5"),
        (2, Allowance(processors=4, cpu_quota=1.5), "gives 1.5 processors' worth of time. The system stops"),
        (2, Allowance(processors=4, cpu_quota=2.0), None),
        (3, Allowance(processors=2, cpu_quota=64.0), "2 processors can be used"),
        (5, Allowance(), "4 processors can be used"),
    ],
)  # fmt: skip
def test_threads_are_held_against_processors_and_quota(threads: int, known: Allowance, told: str | None) -> None:
    found = allowance.about_threads(threads, known, 4)
    assert [finding.kind for finding in found] == ["threads-exceed-cores"] * (told is not None)
    assert told is None or told in found[0].message


def test_cores_of_two_kinds_are_told_unless_one_of_them_is_used() -> None:
    both = Allowance(processors=12, core_kinds=kinds((4, 4), (8, 8)))
    (found,) = allowance.about_kinds(both, bound=False)
    assert (found.kind, "of 2 kinds (4 + 8" in found.message) == ("cores-differ", True)
    assert allowance.about_kinds(both, bound=True) == []
    assert allowance.about_kinds(Allowance(processors=4, core_kinds=kinds((4, 4), (0, 8))), bound=False) == []
    assert allowance.about_kinds(Allowance(processors=12), bound=False) == []


def test_a_session_of_a_container_is_measured_with_what_it_may_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(allowance, "allowed_processors", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(allowance.sys, "platform", "linux")
    files = v2("/pod", pod="150000 100000") | {"sys/fs/cgroup/pod/memory.max": "4294967296"}
    files |= {"sys/devices/cpu_core/cpus": "0-7", "sys/devices/cpu_atom/cpus": "8-15", "proc/cpuinfo": ""}
    found = allowance.allowance(tree(tmp_path, files))
    assert found == Allowance(processors=4, core_kinds=kinds((4, 8), (0, 8)), cpu_quota=1.5, memory_bytes=4 << 30)
    assert found.room() == 1.5


@pytest.mark.parametrize(("quota", "usable"), [(None, 4), (0.5, 1), (1.5, 1), (3.0, 3), (64.0, 4)])
def test_whole_processors_are_counted_within_a_quota(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, usable: int
) -> None:
    monkeypatch.setattr(processors, "allowed_processors", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(cgroups, "cpu_quota", lambda _root: quota)
    assert processors.usable_processors() == usable
