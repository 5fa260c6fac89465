"""One table of what a session is asked for beside networks and axes; the doors that have it, and those that do not."""

from __future__ import annotations

import inspect
from typing import Any

import levit_bench
import msgspec
import pytest
from click.testing import CliRunner
from levit_bench.asking import arguments
from levit_bench.asking.request import Request, protocol_of, subjects
from levit_bench.asking.session_options import BY_NAME, OF_A_NETWORK, OF_A_SESSION, OPTIONS, OptionKind
from levit_bench.axes import AXES, SEVERAL
from levit_bench.cli.verbs import aa, plan, run
from levit_bench.errors import UsageError
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.pytest_plugin import declare, options

from tests.door import plugin_options

ASKED = [axis for axis in AXES if axis.asked]
EXAMPLES: dict[OptionKind, Any] = {
    OptionKind.TIME: 90, OptionKind.NUMBER: 3, OptionKind.PERCENT: 78.5, OptionKind.TEXT: "x", OptionKind.FLAG: True,
}  # fmt: skip


def test_a_request_holds_every_axis_and_every_option_with_its_usual_value_and_nothing_else() -> None:
    fields = {one.name: one for one in msgspec.structs.fields(Request)}
    of_axes = {axis.plural or axis.name: axis for axis in ASKED}
    assert fields.keys() == {"networks", "stated"} | of_axes.keys() | BY_NAME.keys()
    for name, axis in of_axes.items():
        usual = axis.several if axis.plural else next(iter(axis.several), None)
        assert fields[name].default == usual, name
    assert {name: fields[name].default for name in BY_NAME} == {one.name: one.usual for one in OPTIONS}


def test_no_axis_and_no_option_share_a_name() -> None:
    assert not {name for axis in AXES for name in (axis.name, axis.plural)} & BY_NAME.keys()
    assert len(BY_NAME) == len(OPTIONS)


@pytest.mark.parametrize("verb", [run, plan, aa], ids=lambda verb: verb.__name__.rpartition(".")[2])
def test_verbs_that_measure_have_every_option_and_twins_none_that_ends_one_early(verb: Any) -> None:
    offered = {name for one in verb.command.params for name in one.opts}
    assert {axis.option for axis in ASKED} <= offered
    told = {one.option for one in OPTIONS if one.of_twins or verb is not aa}
    assert told <= offered
    assert not ({one.option for one in OPTIONS} - told) & offered


def test_the_help_says_the_words_of_the_tables() -> None:
    out = " ".join(CliRunner().invoke(run.command, ["--help"], terminal_width=100).output.split())
    for one in (*ASKED, *OPTIONS):
        assert " ".join(one.help.split()[:6]) in out, one.name
    assert "[default: pinned where it can be had]" in out
    assert "[default: eager]" in out


def test_python_takes_whatever_the_command_line_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def instead(request: Request, *_: object, **__: object) -> None:
        asked.append(request)
        raise KeyboardInterrupt

    monkeypatch.setattr("levit_bench.api.measure_request", instead)
    for one in OPTIONS:
        with pytest.raises(KeyboardInterrupt):
            levit_bench.measure("levit_192", **{one.name: EXAMPLES[one.kind]})
        expected = "90.000000s" if one.kind is OptionKind.TIME else EXAMPLES[one.kind]
        assert getattr(asked[-1], one.name) == expected
    for axis in ASKED:
        value: Any = {"size": "192x256", "names": "x", "name": "x"}.get(axis.kind, 2)
        with pytest.raises(KeyboardInterrupt):
            levit_bench.measure("levit_192", **{axis.name: value})
        assert getattr(asked[-1], axis.plural or axis.name) == ((value,) if axis.plural else value)


def test_what_python_spells_out_has_the_usual_values_and_the_rest_is_named_in_its_words() -> None:
    signature = inspect.signature(levit_bench.measure)
    spelt = set(signature.parameters) - {"networks", "store", "observer", "title", "more"}
    for name in spelt:
        default = signature.parameters[name].default
        usual = BY_NAME[name].usual if name in BY_NAME else (*SEVERAL[name].several, ())[0]
        assert default == usual, name
    words = inspect.getdoc(levit_bench.measure) or ""
    for one in (*ASKED, *OPTIONS):
        assert (f"\n    {one.name}: " if one.name in spelt else f"`{one.name}`") in words, one.name


@pytest.mark.parametrize("one", [one for one in OPTIONS if one.kind is not OptionKind.TEXT], ids=lambda one: one.name)
def test_a_value_of_another_kind_is_refused_by_the_name_of_its_option(one: Any) -> None:
    with pytest.raises(UsageError, match=f"^{one.name}="):
        arguments.fields({one.name: [object()]})


def test_pytest_has_every_option_but_what_the_mark_says_of_its_network() -> None:
    offered = {name for name, *_ in (*plugin_options.options(), *plugin_options.flags())}
    of_requests = {"networks", "store", "reuse", *(one.option[2:] for one in (*ASKED, *OF_A_SESSION))}
    assert offered == of_requests | set(plugin_options.of_gate())
    assert {one.name for one in OF_A_NETWORK} <= set(plugin_options.marked())


def test_goals_and_the_second_timer_reach_the_protocol_from_pytest() -> None:
    assert protocol_of(Request(networks=("levit_192",), **options({"race": True, "cross-check": True}))).goal == "race"
    protocol = protocol_of(Request(networks=("levit_192",), **options({"target-error": "1%", "cross-check": True})))
    assert (protocol.goal, protocol.witness) == ("target-error", True)
    (one,) = declare(["levit_192"], {}, options({"target-error": "1%"}))
    assert one.request.target_error == "1%"
    with pytest.raises(UsageError, match="two goals"):
        options({"race": True, "target-error": "1%"})


def test_cases_come_in_one_order_at_every_door() -> None:
    asked: dict[str, Any] = {
        "networks": ("levit_192", "levit_128s"), "batches": (1, 2), "threads": (1, 2), "streams": (1,),
        "allocators": (default_allocator(),), "forms": ("shipped", "inference"), "precisions": ("fp32", "bf16"),
    }  # fmt: skip
    chosen = [one.case for one in subjects(Request(**asked), None)]  # type: ignore[arg-type]
    declared = [subjects(one.request, None)[0].case for one in declare([], {}, asked)]  # type: ignore[arg-type]
    assert len(chosen) == 32
    assert declared == chosen
    assert [case.form for case in chosen[:4]] == ["shipped", "inference"] * 2
    assert [case.network for case in chosen[:8]] == ["levit_192"] * 4 + ["levit_128s"] * 4
