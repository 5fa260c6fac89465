"""What is wrong with a package costs itself alone: who asks for it is told which package, and nobody else notices."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from levit_bench.asking.request import Request, check
from levit_bench.axes import NO_CHOICE
from levit_bench.cli import main
from levit_bench.cli.verbs.list import command as list_command
from levit_bench.errors import UsageError
from levit_bench.measuring import devices, forms, networks, precisions, runtimes
from levit_bench.measuring.extensions import LONGEST_NAME, ExtensionError, ExtensionPoint
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import Failed, Prepare
from levit_bench.records import Case, ImageShape

from tests.measuring.fake_packages import Install

pytestmark = pytest.mark.slow  # starts workers of many packages

PLAIN = Request(networks=("levit_128s",))
NAMED = r"which the package their-theirs 1\.0 (offers|brings)"
TYPE_OR_EXIT = ("raise TypeError('no')", "import sys; sys.exit(3)", "raise SystemExit", "raise Odd")
ODD = "class Odd(Exception):\n    def __str__(self): raise ValueError('says nothing')\n"


def _function(name: str, body: str, arguments: str = "*_") -> str:
    return f"def {name}({arguments}): {body}\n"


def _others_work(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Commands that do not ask for what is faulty; returns what `list --runtimes` says."""
    assert check(PLAIN) == "cpu"
    assert check(Request(networks=("levit_128s",), batches=(4,), runtimes=("eager", "torchscript"))) == "cpu"
    list_command.main(["--runtimes"], standalone_mode=False)
    assert "eager" in capsys.readouterr().out
    list_command.main(["--runtimes", "--json"], standalone_mode=False)
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    (eager,) = [row for row in rows if row["name"] == "eager"]
    assert eager["precisions"] == ["fp32", "tf32", "fp16", "bf16"]
    return rows


# Precisions: every field of a wrong kind, and the method.

FIELDS = {"dtype": "'bfloat16'", "tolerance": "5e-2", "coarseness": "2.0**16", "about": "'x'", "devices": "None"}
WRONG_FIELDS = [
    *[("dtype", value) for value in ("5", "None", "b'float32'")],
    *[("tolerance", value) for value in ("None", "True", "'x'", "-1", "1e400", "[0.01]", "'x' * 10**5")],
    *[("coarseness", value) for value in ("None", "False", "'x'", "0", "float('inf')", "(1,)")],
    *[("about", value) for value in ("5", "None", "['x']")],
    *[("devices", value) for value in ("5", "'cpu'", "(5,)", "{'cpu': 1}", "True")],
]


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
def test_a_field_of_a_precision_that_is_of_a_wrong_kind(
    field: str, value: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = ", ".join(f"{name}={text}" for name, text in (FIELDS | {field: value}).items())
    code = f"from levit_bench.measuring.precisions import Precision\nTHEIRS = Precision({fields})"
    install(precisions.ENTRY_POINTS, "theirs", code, value="MODULE:THEIRS")
    _others_work(capsys)
    with pytest.raises(UsageError, match=rf"{NAMED} as precision 'theirs': its? .*{field}") as caught:
        check(Request(networks=("levit_128s",), precisions=("theirs",)))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("body", TYPE_OR_EXIT)
def test_a_field_of_a_precision_that_raises_when_it_is_read(
    field: str, body: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = "".join(f"    {name} = {value}\n" for name, value in FIELDS.items() if name != field)
    code = f"{ODD}class Theirs:\n{fields}    def runs_on(self, device): return True\n    @property\n    "
    code += _function(field, body) + "THEIRS = Theirs()"
    install(precisions.ENTRY_POINTS, "theirs", code, value="MODULE:THEIRS")
    _others_work(capsys)
    with pytest.raises(UsageError, match=NAMED):
        check(Request(networks=("levit_128s",), precisions=("theirs",)))


@pytest.mark.parametrize("body", [*TYPE_OR_EXIT, "return 'yes'", "return None", "return 1"])
def test_the_method_of_a_precision_that_raises_or_answers_nonsense(
    body: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = "".join(f"    {name} = {value}\n" for name, value in FIELDS.items())
    install(
        precisions.ENTRY_POINTS, "theirs", f"{ODD}class Theirs:\n{fields}    {_function('runs_on', body)}"
        "THEIRS = Theirs()", value="MODULE:THEIRS",
    )  # fmt: skip
    _others_work(capsys)
    with pytest.raises(UsageError, match=rf"precision 'theirs', {NAMED}, failed: "):
        check(Request(networks=("levit_128s",), precisions=("theirs",)))
    with pytest.raises(UsageError, match=NAMED):
        precisions.dtype("theirs", "cpu")


def test_the_method_of_a_precision_that_is_none(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    fields = "".join(f"    {name} = {value}\n" for name, value in FIELDS.items())
    install(
        precisions.ENTRY_POINTS, "theirs", f"class Theirs:\n{fields}    runs_on = True\nTHEIRS = Theirs()",
        value="MODULE:THEIRS",
    )  # fmt: skip
    _others_work(capsys)
    with pytest.raises(
        UsageError, match=rf"{NAMED} as precision 'theirs': runs_on is of type bool, and not a function"
    ):
        check(Request(networks=("levit_128s",), precisions=("theirs",)))


# Devices.

DEVICE = {"resolve": "return 'theirs'", "hold": "return None", "versions": "return {}"}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        *[(f"{name} = 5", f"{name} is of type int, and not a function") for name in DEVICE],
        *[(_function("resolve", body), "failed: ") for body in (*TYPE_OR_EXIT, "return 5", "return ['cpu']")],
        *[(_function("resolve", f"return {name!r}"), "failed: unknown device") for name in ("", "nosuch", "x" * 999)],
        ("HAS_OWN_MEMORY = 'no'", "HAS_OWN_MEMORY is True or False"),
        ("def __getattr__(name): raise OSError(name)", "OSError: HAS_OWN_MEMORY"),
    ],
)
def test_a_device_of_which_something_is_of_a_wrong_kind_or_raises(
    fault: str, why: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(devices.ENTRY_POINTS, "theirs", ODD + "".join(map(_function, DEVICE, DEVICE.values())) + fault)
    _others_work(capsys)
    with pytest.raises(UsageError, match=rf"{NAMED}.*{why}") as caught:
        check(Request(networks=("levit_128s",), device="theirs"))
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("body", [*TYPE_OR_EXIT, "return 5", "return ['gpu']"])
def test_the_versions_of_a_device_that_raise_or_are_none(body: str, install: Install) -> None:
    code = ODD + "".join(map(_function, DEVICE, DEVICE.values())) + _function("versions", body)
    install(devices.ENTRY_POINTS, "theirs", code)
    with pytest.raises(ExtensionError, match=NAMED):
        devices.versions_of("theirs")


# Forms, runtimes and builders: parts that a worker process asks, where a failure is that of the case.


@pytest.mark.parametrize("body", [*TYPE_OR_EXIT, "return None", "return 5"])
def test_a_form_that_raises_or_returns_no_network(
    body: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(forms.ENTRY_POINTS, "theirs", ODD + _function("apply", body))
    _others_work(capsys)
    with pytest.raises(ExtensionError, match=rf"form 'theirs', {NAMED}, failed: "):
        forms.build(Case(network="null-1", resolution=32, form="theirs"))


def test_a_form_without_a_function(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(forms.ENTRY_POINTS, "theirs", "apply = 5")
    _others_work(capsys)
    with pytest.raises(ExtensionError, match=rf"{NAMED} as form 'theirs': apply is of type int, and not a function"):
        forms.build(Case(network="null-1", resolution=32, form="theirs"))


def test_a_form_that_runs_out_of_memory_or_lacks_a_variable_says_so(install: Install) -> None:
    case = Case(network="null-1", resolution=32, form="theirs")
    install(forms.ENTRY_POINTS, "theirs", _function("apply", "raise MemoryError"))
    with pytest.raises(MemoryError):
        forms.build(case)
    install(forms.ENTRY_POINTS, "other", "import os\n" + _function("apply", "os.environ['THEIR_TOKEN']"))
    with pytest.raises(ExtensionError) as caught:
        forms.build(msgspec.structs.replace(case, form="other"))
    assert reason_for(caught.value).startswith("needs the environment variable THEIR_TOKEN")


RUNTIME = {
    "unavailable": "return None", "prepare": "return folder / 'x'", "load": "return None",
    "threads": "return 1", "versions": "return {}",
}  # fmt: skip
ARGUMENTS = {"prepare": "case, network, example, folder", "load": "case, artifact"}


def _runtime(fault: str = "") -> str:
    return ODD + "".join(_function(name, body, ARGUMENTS.get(name, "")) for name, body in RUNTIME.items()) + fault


@pytest.mark.parametrize("name", RUNTIME)
def test_a_runtime_of_which_a_function_is_none(name: str, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", _runtime(f"{name} = 'x'"))
    _others_work(capsys)
    with pytest.raises(ExtensionError, match=rf"{NAMED} as runtime 'theirs': {name} is of type str, and not a functi"):
        runtimes.get("theirs")


@pytest.mark.parametrize("body", [*TYPE_OR_EXIT, "return 5", "return False"])
def test_a_runtime_that_cannot_say_whether_it_is_available(body: str, install: Install) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", _runtime(_function("unavailable", body)))
    with pytest.raises(ExtensionError, match=NAMED):
        runtimes.unavailable_in_worker("theirs")


@pytest.mark.parametrize("body", [*TYPE_OR_EXIT, "return None", "return 'x'"])
def test_a_runtime_whose_preparation_raises_or_returns_no_path_fails_its_case(
    body: str, install: Install, tmp_path: Path
) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", _runtime(_function("prepare", body)))
    case = Case(network="null-1", resolution=32, runtime="theirs")
    answer = Worker().answer(Prepare(case=case, batches=(1,), folder=str(tmp_path), seed=0))
    assert isinstance(answer, Failed)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        *[(name, body) for name in ("threads", "versions") for body in TYPE_OR_EXIT],
        ("threads", "return 'x'"),
        ("versions", "return 5"),
    ],
)
def test_a_runtime_that_does_not_know_its_threads_or_versions_is_named(name: str, body: str, install: Install) -> None:
    from levit_bench.measuring.worker import _runtime_report

    install(runtimes.ENTRY_POINTS, "theirs", _runtime(_function(name, body)))
    with pytest.raises(ExtensionError, match=NAMED):
        _runtime_report("theirs")


BUILDER = (
    f"from torch import nn\n{ODD}"
    "def owns(name): return name == 'theirs-1'\n"
    "def default_resolution(name): return 32\n"
    "def build(name, resolution): return nn.Identity()\n"
)


@pytest.mark.parametrize(
    "fault",
    [
        *[f"{name} = 5" for name in ("owns", "default_resolution", "build", "channels", "dtype", "look")],
        "del build",
        *[
            _function(name, body)
            for name in ("owns", "default_resolution", "channels", "dtype")
            for body in TYPE_OR_EXIT
        ],
        *[
            _function("default_resolution", f"return {size}")
            for size in ("'x'", "None", "(1, 2, 3)", "0", "True", "1.5")
        ],
        *[_function("channels", f"return {number}") for number in ("'3'", "None", "-1")],
        *[_function("dtype", f"return {dtype}") for dtype in ("5", "'float64'", "['float32']")],
    ],
)
def test_a_builder_of_which_something_is_of_a_wrong_kind_or_raises(
    fault: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(networks.ENTRY_POINTS, "theirs", BUILDER + fault)
    _others_work(capsys)
    found = networks.resolve(["theirs-1", "resnet18"])
    assert found.shapes == {"resnet18": ImageShape.square(224)}
    assert "the package their-theirs 1.0" in found.missing["theirs-1"]


@pytest.mark.parametrize("body", ["raise OSError('no')", "import sys; sys.exit(3)", "return None", "raise Odd"])
def test_a_builder_that_builds_no_network_is_named(body: str, install: Install) -> None:
    install(networks.ENTRY_POINTS, "theirs", BUILDER + _function("build", body))
    with pytest.raises(ExtensionError, match=NAMED):
        networks.build("theirs-1", ImageShape.square(32))


def test_who_asks_for_a_network_of_a_faulty_builder_is_told_which_package(install: Install) -> None:
    from levit_bench.asking.request import subjects

    class Here(Workshop):
        resolve = staticmethod(networks.resolve)  # type: ignore[assignment]

        def __init__(self) -> None:
            """Without a worker process."""

    install(networks.ENTRY_POINTS, "theirs", BUILDER + _function("owns", "raise OSError('no')"))
    with pytest.raises(UsageError, match=NAMED):
        subjects(Request(networks=("theirs-1",)), Here())


# What is known before anything is loaded: names and modules.

GROUPS = {
    "form": forms.POINT, "runtime": runtimes.POINT, "device": devices.POINT, "precision": precisions.POINT,
    "builder of networks": networks.POINT,
}  # fmt: skip
HOSTILE = (
    "a" * (LONGEST_NAME + 1), "a" * 300, "a,b", "up per", "a\tb", "bell\x07", "esc\x1b[31m", "wi\u3000de", NO_CHOICE,
    "turned\u202e",
)  # fmt: skip


@pytest.mark.parametrize("kind", GROUPS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_no_option_can_say_is_left_out_with_the_reason(kind: str, name: str, install: Install) -> None:
    point: ExtensionPoint[object] = GROUPS[kind]  # type: ignore[assignment]
    before = point.names()
    install(point.group, name, "raise OSError('is loaded')", package="their-theirs")
    assert point.names() == before
    for refuse in (point.check, point.get):
        with pytest.raises(ExtensionError, match=rf"{NAMED}, is left out: ") as caught:
            refuse(name)
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()


def test_a_name_as_long_as_it_may_be_is_as_good_as_any(install: Install) -> None:
    name = "a" * LONGEST_NAME
    install(forms.ENTRY_POINTS, name, "def apply(network, example): return network")
    assert name in forms.names()
    assert check(Request(networks=("levit_128s",), forms=(name,))) == "cpu"


def test_lists_of_what_can_be_chosen_end_before_they_flood_a_message(install: Install) -> None:
    for number in range(30):
        install(forms.ENTRY_POINTS, f"{number:02}{'x' * 50}", "", package=f"p{number}")
    with pytest.raises(ExtensionError, match=r"Choose from shipped, inference, 00.* and 20 more\.$") as caught:
        check(Request(networks=("levit_128s",), forms=("nosuch",)))
    assert len(str(caught.value)) < 900


@pytest.mark.parametrize("kind", GROUPS)
def test_a_module_that_is_not_there_and_a_name_of_two_packages_are_known_before_anything_is_loaded(
    kind: str, install: Install
) -> None:
    point: ExtensionPoint[object] = GROUPS[kind]  # type: ignore[assignment]
    install(point.group, "theirs", "raise OSError('is loaded')", value="no_such_module_here.inner:THEIRS")
    with pytest.raises(ExtensionError, match=rf"{NAMED} as {kind} 'theirs': there is no module 'no_such_module_here'"):
        point.check("theirs")
    install(point.group, "both", "raise OSError('is loaded')", package="one")
    install(point.group, "both", "raise OSError('is loaded')", package="other")
    with pytest.raises(ExtensionError, match=rf"{kind} 'both' is offered by two packages: .* Uninstall one of them"):
        point.check("both")


@pytest.mark.parametrize("axis", ["runtimes", "forms"])
def test_a_request_for_such_a_runtime_or_form_is_refused_before_it_is_planned(axis: str, install: Install) -> None:
    group = f"levit_bench.{axis}"
    install(group, "theirs", "", value="no_such_module_here")
    install(group, "both", "", package="one")
    install(group, "both", "", package="other")
    for name in ("theirs", "both"):
        with pytest.raises(UsageError, match=rf"'{name}'"):
            check(Request(networks=("levit_128s",), **{axis: (name,)}))  # type: ignore[arg-type]


def test_a_list_of_runtimes_says_which_cannot_be_asked_for(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", "", value="no_such_module_here")
    install(runtimes.ENTRY_POINTS, "both", "", package="one")
    install(runtimes.ENTRY_POINTS, "both", "", package="other")
    install(runtimes.ENTRY_POINTS, "sound", "raise OSError('is loaded')")
    install(runtimes.ENTRY_POINTS, "up per", "")
    unavailable = {row["name"]: row["unavailable"] for row in _others_work(capsys) if row["devices"] == []}
    assert unavailable.keys() == {"theirs", "both", "sound"}
    assert unavailable["sound"] is None
    assert "there is no module 'no_such_module_here'" in str(unavailable["theirs"])
    assert "is offered by two packages" in str(unavailable["both"])


def test_a_module_is_looked_for_without_being_imported(install: Install) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", "raise OSError('is loaded')", value="MODULE:inner.thing")
    runtimes.POINT.check("theirs")


def test_a_plan_names_the_runtimes_and_forms_that_its_session_could_not_load(install: Install) -> None:
    faults = {
        "raises": "raise OSError('libtheirs.so is missing')",
        "leaves": "import sys; sys.exit(3)",
        "lacks": "",
        "absent": _runtime(_function("unavailable", "return 'no chip of theirs here'", "")) + _function("apply", "0"),
        "sound": _runtime() + _function("apply", "0"),
    }
    for group, axis in ((runtimes.ENTRY_POINTS, "runtime"), (forms.ENTRY_POINTS, "form")):
        for name, code in faults.items():
            install(group, name, code, package=f"their-{axis}-{name}")
    install(runtimes.ENTRY_POINTS, "dies", "import os; os._exit(4)", package="their-runtime-dies")
    plain = Case(network="levit_128s", resolution=224)
    cases = [msgspec.structs.replace(plain, **{axis: name}) for axis in ("runtime", "form") for name in faults]
    cases.append(msgspec.structs.replace(plain, runtime="dies"))
    with Workshop(0, 300.0) as workshop:
        assert workshop.unusable([plain]) == []
        found = {finding.message for finding in workshop.unusable([*cases, *cases])}
    for package in (
        *(f"{axis}-{name}" for axis in ("runtime", "form") for name in ("raises", "leaves", "lacks")),
        "runtime-dies",
    ):
        (message,) = (message for message in found if f"the package their-{package} 1.0" in message)
        assert message.endswith(". Its cases will fail.")
    assert {message for message in found if "absent" in message} == {
        "runtime 'absent' cannot run here: no chip of theirs here. Its cases will fail."
    }
    assert len(found) == 8


@pytest.mark.parametrize(("fault", "code"), [("raise OSError('no')", 1), (_runtime(), 0)])
def test_a_plan_ends_with_1_where_cases_would_fail(
    fault: str, code: int, install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(runtimes.ENTRY_POINTS, "theirs", fault)
    words = [
        "plan",
        "--networks",
        "levit_128s",
        "--runtime",
        "eager,theirs",
        "--budget",
        "1h",
        "--store",
        str(tmp_path),
    ]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code or 0) == code
    assert ("package-unusable: cannot load" in capsys.readouterr().err) == bool(code)
