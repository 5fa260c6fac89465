"""The commands on a front's page measure the same cases again."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import pytest

from bench.cli import cli
from bench.judge.front import panels
from bench.report.reproduce import reproduce
from bench.store import load
from bench.units import parse_duration
from tests.generate_store import main as generate
from tests.making import record
from tests.test_cli import run


def test_the_commands_name_every_case_and_the_budget_and_can_be_parsed(tmp_path: Path) -> None:
    generate(["--cases", "12", str(tmp_path)])
    found = panels(load(tmp_path)[0])
    *runs, front = reproduce(found, "last")
    assert not any("--form" in line for line in runs)
    assert front == "levit-bench front --session last"
    for line in runs:
        program, verb, *words = shlex.split(line)
        assert (program, verb) == ("levit-bench", "run")
        command = cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        asked = command.make_context(verb, words).params
        assert set(asked["networks"]) == {f"{p.case.network}@{p.case.resolution}" for one in found for p in one.points}
        assert set(asked["allocators"]) == {one.setting.allocator for one in found}
        assert parse_duration(asked["budget"]) == found[0].origins[0].protocol.budget_s


def test_forms_are_told_when_any_is_not_as_shipped() -> None:
    both = [record("a", (0.01,) * 3, form=form) for form in ("shipped", "inference")]
    (command, _) = reproduce(panels(both))
    assert "--form inference,shipped" in command
    (command, _) = reproduce(panels(both[1:]))
    assert "--form inference" in command


def test_everything_that_is_not_usual_is_told() -> None:
    usual = reproduce(panels([record("a", (0.01,) * 3)]))[0]
    assert not {"--precision", "--runtime", "--device", "--thin"} & set(usual.split())
    odd = [record("a", (0.01,) * 3, device="cuda", precision="fp16", runtime=name) for name in ("eager", "cuda-graphs")]
    told = reproduce(panels(odd))[0]
    for words in ("--device cuda", "--precision fp16", "--runtime cuda-graphs,eager"):
        assert words in told
    thin = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, thin=True))
        for one in (record("a", (0.01,) * 3),)
    ]
    assert reproduce(panels(thin))[0].endswith("--thin")


@pytest.mark.parametrize("fields", [{}, {"goal": "race"}, {"goal": "target-error", "target_error": 0.01}])
def test_what_was_bound_is_measured_bound_again(fields: dict[str, object]) -> None:
    one = record("a", (0.01,) * 3)
    for bound in (False, True):
        protocol = msgspec.structs.replace(one.protocol, bound=bound, **fields)
        told = reproduce(panels([msgspec.structs.replace(one, protocol=protocol)]))[0]
        assert ("--bind" in told.split()) is bound


def test_the_command_that_draws_holds_what_was_asked_of_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    generate(["--cases", "12", "results"])
    asked = ["--where", "allocator=pinned", "--metric", "throughput", "--base", "allocator=pinned,threads=1"]
    assert run(capsys, "front", *asked)[0] == 0
    (line,) = [one for one in Path("reports/front.md").read_text().splitlines() if "levit-bench front" in one]
    assert shlex.split(line)[2:] == asked
