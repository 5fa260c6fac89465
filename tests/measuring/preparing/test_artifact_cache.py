"""Artifacts are reused where everything that decides what they hold is the same, and never otherwise."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring import runtimes
from levit_bench.measuring.machine import installed_packages
from levit_bench.measuring.preparing import artifact_cache, artifact_key
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache, cache_in
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.code_files import CodeFiles, digest
from levit_bench.records import Case

from tests.programs import ROOT

CASE = Case(network="levit_128s", resolution=224, allocator="n/a")
PREPARED = Prepared(
    sha256="0" * 64, params=7, macs=9, logits_std=1.0, seconds=2.0, compile_s=0.5, distinct_images=9,
    code_files=CodeFiles(),
)  # fmt: skip
posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A prepared folder with a file, one in a folder, and what a preparation leaves when it is killed."""
    folder = tmp_path / "artifact"
    (folder / "deep").mkdir(parents=True)
    (folder / "weights").write_bytes(bytes(range(256)) * 4096)
    (folder / "deep" / "code.so").write_bytes(b"code")
    (folder / "batch-at-work").write_text("1", encoding="utf-8")
    return folder


@pytest.fixture
def kept(root: Path, artifact: Path) -> ArtifactCache:
    cache = ArtifactCache(root, seed=0)
    cache.keep(CASE, (1, 16), artifact, PREPARED)
    assert len(cache.entries()) == 1
    return cache


def find(cache: ArtifactCache, case: Case = CASE, batches: tuple[int, ...] = (1,)) -> dict[str, bytes] | None:
    """The files of what is found, by their name; None where nothing is."""
    into = Path(cache.folder.parent, "into")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    found = cache.find(case, batches, into)
    files = {path.relative_to(into).as_posix(): path.read_bytes() for path in into.rglob("*") if path.is_file()}
    if found is None:
        assert files == {}, "what could not be used was left"
        return None
    assert found.prepared == PREPARED
    return files


def place(cache: ArtifactCache) -> Path:
    (only,) = (cache.folder / "artifacts").iterdir()
    return only


def test_what_was_kept_is_found_whole_by_another_session(kept: ArtifactCache, root: Path, artifact: Path) -> None:
    files = find(ArtifactCache(root, seed=0), batches=(16,))
    assert files == {"weights": (artifact / "weights").read_bytes(), "deep/code.so": b"code"}
    assert kept.entries()[0].entry.prepared_at.endswith("Z")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "levit_128"), ("resolution", 256), ("width", 192), ("form", "inference"), ("precision", "bf16"),
        ("runtime", "torchscript"), ("weights", "random-calibrated-2"), ("dtype", "uint8"), ("channels", 1),
    ],
)  # fmt: skip
def test_another_case_is_another_artifact(kept: ArtifactCache, field: str, value: object) -> None:
    assert find(kept, msgspec.structs.replace(CASE, **{field: value})) is None


def test_another_seed_and_a_batch_that_was_not_checked_are_prepared(kept: ArtifactCache, root: Path) -> None:
    assert find(ArtifactCache(root, seed=1)) is None
    assert find(kept, batches=(1, 4)) is None
    assert find(kept, batches=(1, 16)) is not None


def _other_python(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "version", "3.99")


def _other_library(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(artifact_key, "identities", lambda _more=(): {"torch": "9.9 0123456789abcdef"})


def _other_suite(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(artifact_key, "_suite", lambda: "another recipe")


def _other_machine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(artifact_key, "_machine", lambda _gpus: ["another processor"])


def _other_shell(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("LEVIT_BENCH_PASS_ENV", "ONEDNN_MAX_CPU_ISA")
    patch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")


@pytest.mark.parametrize("change", [_other_python, _other_library, _other_suite, _other_machine, _other_shell])
def test_another_surrounding_is_another_artifact(
    kept: ArtifactCache, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    assert find(kept) is not None
    change(monkeypatch)
    assert find(kept) is None


def test_runtimes_of_packages_are_not_kept(root: Path, artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(runtimes.POINT), "is_own", lambda _point, name: name != "theirs")
    monkeypatch.setattr(runtimes, "facts", lambda _name: runtimes.UNKNOWN)
    cache = ArtifactCache(root, seed=0)
    cache.keep(msgspec.structs.replace(CASE, runtime="theirs"), (1,), artifact, PREPARED)
    assert cache.entries() == []


def test_a_network_of_which_not_everything_is_known_is_not_kept(root: Path, artifact: Path) -> None:
    cache = ArtifactCache(root, seed=0)
    cache.keep(CASE, (1,), artifact, msgspec.structs.replace(PREPARED, code_files=None))
    cache.keep(CASE, (1, 4), artifact, msgspec.structs.replace(PREPARED, failed={4: "it raised"}))
    assert cache.entries() == []


def test_what_a_library_outside_of_every_environment_made_is_not_kept(root: Path, artifact: Path) -> None:
    cache = ArtifactCache(root, seed=0)
    cache.keep(CASE, (1,), artifact, msgspec.structs.replace(PREPARED, noticed={"/theirs/timm/resnet.py": "1" * 64}))
    assert cache.entries() == []


def test_equal_code_in_another_folder_is_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name / "theirs").mkdir(parents=True)
        (tmp_path / name / "theirs" / "__init__.py").write_text("", encoding="utf-8")
        with monkeypatch.context() as context:
            context.syspath_prepend(str(tmp_path / name))
            found.append(installed_packages._identity.__wrapped__("theirs"))
    assert None not in found
    assert found[0] != found[1]


@pytest.mark.parametrize("runtime", ["torchscript", "compile", "onnxruntime", "openvino"])
def test_a_users_network_is_not_kept_where_no_worker_builds_it_again(root: Path, artifact: Path, runtime: str) -> None:
    cache = ArtifactCache(root, seed=0)
    prepared = msgspec.structs.replace(PREPARED, code_files=CodeFiles())
    for built_again in ("eager", "channels-last"):
        case = msgspec.structs.replace(CASE, network="nets.py:build#3f2a91", runtime=built_again)
        cache.keep(case, (1,), artifact, prepared)
        assert cache.holds(case, (1,))
    case = msgspec.structs.replace(CASE, network="nets.py:build#3f2a91", runtime=runtime)
    cache.keep(case, (1,), artifact, prepared)
    assert not cache.holds(case, (1,))
    assert len(cache.entries()) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data")
    files = CodeFiles(files={str(tmp_path / "data"): "0" * 64})
    assert digest(tmp_path / "data") is None
    assert not files.are_unchanged()


def test_a_users_network_is_found_while_its_files_hold_what_they_held(
    root: Path, artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, case = tmp_path / "layers.py", msgspec.structs.replace(CASE, network="nets.py:build#3f2a91")
    source.write_text("WIDTH = 1", encoding="utf-8")
    files = CodeFiles(files={str(source): digest(source)})
    prepared = msgspec.structs.replace(PREPARED, code_files=files)
    cache = ArtifactCache(root, seed=0)
    cache.keep(case, (1,), artifact, prepared)
    (tmp_path / "into").mkdir()
    assert cache.find(case, (1,), tmp_path / "into") is not None
    source.write_text("WIDTH = 2", encoding="utf-8")
    assert not cache.holds(case, (1,))
    source.write_text("WIDTH = 1", encoding="utf-8")
    assert cache.holds(case, (1,))
    monkeypatch.chdir(tmp_path)  # From elsewhere, the same name may mean another file.
    assert not cache.holds(case, (1,))


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def _make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a byte in the middle": lambda entry: _flip(entry / "files" / "weights", 500_000),
    "the end is gone": lambda entry: os.truncate(entry / "files" / "weights", 1000),
    "a file is gone": lambda entry: (entry / "files" / "deep" / "code.so").unlink(),
    "a folder in its place": lambda entry: _make_a_folder(entry / "files" / "weights"),
    "a digit of the description": lambda entry: _flip(entry / "entry.json", 40),
    "half a description": lambda entry: os.truncate(entry / "entry.json", 100),
    "no description": lambda entry: (entry / "entry.json").unlink(),
    "an empty description": lambda entry: os.truncate(entry / "entry.json", 0),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_not_used_and_is_made_again(kept: ArtifactCache, artifact: Path, damage: str) -> None:
    DAMAGES[damage](place(kept))
    assert find(kept) is None
    kept.keep(CASE, (1, 16), artifact, PREPARED)
    assert find(kept) is not None


@posix
@pytest.mark.parametrize("which", ["", "artifacts", "entry", "entry.json", "weights"])
def test_what_others_may_write_is_never_loaded(kept: ArtifactCache, which: str) -> None:
    entry = place(kept)
    path = {
        "": kept.folder, "artifacts": entry.parent, "entry": entry, "entry.json": entry / "entry.json",
        "weights": entry / "files" / "weights",
    }[which]  # fmt: skip
    path.chmod(path.stat().st_mode | 0o022)
    assert find(kept) is None
    assert (kept.problem is not None) == (which in ("", "artifacts"))
    if kept.problem:
        assert "others may write to it. Make it your own ('chmod -R go-w')" in kept.problem


@posix
def test_a_link_to_a_file_elsewhere_is_never_loaded(kept: ArtifactCache, tmp_path: Path) -> None:
    file, elsewhere = place(kept) / "files" / "weights", tmp_path / "elsewhere"
    elsewhere.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(elsewhere)
    assert find(kept) is None


@posix
def test_entries_are_the_users_alone_whatever_the_umask(root: Path, artifact: Path) -> None:
    before = os.umask(0)
    try:
        cache = ArtifactCache(root, seed=0)
        cache.keep(CASE, (1,), artifact, PREPARED)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in (root, *root.rglob("*"))} == {0}
    assert find(cache) is not None


def test_fresh_replaces_what_is_kept_and_uses_nothing(kept: ArtifactCache, root: Path, artifact: Path) -> None:
    fresh = ArtifactCache(root, seed=0, fresh=True)
    assert find(fresh) is None
    assert not fresh.holds(CASE, (1,))
    (artifact / "weights").write_bytes(b"anew")
    fresh.keep(CASE, (1, 16), artifact, PREPARED)
    assert len(kept.entries()) == 1
    assert (find(kept) or {})["weights"] == b"anew"


def test_the_one_that_was_not_used_for_the_longest_time_goes_first(root: Path, artifact: Path) -> None:
    size = len((artifact / "weights").read_bytes()) + 4
    cache = ArtifactCache(root, seed=0, limit_bytes=2 * size)
    cases = [msgspec.structs.replace(CASE, resolution=pixels) for pixels in (160, 192, 224)]
    for number, case in enumerate(cases[:2]):
        cache.keep(case, (1,), artifact, PREPARED)
        for one in cache.entries():
            if one.entry.case == case:
                os.utime(one.folder / "entry.json", (1000.0 + number, 1000.0 + number))
    assert find(cache, cases[0]) is not None  # Used now: the other is the older one.
    cache.keep(cases[2], (1,), artifact, PREPARED)
    assert [cache.holds(case, (1,)) for case in cases] == [True, False, True]


@pytest.mark.parametrize("used_at", [0.0, 1e10])
def test_a_clock_that_was_put_back_or_forward_costs_nothing(root: Path, artifact: Path, used_at: float) -> None:
    size = len((artifact / "weights").read_bytes()) + 4
    cache = ArtifactCache(root, seed=0, limit_bytes=2 * size)
    cases = [msgspec.structs.replace(CASE, resolution=pixels) for pixels in (160, 192, 224)]
    for case in cases:
        for one in cache.entries():
            os.utime(one.folder / "entry.json", (used_at, used_at))
        cache.keep(case, (1,), artifact, PREPARED)
        assert find(cache, case) is not None, "what was kept last is there"
    assert sum(cache.holds(case, (1,)) for case in cases) == 2


def test_one_that_is_larger_than_the_limit_is_kept_alone(root: Path, artifact: Path) -> None:
    cache = ArtifactCache(root, seed=0, limit_bytes=1)
    for pixels in (160, 192):
        cache.keep(msgspec.structs.replace(CASE, resolution=pixels), (1,), artifact, PREPARED)
    assert [one.entry.case.resolution for one in cache.entries()] == [192]


def test_clearing_leaves_nothing(kept: ArtifactCache) -> None:
    (place(kept) / "entry.json").unlink()
    assert kept.entries() == []
    assert kept.clear() == 1
    assert list((kept.folder / "artifacts").iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path, artifact: Path) -> None:
    (tmp_path / "read-only").mkdir(mode=0o500)
    cache = ArtifactCache(tmp_path / "read-only" / "kept", seed=0)
    cache.keep(CASE, (1,), artifact, PREPARED)
    assert cache.problem is None


@pytest.mark.parametrize("step", ["mkdir", "_copy", "rename"])
def test_a_disk_that_fails_at_any_step_costs_nothing_and_leaves_nothing(
    root: Path, artifact: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "_copy":
            patch.setattr(artifact_cache, "_copy", full)
        else:
            patch.setattr(Path, step, full)
        ArtifactCache(root, seed=0).keep(CASE, (1,), artifact, PREPARED)
    left = list((root / "artifacts").iterdir()) if (root / "artifacts").exists() else []
    assert left == []


def test_a_file_in_the_place_of_the_folder_costs_nothing(tmp_path: Path, artifact: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "kept"):
        cache = ArtifactCache(folder, seed=0)
        cache.keep(CASE, (1,), artifact, PREPARED)
        assert find(cache) is None if folder.parent == tmp_path else cache.find(CASE, (1,), tmp_path) is None
        assert cache.entries() == []
        assert (cache.problem is not None) is (folder.parent == tmp_path)
    with pytest.raises(UsageError, match=r"--cache '.*file' is no folder. Name one, which need not exist"):
        cache_in(str(tmp_path / "file"), 0)


_KEEP_SLOWLY = """
import sys, time
from pathlib import Path
from levit_bench.measuring.preparing import artifact_cache
from tests.measuring.preparing.test_artifact_cache import CASE, PREPARED
copy = artifact_cache._copy
def slowly(source, target):
    found = copy(source, target)
    print("copied", flush=True)
    time.sleep(3600)
    return found
artifact_cache._copy = slowly
artifact_cache.ArtifactCache(Path(sys.argv[1]), 0).keep(CASE, (1,), Path(sys.argv[2]), PREPARED)
"""


@posix
def test_a_process_that_is_killed_while_it_keeps_one_leaves_nothing_that_is_read(root: Path, artifact: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "bench"), str(ROOT)))}
    with subprocess.Popen(
        [sys.executable, "-c", _KEEP_SLOWLY, root, artifact], env=env, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"copied\n"
        process.kill()
    cache = ArtifactCache(root, seed=0)
    assert cache.entries() == []
    assert find(cache) is None
    cache.keep(CASE, (1,), artifact, PREPARED)
    assert find(cache) is not None
    assert len(list((root / "artifacts").iterdir())) == 1, "what the killed process left is still there"


def test_sessions_that_keep_and_find_the_same_at_the_same_time_get_whole_ones(root: Path, artifact: Path) -> None:
    problems: list[str] = []
    until = time.monotonic() + 2

    def work(number: int) -> None:
        cache = ArtifactCache(root, seed=0)
        into = root.parent / f"into-{number}"
        into.mkdir()
        while time.monotonic() < until:
            cache.keep(CASE, (1,), artifact, PREPARED)
            if cache.find(CASE, (1,), into) and (into / "weights").read_bytes() != (artifact / "weights").read_bytes():
                problems.append("another content")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert find(ArtifactCache(root, seed=0)) is not None


def test_the_folder_is_that_of_the_option_or_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    for option, folder in (("", tmp_path / "named"), (str(tmp_path / "option"), tmp_path / "option")):
        cache = cache_in(option, 0)
        assert cache is not None
        assert cache.folder == folder
    monkeypatch.setenv(VARIABLE, "")
    assert cache_in("", 0) is None


def test_a_package_whose_code_was_edited_in_its_place_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "installed_here"
    package.mkdir()
    module, library = package / "__init__.py", package / "deep.so"
    module.write_text("A = 1\n", encoding="utf-8")
    library.write_bytes(b"code")
    content = base64.urlsafe_b64encode(sha256(module.read_bytes()).digest()).decode().rstrip("=")
    info = tmp_path / "installed_here-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed_here\nVersion: 1.0\n", encoding="utf-8")
    (info / "RECORD").write_text(f"installed_here/__init__.py,sha256={content},6\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    identity = installed_packages._identity.__wrapped__
    first = identity("installed_here")
    assert first is not None
    assert first.startswith("1.0 ")
    os.utime(module, (1, 1))
    assert identity("installed_here") == first, "put in its place again, with the same content"
    module.write_text("A = 2\n", encoding="utf-8")
    os.utime(module, (1, 1))
    assert identity("installed_here") != first, "an older time came with other content, as a copy brings it"
    module.write_text("A = 1\n", encoding="utf-8")
    assert identity("installed_here") == first
    (package / "more.py").write_text("", encoding="utf-8")
    assert identity("installed_here") != first
    (package / "more.py").unlink()
    library.write_bytes(b"longer code")
    os.utime(library, (1, 1))
    assert identity("installed_here") != first
    library.unlink()
    (info / "RECORD").write_text("installed_here/__init__.py,sha256=abd,6\n", encoding="utf-8")
    assert identity("installed_here") != first
    assert identity("not_installed_here") is None
