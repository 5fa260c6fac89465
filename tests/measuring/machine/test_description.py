"""What is said of the machine: nothing personal, nothing invented, emulation recognised."""

from __future__ import annotations

import getpass
import platform
import socket
from pathlib import Path

import cpuinfo
import msgspec
import pytest
from levit_bench.measuring.machine import description as module
from levit_bench.records import Machine, usual_size
from levit_bench.store.files import read_session

from tests.house.plan import ROOT


def test_fingerprint_and_conditions_name_neither_host_nor_user_nor_path() -> None:
    text = (msgspec.json.encode(module.machine()) + msgspec.json.encode(module.conditions())).decode()
    for secret in (socket.gethostname(), getpass.getuser(), str(Path.home()), str(Path.cwd())):
        # A user called root or a host called linux would be found in other words.
        if len(secret) > 5:
            assert secret not in text


def test_the_fingerprint_is_the_same_each_time_and_its_id_is_a_folder_name() -> None:
    who = module.machine()
    assert who == module.machine()
    assert who.id.replace("-", "").isalnum()
    assert who.memory_bytes is not None
    assert who.memory_bytes == usual_size(who.memory_bytes)


def test_the_id_of_a_machine_depends_on_every_field_and_a_new_one_not_on_its_gpus() -> None:
    base = Machine(cpu_model="Intel(R) Xeon(R) CPU @ 2.00GHz", isa="x86_64", logical_cores=2, memory_bytes=1 << 30)
    changed = {"cpu_model": "x", "isa": "aarch64", "features": ("avx2",), "physical_cores": 1, "logical_cores": 4,
               "l2_bytes": 1, "l3_bytes": 1, "memory_bytes": 2 << 30, "gpus": ("T4",)}  # fmt: skip
    assert {*changed, "rule"} == set(Machine.__struct_fields__)
    new = msgspec.structs.replace(base, rule=2)
    assert new.id == base.id == msgspec.structs.replace(new, gpus=("T4",)).id
    ids = {msgspec.structs.replace(base, **{name: value}).id for name, value in changed.items()}
    assert len(ids | {base.id}) == len(changed) + 1


def test_the_ids_of_machines_that_are_stored_stay_what_they_are() -> None:
    """Sessions of a machine lie in a folder of that name: another name would part new ones from old."""
    folders = sorted(path for path in (ROOT / "results").iterdir() if path.is_dir())
    assert folders
    for folder in folders:
        assert {read_session(path).head.machine.id for path in folder.glob("*.jsonl")} == {folder.name}
    xeon = Machine(
        cpu_model="Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", isa="x86_64", features=("amx_bf16", "avx2"),
        physical_cores=1, logical_cores=2, l2_bytes=2 << 20, l3_bytes=105 << 20, memory_bytes=8 << 30,
    )  # fmt: skip
    assert xeon.id == "intel-xeon-platinum-8481c-2c-84c59e"


def test_a_processor_that_is_no_arm_keeps_the_name_that_it_gives_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"brand_raw": "Example Xeon", "flags": ["avx2", "bf16", "sse"]}
    monkeypatch.setattr(cpuinfo, "get_cpu_info", lambda: told)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(
        module, "_text", lambda path: "CPU implementer : 0x41\nCPU part : 0xd0c" if "info" in path else None
    )
    found = module.machine()
    assert (found.cpu_model, found.features) == ("Example Xeon", ("avx2", "bf16"))


@pytest.mark.parametrize("name", ["../../etc", "", "\x1b[31mred", "日本", "x" * 300, "CON/..\\.."])
def test_a_hostile_processor_name_becomes_a_harmless_folder_name(name: str) -> None:
    found = Machine(cpu_model=name, isa="x86_64", logical_cores=2, memory_bytes=1 << 30).id
    assert found.isascii()
    assert found.replace("-", "").isalnum()
    assert len(found) < 80


@pytest.mark.parametrize(
    ("isa", "cpuinfo", "kernel", "emulated"),
    [
        ("aarch64", "vendor_id : GenuineIntel", "x86_64", True),
        ("aarch64", "vendor_id\t: AuthenticAMD", None, True),
        ("aarch64", "CPU implementer : 0x41\nCPU part : 0xd0c", "aarch64", False),
        ("aarch64", "CPU implementer : 0x41\nCPU part : 0xd0c", None, False),
        # QEMU makes up an ARM processor of its own, or that of a maker.
        ("aarch64", "CPU implementer\t: 0x00\nCPU part\t: 0x051", "aarch64", True),
        ("aarch64", "CPU implementer : 0x41\nCPU part : 0xd07", "x86_64", True),
        # A virtual machine may hide the numbers of its processor.
        ("aarch64", "CPU implementer : 0x00\nCPU part : 0x000", "aarch64", False),
        ("armv8l", "CPU implementer : 0x41\nCPU part : 0xd03", "aarch64", False),
        ("x86_64", "vendor_id : GenuineIntel", "x86_64", False),
        ("i686", "vendor_id : GenuineIntel", "x86_64", False),
        ("x86_64", "vendor_id : GenuineIntel", "aarch64", True),
        ("x86_64", "model name : QEMU TCG CPU version 2.5+", "x86_64", True),
        ("x86_64", "model name : QEMU Virtual CPU version 2.5+", "x86_64", False),
    ],
)
def test_an_emulated_process_is_recognised(
    monkeypatch: pytest.MonkeyPatch, isa: str, cpuinfo: str, kernel: str | None, emulated: bool
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: isa)
    monkeypatch.setattr(module, "_text", {"/proc/cpuinfo": cpuinfo, "/proc/sys/kernel/arch": kernel}.get)
    monkeypatch.setattr(module.sys, "platform", "linux")
    assert module.is_emulated() is emulated


def test_what_the_system_does_not_tell_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_text", lambda _path: None)
    monkeypatch.setattr(module, "_git", lambda *_: None)
    state = module.conditions()
    assert (state.governor, state.huge_pages, state.commit, state.dirty) == (None, None, None, None)


def test_a_setting_in_brackets_is_the_chosen_one() -> None:
    assert module._chosen("always [madvise] never") == "madvise"
    assert module._chosen("performance") == "performance"
    assert module._chosen(None) is None
