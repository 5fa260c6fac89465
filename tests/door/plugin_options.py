"""The options and the mark of `bench/levit_bench_pytest.py`, written from the tables of axes and of session options.

Options about a gate are those of `levit-bench gate`.

The plugin is one file that must not import the package before a marked test needs it, so it holds a copy of what it
registers; a test compares.

python -m tests.door.plugin_options        writes the copy
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import click
from levit_bench.asking.session_options import OF_A_NETWORK, OF_A_SESSION, OptionKind, SessionOption
from levit_bench.axes import AXES
from levit_bench.cli.verbs.gate import command

PLUGIN = Path(__file__).parents[2] / "bench" / "levit_bench_pytest.py"
_BEGIN = "# Written by tests/door/plugin_options.py from levit_bench.axes and levit_bench.asking.session_options.\n"
_END = "# Up to here.\n"
_NETWORKS = (
    "networks",
    "NAME[,NAME…]",
    "Networks of tests that leave them open: names, globs, groups. Default: paper.",
)
_YARDSTICK = (
    "The yardstick is a network of the shape of LeViT-128S that never changes, timed in every session, eager, batch 1."
)
_REUSE = (
    "reuse",
    "SESSION",
    "Read the cases from a stored session instead of timing them: its file, name, beginning of it, tag, or 'last'.",
)
_SIDES = (
    "Time what tests declare on a second side as well, in the same session, and fail those whose case is slower here: "
    "a revision such as main, an interpreter, requirements such as 'torch==2.12.*', values of axes such as "
    "runtime=eager, or several of these. Tests read the working tree's times. Example: pytest --benchmark --bench-gate "
    "main"
)
_GATE = ("gate", "SIDE", _SIDES)
_OF_GATE = ("find", "at-most", "margin", "min-effect", "out")
"""Options of `levit-bench gate` with values that pytest has as well."""
_FLAGS_OF_GATE = ("null", "allow-inconclusive", "allow-other-outputs")
_STORE = ("store", "FOLDER", "Folder of sessions. Default: results. Outside the repository: --bench-store=FOLDER.")


def options() -> list[tuple[str, str, str]]:
    """Name, metavar and help of every option that takes a value."""
    axes = [
        (axis.option[2:], axis.metavar, _with(axis.help, axis.usual_words or _text(*axis.several)))
        for axis in AXES
        if axis.asked
    ]
    of_a_session = [
        (option.option[2:], option.metavar, _with(_explained(option), _text(option.usual)))
        for option in OF_A_SESSION
        if option.kind is not OptionKind.FLAG
    ]
    return [_NETWORKS, *axes, *of_a_session, _REUSE, _STORE, *gate_options()]


def gate_options() -> list[tuple[str, str, str]]:
    """The same of those about a gate."""
    return [_GATE, *((name, *_of_verb(name)) for name in _OF_GATE)]


def _of_verb(name: str) -> tuple[str, str]:
    """Metavar and help of an option of `levit-bench gate`."""
    (found,) = (option for option in command.params if option.opts[0] == f"--{name}")
    assert isinstance(found, click.Option)
    default = found.default if isinstance(found.default, str) else ""
    return str(found.metavar or ""), _with(f"{found.help}", default)


def flags() -> list[tuple[str, str]]:
    """Name and help of every option that takes none."""
    of_a_session = [(option.option[2:], option.help) for option in OF_A_SESSION if option.kind is OptionKind.FLAG]
    return [*of_a_session, *((name, _of_verb(name)[1]) for name in _FLAGS_OF_GATE)]


def of_gate() -> list[str]:
    """Names of the options about a gate."""
    return [*(name for name, *_ in gate_options()), *_FLAGS_OF_GATE]


def marked() -> list[str]:
    """What a mark fixes by name."""
    return ["against", *(axis.name for axis in AXES if axis.asked), *(option.name for option in OF_A_NETWORK)]


def written() -> str:
    """The copy, as the plugin holds it."""
    mark = (
        f"(*networks, {', '.join(marked())}): cases of a test; what is left out, the command line chooses. Networks "
        "named as against are timed beside them, for measured.ratio()."
    )
    rows = [
        f"    (\n        {_quoted(name)}, {_quoted(metavar)},\n{_lines(text)}\n    ),"
        for name, metavar, text in options()
    ]
    plain = [f"    (\n        {_quoted(name)},\n{_lines(text)}\n    )," for name, text in flags()]
    return "\n".join(
        [
            "# fmt: off",
            "_MARKER = (",
            "    MARK +",
            f"{_lines(mark, 4)[:-1]}",
            ")",
            "_OPTIONS = (",
            *rows,
            ")",
            "_FLAGS = (",
            *plain,
            ")",
            "_OF_GATE = (",
            *(f"    {_quoted(name)}," for name in of_gate()),
            ")",
            "# fmt: on",
            "",
        ]
    )


def held() -> str:
    """The copy that the plugin holds."""
    _, _, after = PLUGIN.read_text(encoding="utf-8").partition(_BEGIN)
    return after.partition(_END)[0]


def main() -> None:
    """Write the copy."""
    before, begin, after = PLUGIN.read_text(encoding="utf-8").partition(_BEGIN)
    PLUGIN.write_text(f"{before}{begin}{written()}{_END}{after.partition(_END)[2]}", encoding="utf-8")


def _explained(option: SessionOption) -> str:
    """The help of an option; the one that speaks of the yardstick says what that is."""
    return f"{option.help} {_YARDSTICK}" if option.name == "target_error" else option.help


def _text(usual: object = None) -> str:
    return "" if usual in (None, "") else str(usual)


def _with(text: str, usual: str) -> str:
    return f"{text} Default: {usual}." if usual else text


def _lines(text: str, indent: int = 8) -> str:
    """A string, in parentheses where it needs several lines; argparse reads `%%` as a percent sign."""
    parts = textwrap.wrap(text.replace("%", "%%"), 100, drop_whitespace=False, break_on_hyphens=False)
    quoted = [_quoted(part) for part in parts]
    space = " " * indent
    if len(quoted) == 1:
        return f"{space}{quoted[0]},"
    return "\n".join([f"{space}(", *(f"{space}    {part}" for part in quoted), f"{space}),"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main()
