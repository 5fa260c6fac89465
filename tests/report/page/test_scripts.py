"""The modules of the page pass a type checker and a linter, where `.ci/run` or the reader has installed them."""

import shutil
import subprocess

import pytest

from tests.report.page.conftest import ROOT

TOOLS = ROOT / ".tox" / "web" / "node_modules"
WEB = ROOT / "bench" / "levit_bench" / "report" / "page" / "web"


def tool(name):
    path = TOOLS / ".bin" / name
    if not path.exists() or shutil.which("node") is None:
        pytest.skip(f"{name} is not installed: npm install --prefix .tox/web, with tools/web/package.json in it")
    return path


def test_types_of_the_modules_hold():
    done = subprocess.run(
        [tool("tsc"), "--project", ROOT / "tools" / "web" / "tsconfig.json"],
        capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_linter_has_nothing_to_say():
    eslint = tool("eslint")  # skips where there is none, before the folder is written to
    shutil.copy(ROOT / "tools" / "web" / "eslint.config.js", TOOLS.parent / "eslint.config.js")
    modules = sorted(map(str, WEB.glob("*.js")))
    done = subprocess.run(
        [eslint, "--config", TOOLS.parent / "eslint.config.js", "--no-warn-ignored", *modules],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
