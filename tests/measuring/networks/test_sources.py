"""A file that a user's network imports cannot change unnoticed between the preparation and a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.measuring.networks import sources

ROOT = Path(__file__).parents[3]
NETS = """
from torch import nn
{imports}

def build():
    return nn.Sequential(nn.Conv2d(3, WIDTH, 3, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, 10))

build.resolution = 32
"""
ASK = """
import json, sys
from pathlib import Path
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.networks import sources
from levit_bench.measuring.workers.messages import Failed, Load
from levit_bench.measuring.worker import Worker
from levit_bench.records import Case

what, name, runtime, folder = sys.argv[1:]
case = Case(network=name, resolution=32, runtime=runtime)
if what == "prepare":
    artifacts.prepare(case, (1,), Path(folder), 0)
    print(json.dumps(sorted(Path(path).name for path in sources._built[name])))
else:
    answer = Worker().answer(Load(case=case, folder=folder, seed=0))
    print(json.dumps(answer.reason if isinstance(answer, Failed) else ""))
"""


def ask(what: str, name: str, here: Path, runtime: str = "eager") -> str | list[str]:
    """Prepare or load a network in a process of its own, as a session does."""
    folder = here / "artifact"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", ASK, what, name, runtime, str(folder)], cwd=here, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{ROOT / 'bench'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: str | list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _path(name: str) -> str:
    """A file by a name that can be an argument's: the first two underlines stand for a folder."""
    return name.replace("__", "/", 1)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{_path(name)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "files", "edited", "seen"),
    [
        pytest.param("own.py:build", {"own": "from sizes import WIDTH"}, "sizes", ["own.py", "sizes.py"],
                     marks=pytest.mark.exhaustive),
        pytest.param("own.py:build", {"own": "from deep import WIDTH", "deep": "from sizes import WIDTH"}, "sizes",
                     ["deep.py", "own.py", "sizes.py"]),
        pytest.param("own:build", {"own": "import sizes\nWIDTH = sizes.WIDTH"}, "sizes", ["own.py", "sizes.py"],
                     marks=pytest.mark.exhaustive),
        pytest.param("own:build", {"own": "from sizes import WIDTH"}, "own", ["own.py", "sizes.py"]),
        pytest.param("package.own:build", {"package__own": "from .sizes import WIDTH", "package__sizes": "WIDTH = 8",
                                           "package____init__": ""}, "package__sizes",
                     ["__init__.py", "own.py", "sizes.py"]),
    ],
)  # fmt: skip
def test_an_edited_file_beside_a_network_fails_its_case_and_is_named(
    tmp_path: Path, name: str, files: dict[str, str], edited: str, seen: list[str]
) -> None:
    written = {"sizes": "WIDTH = 8"} | {
        key: NETS.format(imports=text) if key.endswith("own") else text for key, text in files.items()
    }
    # A file that no network imports, and one that another network imports, change nothing.
    write(tmp_path, other="WIDTH = 8", beside="from other import WIDTH", **written)
    found = ask("prepare", name, tmp_path)
    assert found == seen
    assert ask("load", name, tmp_path) == ""
    write(tmp_path, other="WIDTH = 9")
    assert ask("load", name, tmp_path) == ""
    path = tmp_path / f"{_path(edited)}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    why = ask("load", name, tmp_path)
    assert isinstance(why, str)
    assert why.startswith(f"{path.name} changed since the network was prepared")


@pytest.mark.slow
def test_what_was_exported_is_as_it_was_prepared(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    write(tmp_path, own=NETS.format(imports="from sizes import WIDTH"), sizes="WIDTH = 8")
    ask("prepare", "own.py:build", tmp_path, "onnxruntime")
    write(tmp_path, sizes="WIDTH = 9")
    assert ask("load", "own.py:build", tmp_path, "onnxruntime") == ""


def test_what_is_installed_is_not_followed() -> None:
    for name in ("json.decoder:JSONDecoder", "torch.nn.modules.linear:Identity", "no.such:module"):
        sources.note(name, None)
        assert not sources._built.pop(name, {})
