"""What a user's network was made of: every file that its code loads or opens, or nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from levit_bench.measuring.networks import code_inputs

from tests.torch_forks import TorchForks

NETS = """
import torch
from torch import nn
from layers import WIDTH

def build():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, WIDTH))
"""
_PROGRAM = """
import json, sys
from pathlib import Path
from levit_bench.measuring import networks
from levit_bench.measuring.networks import code_inputs
from levit_bench.records import ImageShape
name = sys.argv[1]
resolved = networks.resolve([name])
assert not resolved.missing, resolved.missing
networks.build(name, ImageShape(3, 64, 64))
found = networks.made_of(name)
print(json.dumps(None if found is None else [*found.files]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text("WIDTH = 10\n", encoding="utf-8")
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    return tmp_path


MadeOf = Callable[..., set[str] | None]


@pytest.fixture
def made_of(folder: Path, forks: TorchForks) -> MadeOf:
    """Names of the files in the folder that a network was made of, as a process of its own finds them."""

    def names(name: str = "nets.py:build") -> set[str] | None:
        answer = forks.output(_PROGRAM, [name], cwd=folder)
        paths = json.loads(answer.splitlines()[-1])
        return None if paths is None else {Path(path).name for path in paths if Path(path).is_relative_to(folder)}

    return names


def test_modules_that_it_imports_are_part_of_it(made_of: MadeOf) -> None:
    assert made_of() == {"nets.py", "layers.py"}


def test_a_module_on_the_path_is_as_a_file(made_of: MadeOf) -> None:
    assert made_of("nets:build") == {"nets.py", "layers.py"}


def test_networks_of_the_suite_and_of_timm_are_made_of_packages_alone(made_of: MadeOf) -> None:
    assert made_of("levit_128s") == set()


OPENED = {
    "import importlib; importlib.import_module('lat' + 'er')": "later.py",
    "exec(open('script.py').read())": "script.py",
    "open('data.txt').read()": "data.txt",
    "__import__('pathlib').Path('more.txt').read_bytes()": "more.txt",
    "torch.load('weights.pt')": "weights.pt",
    "torch.load('mapped.pt', mmap=True)": "mapped.pt",
    "__import__('numpy').load('array.npy')": "array.npy",
    "__import__('safetensors.torch').torch.load_file('loaded.safetensors')": "loaded.safetensors",
    "__import__('safetensors').safe_open('opened.safetensors', 'pt').keys()": "opened.safetensors",
    "try: open('override.txt')\n    except OSError: pass": "override.txt",
}


def test_files_that_it_opens_or_looks_for_are_part_of_it(folder: Path, made_of: MadeOf) -> None:
    import numpy as np
    import safetensors.torch
    import torch

    for name in ("later.py", "script.py", "data.txt", "more.txt"):
        (folder / name).write_text("10", encoding="utf-8")
    for name in ("weights.pt", "mapped.pt"):
        torch.save({"a": torch.ones(2)}, folder / name)
    for name in ("loaded.safetensors", "opened.safetensors"):
        safetensors.torch.save_file({"a": torch.ones(2)}, folder / name)
    np.save(folder / "array.npy", np.ones(2))
    lines = "".join(f"    {line}\n" for line in OPENED)
    (folder / "nets.py").write_text(NETS.replace("    return", f"{lines}    return"), encoding="utf-8")
    assert made_of() == {"nets.py", "layers.py", *OPENED.values()}


def test_a_file_is_of_a_library_by_the_folder_it_lies_in_not_by_how_its_name_begins() -> None:
    import sysconfig

    import torch

    package, standard = Path(torch.__file__).parent, Path(sysconfig.get_paths()["stdlib"])
    of_libraries = (package / "nn" / "a.py", standard / "json" / "a.py", Path(code_inputs.__file__))
    assert all(map(code_inputs._is_of_a_library, of_libraries))
    others = (
        package.with_name(f"{package.name}like") / "a.py",
        standard.with_name(f"{standard.name}-own") / "a.py",
        standard / "site-packages" / "another" / "a.py",
        Path(__file__),
    )
    assert not any(map(code_inputs._is_of_a_library, others))


UNKNOWABLE = (
    "subprocess.run(['true'])",
    "os.system('true')",
    "socket.getaddrinfo('localhost', 80)",
    "socket.socket().bind(('', 0))",
    "sqlite3.connect(':memory:')",
    "mmap.mmap(-1, 10)",
    "ctypes.CDLL(None)",
)
KNOWABLE = ("os.listdir('.')", "open(os.devnull).close()", "time.time()", "ctypes.CDLL(torch._C.__file__)")
_ASKED = f"""
import ctypes, json, mmap, os, socket, sqlite3, subprocess, time, torch
from pathlib import Path
from levit_bench.measuring.networks import code_inputs
code_inputs.watch()
known = []
for line in {UNKNOWABLE + KNOWABLE!r}:
    code_inputs._unknowable.clear()
    with code_inputs.paused():
        exec(line)
    assert not code_inputs._unknowable, "what the suite does was held against the network"
    exec(line)
    known.append(code_inputs.known() is not None)
print(json.dumps(known))
"""


def test_what_asks_for_more_than_files_is_not_known(tmp_path: Path, forks: TorchForks) -> None:
    answer = json.loads(forks.output(_ASKED, cwd=tmp_path))
    assert answer == [False] * len(UNKNOWABLE) + [True] * len(KNOWABLE)


_NOTICED = """
import json, sys
from pathlib import Path
from levit_bench.measuring.networks import code_inputs
import {imported}
print(json.dumps(sorted(Path(path).name for path in code_inputs.noticed())))
"""


def test_modules_outside_of_every_environment_are_noticed_also_unwatched(folder: Path, forks: TorchForks) -> None:
    (folder / "levit_bench_like").mkdir()
    (folder / "levit_bench_like" / "__init__.py").write_text("import layers", encoding="utf-8")
    installed = folder / "site-packages"
    installed.mkdir()
    (installed / "theirs.py").write_text("", encoding="utf-8")
    program = _NOTICED.format(imported="levit_bench_like, theirs, numpy")
    answer = forks.output(f"import sys; sys.path[:0] = [{str(folder)!r}, {str(installed)!r}]\n{program}", cwd=folder)
    assert json.loads(answer.splitlines()[-1]) == ["__init__.py", "layers.py"]


def test_what_was_loaded_is_noticed_also_where_more_is_not_known(folder: Path, forks: TorchForks) -> None:
    (folder / "nets.py").write_text(f"{NETS}\nimport subprocess; subprocess.run(['true'])\n", encoding="utf-8")
    more = "print(json.dumps([sorted(Path(p).name for p in code_inputs.noticed()), code_inputs.beyond_files()]))"
    answer = forks.output(_PROGRAM + more, ["nets.py:build"], cwd=folder).splitlines()
    assert json.loads(answer[-2]) is None
    names, asked = json.loads(answer[-1])
    assert {"nets.py", "layers.py"} <= set(names)
    assert asked == ["subprocess.Popen"]


def test_a_file_that_is_written_while_it_is_built_is_not_known(folder: Path, made_of: MadeOf) -> None:
    line = "__import__('pathlib').Path('layers.py').write_text('WIDTH = 11')"
    (folder / "nets.py").write_text(f"{NETS}\n{line}\n", encoding="utf-8")
    assert made_of() is None


_SEVERAL = """
import json, sys
from pathlib import Path
import torch
from levit_bench.measuring.preparing.artifacts import prepare
from levit_bench.records import Case
files = []
for number, name in enumerate(["nets.py:build", "nets.py:refused", "nets.py:second"]):
    folder = Path("made", str(number))
    folder.mkdir(parents=True)
    try:
        made = prepare(Case(network=name, resolution=64), (1,), folder, 0)
    except ValueError:
        continue
    paths = map(Path, made.code_files.files if made.code_files else [])
    files.append(sorted(path.name for path in paths if path.is_relative_to(Path.cwd())))
print(json.dumps(files))
"""
SECOND = """
def refused():
    raise ValueError("none today")

def second():
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, WIDTH))
"""


def test_what_one_process_writes_for_a_network_is_not_held_against_the_next(folder: Path, forks: TorchForks) -> None:
    (folder / "nets.py").write_text(NETS + SECOND, encoding="utf-8")
    answer = forks.output(_SEVERAL, cwd=folder)
    assert json.loads(answer.splitlines()[-1]) == [["layers.py", "nets.py"]] * 2
