"""The script of the emulated smoke session: what can be told of it without an hour of emulation."""

from __future__ import annotations

import re
import subprocess

from levit_bench.cli import cli

from tests.house.plan import ROOT

SCRIPT = ROOT / ".ci" / "emulated-arm"
TEXT = SCRIPT.read_text(encoding="utf-8")


def test_it_is_a_script_that_says_how_it_is_called() -> None:
    assert SCRIPT.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    done = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == ".ci/emulated-arm FOLDER [OPTIONS OF levit-bench run]"


def test_every_package_that_it_installs_has_one_pin_for_arm() -> None:
    """By the very lines of the script."""
    (named,) = re.findall(r'^packages="(.+?)"$', TEXT, re.M | re.S)
    (function,) = re.findall(r"^requirements\(\) \{\n.+?^\}$", TEXT, re.M | re.S)
    code = f'packages="{named}"\nhome=$1\n{function}\nrequirements'
    done = subprocess.run(["bash", "-euc", code, "x", ROOT], capture_output=True, text=True, check=True)
    pins = done.stdout.splitlines()
    assert [pin.partition("==")[0] for pin in pins] == named.split()
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", pin) for pin in pins)
    assert {"torch==2.10.0", "torchvision==0.25.0"} <= set(pins)


def test_it_asks_run_for_what_run_knows() -> None:
    (call,) = re.findall(r"^(defaults=.+)\Z", TEXT, re.M | re.S)
    verb = cli.get_command(None, "run")  # type: ignore[arg-type]
    assert verb is not None
    known = {option for parameter in verb.params for option in parameter.opts}
    named = set(re.findall(r"--[a-z-]+", call))
    assert {"--device", "--thin"} <= named <= known


def test_what_the_caller_names_takes_the_place_of_what_is_usual() -> None:
    (call,) = re.findall(r"^(defaults=.+)^exec", TEXT, re.M | re.S)
    code = f'folder=here\n{call}\nprintf "%s\\n" "${{words[@]}}" "$@"'
    named = ["--budget=1m", "--networks", "levit_192", "--fresh"]
    done = subprocess.run(["bash", "-euc", code, "x", *named], capture_output=True, text=True, check=True)
    verb = cli.get_command(None, "run")  # type: ignore[arg-type]
    assert verb is not None
    asked = verb.make_context("run", done.stdout.splitlines()).params
    assert (asked["budget"], asked["networks"], asked["title"]) == ("1m", ("levit_192",), "emulated smoke")
