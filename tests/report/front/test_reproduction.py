"""The commands on a front's page measure the same cases again."""

from __future__ import annotations

import json
import shlex
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from levit_bench.asking.request import Request, combinations, protocol_of
from levit_bench.asking.session_options import OF_A_SESSION
from levit_bench.catalog.entries import accuracy_of, entries
from levit_bench.catalog.image_sets import set_of
from levit_bench.catalog.user_networks import SOURCE, expand
from levit_bench.cli import cli
from levit_bench.cli.options import request_from
from levit_bench.measuring import runtimes
from levit_bench.numbers.units import parse_duration
from levit_bench.paths.model_files import KINDS, USUAL_RUNTIME
from levit_bench.records import (
    Accuracy,
    Case,
    CaseLine,
    Record,
    RunEndLine,
    RunStartLine,
    SeatInfo,
    SessionLine,
    TurnLine,
)
from levit_bench.report.front.reproduction import reproduce
from levit_bench.store.files import SessionWriter, load
from msgspec.structs import replace

from tests.cli.test_cli import run
from tests.making import record
from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL
from tools.simulated.generate_store import main as generate

ROOT = Path(__file__).parents[3]


def test_the_commands_name_every_case_and_the_budget_and_can_be_parsed(tmp_path: Path) -> None:
    generate(["--cases", "12", str(tmp_path)])
    records = load(tmp_path)[0]
    recipe = reproduce(records, ["--session", "last"])
    *runs, front = recipe.commands
    assert not any("--form" in line for line in runs)
    assert front == "levit-bench front", "several sessions are measured, whose names nobody knows yet"
    for line, name in zip(runs, dict.fromkeys(one.session for one in records), strict=True):
        program, verb, *words = shlex.split(line)
        assert (program, verb) == ("levit-bench", "run")
        command = cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        asked = command.make_context(verb, words).params
        own = [one for one in records if one.session == name and one.info.role == "subject"]
        (file,) = asked["networks"]
        stated = tomllib.loads(recipe.files[file])["network"]
        assert {f"{one['name']}@{one['resolution']}" for one in stated} == {
            f"{one.case.network}@{one.case.resolution}" for one in own
        }
        assert set(asked["allocators"]) == {one.case.allocator for one in own}
        assert parse_duration(asked["budget"]) == own[0].protocol.budget_s


def test_the_front_is_drawn_of_what_was_measured_again_and_not_of_a_session_that_another_machine_lacks() -> None:
    stored = [record("a", (0.01,) * 3)]
    for chosen in (["--session", "20260101"], ["--title", "of day"], ["--session", "x", "--since", "2026"]):
        assert reproduce(stored, [*chosen, "--where", "batch=1"]).commands[-1] == (
            "levit-bench front --session last --where batch=1"
        )
    assert reproduce(stored, ["--where", "batch=1"]).commands[-1] == "levit-bench front --where batch=1"


def test_forms_are_told_when_any_is_not_as_shipped() -> None:
    both = [record("a", (0.01,) * 3, form=form) for form in ("shipped", "inference")]
    (command, _) = reproduce(both).commands
    assert "--form shipped,inference" in command
    (command, _) = reproduce(both[1:]).commands
    assert "--form inference" in command


def test_everything_that_is_not_usual_is_told() -> None:
    usual = reproduce([record("a", (0.01,) * 3)]).commands[0]
    assert not {"--precision", "--runtime", "--device", "--thin"} & set(usual.split())
    odd = [record("a", (0.01,) * 3, device="cuda", precision="fp16", runtime=name) for name in ("eager", "cuda-graphs")]
    told = reproduce(odd).commands[0]
    for words in ("--device cuda", "--precision fp16", "--runtime eager,cuda-graphs"):
        assert words in told
    thin = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, thin=True))
        for one in (record("a", (0.01,) * 3),)
    ]
    assert reproduce(thin).commands[0].endswith("--thin")


@pytest.mark.parametrize("fields", [{}, {"goal": "race"}, {"goal": "target-error", "target_error": 0.01}])
def test_what_was_bound_is_measured_bound_again(fields: dict[str, object]) -> None:
    one = record("a", (0.01,) * 3)
    for bound in (False, True):
        protocol = msgspec.structs.replace(one.protocol, bound=bound, **fields)
        told = reproduce([msgspec.structs.replace(one, protocol=protocol)]).commands[0]
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


def parts(top1: float, **fields: Any) -> Accuracy:
    """An accuracy on a set of the user's own."""
    return Accuracy(**{"top1": top1, "dataset": "my-parts", "images": 2000, "classes": 10, "source": SOURCE, **fields})


def stored_session(folder: Path) -> list[CaseLine]:
    """A session of networks of the user's own and of the catalog, stored in a folder; returns its subjects."""
    Path("nets.py").write_text("from elsewhere import *\n", encoding="utf-8")
    (name,), _ = expand(["nets.py:build"])
    wide = name.replace("build", 'build(kind="a\\"b", width=2)')
    case, imagenet = Case(network="", resolution=224), Accuracy(top1=61.5, top5=83.25, classes=1000, source=SOURCE)
    published = accuracy_of(next(entry for entry in entries() if entry.name == "levit_128s"))
    assert published is not None
    tuned, public = parts(95.5, source='a "log" \\ é'), parts(70.0, dataset="ImageNet-A", images=7500, classes=None)
    timms, larger = Accuracy(top1=68.4, source="a page"), Accuracy(top1=80.5, classes=1000, source="ours")
    made = [
        (replace(case, network="levit_128s"), {"accuracy": published, "accuracies": (tuned,)}),
        (replace(case, network="levit_128"), {}),
        (replace(case, network=name), {"accuracy": imagenet, "accuracies": (parts(91.0),), "label": "Ours v1"}),
        (replace(case, network=name, resolution=192, width=256), {"label": "Ours v1"}),
        (replace(case, network=wide, channels=4, dtype="uint8"), {"accuracy": public, "family": "Tiny"}),
        (replace(case, network=name.replace("build", "plain")), {}),
        (replace(case, network=name.replace("build", "broken")), {"outcome": "failed", "reason": "raised"}),
        (replace(case, network="some_net_of_timm", resolution=176), {"accuracy": timms}),
        (replace(case, network="levit_192", resolution=256), {"accuracy": larger}),
    ]  # fmt: skip
    infos = [CaseLine(id=one.id, case=one, **({"family": "other"} | more)) for one, more in made]
    head = SessionLine(session="s", bench="0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS)
    writer = SessionWriter.create(folder, head)
    for info in infos:
        writer.append(info)
    seat = SeatInfo(
        seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1,
        cases=tuple(one.id for one in infos),
    )  # fmt: skip
    for at in range(3):
        writer.append(RunStartLine(run=at, at_s=0.0, seats=(seat,), conditions=CONDITIONS))
        for position, info in enumerate(one for one in infos if one.outcome == "done"):
            duration = 0.1 + position + at / 100
            turn = TurnLine(
                run=at, round=0, position=position, case=info.id, seat=0, at_s=0.0, settle_s=(), duration_s=(duration,)
            )
            writer.append(turn)
        writer.append(RunEndLine(run=at, at_s=1.0, conditions=CONDITIONS, outcome="done"))
    writer.close()
    return infos


def test_what_a_page_prints_states_the_same_networks_accuracies_sets_and_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infos = {f"{info.case.network}@{info.case.size}": info for info in stored_session(Path("results"))}
    assert run(capsys, "front", "--set", "my-parts")[0] == 0
    page = Path("reports/front.md").read_text(encoding="utf-8").partition("## How to reproduce")[2]
    _, _, told = page.partition("`networks.toml` holds")
    toml, _, commands = told.partition("The commands, in that folder:")
    text = "\n".join(line.removeprefix("    ") for line in toml.splitlines()[1:])
    Path("networks.toml").write_text(text, encoding="utf-8")
    again, front = commands.split("\n    ")[1:]
    assert shlex.split(front) == ["levit-bench", "front", "--set", "my-parts"]
    names, stated = expand([shlex.split(again)[shlex.split(again).index("--networks") + 1]])
    assert sorted(names) == sorted(infos)
    for name, info in infos.items():
        one = stated.get(name)
        published = info.case.network == "levit_128s"
        scored = info.scored[1:] if published else info.scored
        usual = info.case.network.startswith(("levit_128", "some_net", "levit_192"))
        # What has nothing stated of it is named in the command alone.
        assert (one is None) is (not scored and info.label is None), name
        if one is not None:
            assert {(a.top1, a.top5, set_of(a), a.source) for a in one.accuracies} == {
                (a.top1, a.top5, set_of(a), a.source) for a in scored
            }
            assert (one.label, one.family) == (info.label, info.family)
            assert usual or one.fed(info.case.shape._replace(channels=3, dtype="float32")) == info.case.shape
    assert "nets.py:broken" in again
    assert "nets.py:broken" not in text


def test_sessions_that_stated_other_things_have_a_file_each_and_equal_ones_share_one() -> None:
    def ours(session: str, top1: float) -> Record:
        return record("nets:build", top1=top1, session=session, family="other")

    recipe = reproduce([ours("s1", 80.0), ours("s2", 81.0), ours("s3", 80.0), record("levit_192", session="s4")])
    first, second, plain, front = recipe.commands
    assert "--networks networks.toml " in first
    assert "--networks networks-2.toml " in second
    assert "--networks levit_192@224 " in plain
    assert {name: "top1 = 80.0" in text for name, text in recipe.files.items()} == {
        "networks.toml": True, "networks-2.toml": False,
    }  # fmt: skip
    assert front == "levit-bench front"


def test_what_drew_random_numbers_and_what_timed_beside_it_is_asked_for_again() -> None:
    one = record("a")
    odd = msgspec.structs.replace(one.protocol, seed=7, witness=True)
    (told, _) = reproduce([msgspec.structs.replace(one, protocol=odd)]).commands
    assert "--seed 7 " in told
    assert "--cross-check" in told.split()


def request_of(command: str) -> Request:
    """What a `run` command asks for."""
    program, verb, *words = shlex.split(command)
    assert (program, verb) == ("levit-bench", "run")
    found = cli.get_command(None, verb)  # type: ignore[arg-type]
    assert found is not None
    params = found.make_context(verb, words).params
    return request_from({name: params[name] for name in params if name in Request.__struct_fields__})


def cases_asked(command: str, names: list[str]) -> list[tuple[str, ...]]:
    """The cases that a `run` command asks for, as the command line makes them of it, in some axes."""
    request = request_of(command)
    networks = [name.partition("@")[0] for name in request.networks]
    return [
        (network, *(request.device if name == "device" else str(values[name]) for name in names))
        for network, values in combinations(request, networks)
    ]


SOME_AXES = ["batch", "threads", "device", "runtime", "form", "precision", "allocator", "streams"]
USUAL = dict.fromkeys(("batch", "threads", "streams"), 1) | {
    "device": "cpu", "runtime": "eager", "form": "shipped", "precision": "fp32", "allocator": "pinned",
}  # fmt: skip


@pytest.mark.parametrize(
    ("cases", "commands"),
    [
        ([("a", {}), ("a", {"batch": 16}), ("b", {}), ("b", {"batch": 16})], 1),
        ([("a", {}), ("a", {"device": "cuda"}), ("b", {"device": "cuda"})], 3),
        ([("a", {}), ("b", {"batch": 16})], 2),
        ([("a", {}), ("a", {"batch": 16, "threads": 2})], 2),
        ([("a", {}), ("a", {"batch": 16, "threads": 2}), ("b", {}), ("b", {"batch": 16, "threads": 2})], 2),
        ([("a", {}), ("b", {"runtime": "torchscript"})], 2),
        ([("a", {}), ("a", {"form": "inference"}), ("b", {})], 2),
        ([("a", {}), ("a", {"precision": "bf16", "runtime": "openvino"}), ("b", {})], 3),
        ([("a", {}), ("a", {"precision": "bf16"}), ("a", {"form": "inference"})], 3),
        ([("a", {"allocator": "shipped"}), ("b", {}), ("b", {"streams": 2})], 2),
        # A model file has its own runtime where none is named, beside networks in eager PyTorch.
        ([("a", {}), ("m.onnx#3f2a91", {"runtime": "onnxruntime"}), ("m.pt2#3f2a91", {})], 1),
        ([("a", {"runtime": "onnxruntime"}), ("m.onnx#3f2a91", {"runtime": "onnxruntime"})], 2),
        ([("a", {}), ("m.onnx#3f2a91", {"runtime": "openvino"})], 2),
        ([("a", {}), *(("m.onnx#3f2a91", {"runtime": name}) for name in ("onnxruntime", "openvino"))], 2),
        (
            [
                (name, {"runtime": runtime, "batch": batch})
                for name in ("a", "m.onnx#3f2a91")
                for runtime, batch in (("onnxruntime", 1), ("openvino", 16))
            ],
            2,
        ),
    ],
)
def test_commands_ask_for_the_cases_of_a_session_and_for_no_others(
    cases: list[tuple[str, dict[str, Any]]], commands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "natural", USUAL_RUNTIME.__getitem__)  # Whatever is installed here.
    monkeypatch.setattr("levit_bench.asking.request.at_once", lambda asked: [*product(asked.threads, asked.streams)])
    all_fields = [(name, USUAL | fields) for name, fields in cases]
    session = [record(name, top1=None, family="other", **fields) for name, fields in all_fields]
    *runs, _ = reproduce(session).commands
    asked = [case for command in runs for case in cases_asked(command, SOME_AXES)]
    assert sorted(asked) == sorted((name, *(str(fields[axis]) for axis in SOME_AXES)) for name, fields in all_fields)
    assert len(runs) == commands


def test_the_runtime_that_a_model_file_has_without_one_named_is_its_first() -> None:
    assert {kind: runtimes.of_model_files(kind)[0] for kind in USUAL_RUNTIME} == USUAL_RUNTIME
    assert set(USUAL_RUNTIME) == set(KINDS.values())


UNUSUAL: dict[str, Any] = {
    "budget": "90.25s", "isolation": "alone", "bind": True, "start_method": "spawn", "timeout": "1h2m3.4s", "seed": 7,
    "thin": True, "target_error": "1.2345%", "cross_check": True, "race": True,
}  # fmt: skip
"""A value of every option that a protocol stores."""
NOT_STORED = {"cache", "fresh", "no_wait"}
"""What changes the cost of a session and none of its numbers."""
FIXED = {
    "settle_passes", "turn_s", "min_passes", "max_passes", "runs", "min_rounds", "yardstick", "looks",
    "min_effect", "margin", "find",
}  # fmt: skip
"""Fields of a protocol that no option of a front asks for: they follow from the program, the cases and the budget, or
are a gate's."""


@pytest.mark.parametrize("option", sorted({one.name for one in OF_A_SESSION} - NOT_STORED))
def test_every_option_of_a_session_is_in_the_command_that_measures_it_again(option: str) -> None:
    asked = Request(networks=("a",), **{option: UNUSUAL[option]})
    assert protocol_of(asked) != protocol_of(Request(networks=("a",)))
    one = msgspec.structs.replace(record("a", top1=None), protocol=protocol_of(asked))
    (command, _) = reproduce([one]).commands
    assert protocol_of(request_of(command)) == one.protocol


def test_every_field_of_a_protocol_is_asked_for_by_an_option_or_follows() -> None:
    usual = protocol_of(Request(networks=("a",)))
    changed = {
        field
        for name, value in UNUSUAL.items()
        for field in usual.__struct_fields__
        if getattr(protocol_of(Request(networks=("a",), **{name: value})), field) != getattr(usual, field)
    }
    assert changed | FIXED == set(usual.__struct_fields__)
    assert not changed & FIXED


def test_a_session_of_an_older_program_is_measured_again_as_it_was() -> None:
    older = record("a", top1=None)
    assert older.protocol.start_method == "spawn"
    assert "--start-method spawn" in reproduce([older]).commands[0]


def test_a_store_is_named_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    generate(["--cases", "12", "my store"])
    assert run(capsys, "front", "--store", "my store")[0] == 0
    lines = [line.strip() for line in Path("reports/front.md").read_text(encoding="utf-8").splitlines()]
    measured, drawn = ([line for line in lines if line.startswith(f"levit-bench {verb}")] for verb in ("run", "front"))
    assert all(shlex.split(line)[-2:] == ["--store", "my store"] for line in measured)
    assert shlex.split(drawn[0])[2:] == ["--store", "my store"]


@pytest.mark.slow
@pytest.mark.parametrize("session", ["20261126T060430", "20261126T191425", "20261126T195209"])
def test_every_command_of_a_stored_sessions_page_runs(
    session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    page = tmp_path / "front.md"
    assert run(capsys, "front", "--session", session, "--out", str(tmp_path))[0] == 0
    lines = [line.strip() for line in page.read_text(encoding="utf-8").splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("levit-bench ")]
    assert [words[0] for words in commands] == ["front", "run", "front"]
    front, (_, *words), anew = commands
    assert anew[1:3] == ["--session", "last"]
    # `plan` takes the options of `run`, refuses what that refuses, and measures nothing.
    code, out, err = run(capsys, "plan", *words, "--json")
    assert code == 0, err
    stored = {
        record.info.id
        for record in load(next((ROOT / "results").glob(f"*/{session}*.jsonl")))[0]
        if record.info.role == "subject"
    }
    planned = {
        (case["network"], case["resolution"], case["batch"], case["threads"], case["runtime"], case["allocator"])
        for case in json.loads(out)["cases"]
        if not case["network"].startswith(("yardstick", "null"))
    }
    assert len(planned) == len(stored)
    assert run(capsys, *front, "--out", str(tmp_path / "again"))[0] == 0
    assert (tmp_path / "again" / "front.csv").read_bytes() == (tmp_path / "front.csv").read_bytes()


def test_the_file_of_networks_names_the_reference_of_a_model_file() -> None:
    one = record("model.onnx#3f2a91")
    case = replace(one.case, weights="file", runtime="onnxruntime")
    info = replace(one.info, id=case.id, case=case, reference="nets.py:build#c0ffee")
    made = reproduce([replace(one, info=info)])
    (text,) = made.files.values()
    (network,) = tomllib.loads(text)["network"]
    assert (network["file"], network["reference"]) == ("model.onnx#3f2a91", "nets.py:build#c0ffee")
