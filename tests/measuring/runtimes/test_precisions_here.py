"""What the processor cannot compute in is refused before anything is prepared: by its extensions, by the library."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from levit_bench import pytest_plugin
from levit_bench.asking.request import Request, check, subjects
from levit_bench.cli import main
from levit_bench.errors import UsageError
from levit_bench.measuring import runtimes
from levit_bench.measuring.machine import processor_flags
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.runtimes import openvino
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import Answer, Examine, Examined, Failed
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.records import Case

OLD = frozenset({"avx", "avx2", "f16c", "fma"})
NEW = OLD | {"avx512f", "avx512bw", "avx512_bf16", "avx512_fp16", "amx_bf16"}

Processor = Callable[["frozenset[str] | None"], None]


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    """Sets the extensions that the system lists."""
    monkeypatch.setattr(runtimes, "unavailable", lambda _name: None)
    return lambda present: monkeypatch.setattr(processor_flags, "flags", lambda: present)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_processor_without_the_extensions_is_refused_at_once_and_told_what_there_is(
    processor: Processor, precision: str
) -> None:
    processor(OLD)
    with pytest.raises(UsageError, match=rf"'openvino' does not compute in {precision} here: this processor") as error:
        check(Request(networks=("levit_128s",), runtimes=("eager", "openvino"), precisions=("fp32", precision)))
    assert "Choose fp32, or a runtime that does: eager, channels-last, torchscript" in str(error.value)


@pytest.mark.parametrize("present", [NEW, None], ids=["with them", "not told"])
def test_a_processor_that_may_have_them_is_left_to_the_library(
    processor: Processor, present: frozenset[str] | None
) -> None:
    processor(present)
    assert (
        check(Request(networks=("levit_128s",), runtimes=("openvino",), precisions=("fp32", "bf16", "fp16"))) == "cpu"
    )


def test_other_runtimes_and_fp32_need_no_extension(processor: Processor) -> None:
    processor(frozenset())
    own = [name for name in runtimes.names() if runtimes.POINT.is_own(name) and name != "openvino"]
    assert all(runtimes.lacking(name, precision) is None for name in own for precision in runtimes.precisions_of(name))
    assert runtimes.lacking("openvino", "fp32") is None
    assert runtimes.lacking("openvino", "bf16", "cuda") is None


class Seat:
    """Answers as a worker whose library offers some number formats."""

    asked: list[Examine] = []
    answer: Callable[[Examine], Answer]

    def __init__(self) -> None:
        self.asked = []

    def ask(self, request: Examine, _timeout_s: float) -> Answer:
        self.asked.append(request)
        return type(self).answer(request)

    def close(self) -> None:
        pass


def _check(answer: Callable[[Examine], Answer], *cases: Case) -> list[str | None]:
    """The number formats that the library was asked about."""
    seat = Seat()
    Seat.answer = staticmethod(answer)  # type: ignore[method-assign, assignment]
    with Workshop(0, 1.0) as workshop:
        workshop._seats[""] = seat  # type: ignore[assignment]
        try:
            workshop.check_precisions(cases)
        finally:
            workshop._seats.clear()
    return [request.precision for request in seat.asked]


def _case(precision: str, runtime: str = "openvino", network: str = "levit_128s") -> Case:
    return Case(network=network, resolution=224, precision=precision, runtime=runtime)


def test_the_library_is_asked_once_for_each_format_and_only_where_it_may_refuse() -> None:
    cases = [_case("fp32"), _case("bf16"), _case("bf16", network="b"), _case("fp16"), _case("bf16", "eager")]
    assert _check(lambda _request: Examined(problem=None), *cases) == ["bf16", "fp16"]
    assert _check(lambda _request: Examined(problem=None), _case("fp32"), _case("fp32", "onnxruntime")) == []


def test_what_the_library_refuses_is_refused_before_anything_is_prepared(processor: Processor) -> None:
    processor(NEW)
    with pytest.raises(
        UsageError, match=r"'openvino' does not compute in bf16 here: OpenVINO offers FP32\. Choose fp32"
    ):
        _check(lambda _request: Examined(problem="OpenVINO offers FP32"), _case("bf16"))


def test_a_library_that_fails_to_answer_refuses_nothing() -> None:
    def dies(_request: Examine) -> Answer:
        raise SeatLostError("was ended by signal SIGILL")

    assert _check(dies, _case("bf16")) == ["bf16"]
    assert _check(lambda _request: Failed(reason="raised"), _case("bf16")) == ["bf16"]


@pytest.mark.parametrize(
    ("offered", "refused"),
    [(["FP32", "INT8"], {"bf16", "fp16"}), (["FP32", "BF16"], {"fp16"}), (["BF16", "FP16"], set())],
)
def test_openvino_is_asked_what_it_offers_on_this_processor(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], refused: set[str]
) -> None:
    core = SimpleNamespace(get_property=lambda _device, _name: offered)
    monkeypatch.setattr(openvino, "engine", lambda: SimpleNamespace(Core=lambda: core))
    answers = {
        precision: Worker().answer(Examine(axis="runtime", name="openvino", precision=precision))
        for precision in ("fp32", "bf16", "fp16")
    }
    assert {name for name, answer in answers.items() if answer != Examined(problem=None)} == refused


def test_a_runtime_that_cannot_be_asked_lacks_nothing() -> None:
    assert Worker().answer(Examine(axis="runtime", name="eager", precision="bf16")) == Examined(problem=None)


def test_requests_are_checked_against_the_library(processor: Processor, monkeypatch: pytest.MonkeyPatch) -> None:
    processor(NEW)
    seen: list[str] = []
    monkeypatch.setattr(
        Workshop, "check_precisions", lambda _self, cases: seen.extend(case.precision for case in cases)
    )
    with Workshop(0, 1.0) as workshop:
        subjects(Request(networks=("levit_128s",), precisions=("fp32", "bf16")), workshop)
        assert seen == []
        subjects(Request(networks=("levit_128s",), runtimes=("openvino",), precisions=("fp32", "bf16")), workshop)
    assert seen == ["fp32", "bf16"]


def test_the_list_says_what_the_processor_lacks(
    processor: Processor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    processor(OLD)
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit):
        main(["list", "--runtimes", "--json"])
    (entry,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "openvino"]
    assert entry["precisions"] == ["fp32", "fp16", "bf16"]
    assert entry["precisions_here"] == ["fp32"]
    assert set(entry["lacking"]) == {"fp16", "bf16"}
    with pytest.raises(SystemExit):
        main(["list", "--runtimes"])
    assert "in fp32; this processor has none of avx512_fp16" in " ".join(capsys.readouterr().out.split())


def test_a_test_that_needs_what_the_processor_lacks_is_skipped(processor: Processor) -> None:
    processor(OLD)
    with pytest.raises(pytest_plugin.NotAskedError, match="'openvino' does not compute in bf16 here: this processor"):
        pytest_plugin.declare(["levit_128s"], {"runtime": "openvino", "precision": "bf16"}, {})


@pytest.mark.parametrize(
    ("text", "isa", "expected"),
    [
        ("flags\t\t: fpu avx2\n", "x86_64", {"fpu", "avx2"}),
        ("Features\t: fp asimd\n", "aarch64", {"fp", "asimd"}),
        ("flags\t\t: fpu avx2\n", "aarch64", None),
        ("nothing", "x86_64", None),
    ],
)
def test_extensions_are_read_from_the_system(
    text: str, isa: str, expected: set[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(processor_flags, "_CPUINFO", file)
    monkeypatch.setattr(processor_flags.platform, "machine", lambda: isa)
    assert processor_flags.flags() == expected
    monkeypatch.setattr(processor_flags, "_CPUINFO", tmp_path / "none")
    assert processor_flags.flags() is None
