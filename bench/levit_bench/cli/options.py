"""Options that several verbs share, so that they mean the same everywhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levit_bench import axes
from levit_bench.asking.session_options import OF_A_NETWORK, OF_A_SESSION, OptionKind, SessionOption
from levit_bench.catalog.network_calls import words
from levit_bench.command_lines import command_line, of_stores
from levit_bench.errors import UsageError
from levit_bench.numbers.units import whole_numbers

if TYPE_CHECKING:
    from levit_bench.asking.request import Request

_Command = Callable[..., Any]
_Decorator = Callable[[_Command], Any]


class _OptionType(click.ParamType):  # type: ignore[type-arg]  # generic in click 8.4 and later alone
    """A type of options; without a parameter of its own, so that any click from 8.1 on can read the class."""


class Numbers(_OptionType):
    """Comma-separated whole numbers."""

    name = "N[,N…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:  # noqa: ANN401
        """The numbers, each once, in their order."""
        if isinstance(value, tuple):
            return value
        try:
            return whole_numbers(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


class OfTable(_OptionType):
    """The value of an axis or of an option of a session, read as in pytest's options.

    Args:
        name: of the axis or option.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The value; a default that is not a text is one already.

        Raises:
            click.UsageError: with a message that names the option, so that click does not name it again.
        """
        if not isinstance(value, str):
            return value
        from levit_bench.asking import arguments  # late: help and reading verbs need no records

        try:
            return arguments.of_option(self.name, value)
        except UsageError as error:
            raise click.UsageError(str(error), ctx) from error


class Words(_OptionType):
    """Comma-separated words."""

    name = "NAME[,NAME…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ANN401
        """The words, each once, in their order."""
        if isinstance(value, tuple):
            return value
        try:
            return words(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


class ListOption(click.Option):
    """An option with a list of values that may be given several times: the lists are joined, each value once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (those of click's option)
        super().__init__(*args, **{**kwargs, "multiple": True})

    def process_value(self, ctx: click.Context, value: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """The values of all lists, in their order."""
        lists = super().process_value(ctx, value) or ()
        return tuple(dict.fromkeys(item for items in lists for item in items))


class Verb(click.Command):
    """A verb that refuses an option of one value that is given twice: click would drop all but the last."""

    def __init__(self, name: str | None, **kwargs: Any) -> None:  # noqa: ANN401 (those of click's command)
        # click keeps a command's help option as it was first asked for: with these names also without the group.
        super().__init__(name, {"help_option_names": ["-h", "--help"]}, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        names = [
            parameter.opts[0]
            for parameter in order
            if isinstance(parameter, click.Option) and not (parameter.multiple or parameter.is_flag or parameter.count)
        ]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise click.UsageError(
                f"{twice} is given {names.count(twice)} times, and takes one value. Give it once.", ctx
            )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (as click has it)
        """Run the verb; command lines that its messages name are about the same stores."""
        with of_stores(ctx.params.get("stores") or ([ctx.params["root"]] if "root" in ctx.params else [])):
            return super().invoke(ctx)


def store_option(command: _Command) -> _Command:
    """`--store`: where sessions are kept."""
    return click.option(
        "--store",
        "root",
        type=click.Path(path_type=Path),
        default=Path("results"),
        show_default=True,
        help="Folder of sessions, or one session file.",
    )(command)


def where_option(command: _Command) -> _Command:
    """`--where`: choose among stored records."""
    return click.option(
        "--where",
        "where",
        metavar="FIELD=VALUE[,…]",
        multiple=True,
        help="Keep cases with this value, such as threads=1, or one of several: batch=1,16. Several fields: "
        "batch=1,allocator=pinned. May be repeated.",
    )(command)


def choice_options(command: _Command) -> _Command:
    """Options that choose stored sessions and their cases; the command receives them as one `choice`.

    They are `--store`, `--session`, `--since`, `--until`, `--title` and `--where`.
    """

    @functools.wraps(command)
    def with_choice(
        *,
        stores: tuple[Path, ...],
        sessions: tuple[str, ...],
        since: str | None,
        until: str | None,
        session_title: str | None,
        where: tuple[str, ...],
        **others: Any,  # noqa: ANN401 (the command's own)
    ) -> Any:  # noqa: ANN401 (what the command returns)
        from levit_bench.numbers.dates import period
        from levit_bench.reading.session_choice import SessionChoice, wanted_title

        choice = SessionChoice(
            stores, sessions, period(since, until), wanted_title(session_title), several_conditions_from(where)
        )
        return command(choice=choice, **others)

    options: list[_Decorator] = [
        click.option(
            "--store", "stores", type=click.Path(path_type=Path), multiple=True, default=(Path("results"),),
            help="Folder of sessions, or one session file. Several are read as one.  [default: results]",
        ),
        click.option(
            "--session", "sessions", metavar="NAME", multiple=True,
            help="A session: its name, the beginning of it, its tag, or 'last', the newest that was not taken under an "
            "emulator. May be repeated.",
        ),
        click.option(
            "--since", metavar="TIME", help="Sessions from then on, in UTC: 2026-11-26, 2026-11, or 7d ago.",
        ),
        click.option("--until", metavar="TIME", help="Sessions up to then; of a date the whole day."),
        click.option(
            "--title", "session_title", metavar="TEXT",
            help="Sessions whose title holds this text, or is like it where it has * or ?.",
        ),
        where_option,
    ]  # fmt: skip
    return _with_options(with_choice, options)


def set_option(command: _Command) -> _Command:
    """`--set`: one set of images."""
    return click.option(
        "--set",
        "on",
        metavar="NAME",
        help="One set of images that accuracies were scored on, such as my-parts, where several are stored.",
    )(command)


def published_options(command: _Command) -> _Command:
    """Options that choose published figures to show beside measured ones; the command receives them as `files`,
    `published_networks` and `batches`.
    """
    options: list[_Decorator] = [
        click.option(
            "--published", "files", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
            help="A CSV file of timm's results: inference speeds to show beside the measured ones, or accuracies. May "
            "be repeated.",
        ),
        click.option(
            "--published-networks", cls=ListOption, type=Words(), default=(("measured",),),
            help="Which published speeds: of networks that are measured too, 'all', or names, groups, timm names and "
            "globs.  [default: measured]",
        ),
        click.option(
            "--published-batch", "batches", cls=ListOption, type=Numbers(),
            help="Published speeds of these batch sizes.",
        ),
    ]  # fmt: skip
    return _with_options(command, options)


def json_option(command: _Command) -> _Command:
    """`--json`: print one JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def _of_axis(axis: axes.Axis) -> _Decorator:
    """The option of an axis."""
    name = axis.plural or axis.name
    shown: dict[str, Any] = {"metavar": axis.metavar, "type": OfTable(axis.name)}
    if axis.usual_words:
        words = f"{axis.help} [default: {axis.usual_words}]"
        return click.option(axis.option, name, cls=ListOption, help=words, **shown)
    if axis.kind is axes.AxisKind.SIZE:
        return click.option(axis.option, name, help=axis.help, **shown)
    if axis.plural:
        usual = str(axis.usual)  # Click would put it in brackets of its own.
        words = f"{axis.help}  [default: {usual}]"
        return click.option(axis.option, name, cls=ListOption, default=(usual,), help=words, **shown)
    return click.option(axis.option, name, default=str(axis.usual), show_default=True, help=axis.help, **shown)


def _of_session(option: SessionOption) -> _Decorator:
    """An option of a session."""
    if option.kind is OptionKind.FLAG:
        return click.option(option.option, option.name, is_flag=True, help=option.help)
    shown: dict[str, Any] = {"metavar": option.metavar, "type": OfTable(option.name), "help": option.help}
    if option.usual is None:
        return click.option(option.option, option.name, **shown)
    return click.option(option.option, option.name, default=option.usual, show_default=option.usual != "", **shown)


def _with_options(command: _Command, options: Sequence[_Decorator]) -> _Command:
    """A command with further options, in that order."""
    for option in reversed(options):
        command = option(command)
    return command


def request_options(command: _Command) -> _Command:
    """Options about what to measure and how long: the same for `run`, `plan` and `aa`."""
    options = [
        _networks_option(),
        *map(_of_session, OF_A_NETWORK),
        *(_of_axis(axis) for axis in axes.AXES if axis.asked),
        *(_of_session(option) for option in OF_A_SESSION if option.of_twins),
    ]
    return _with_options(command, options)


def gate_request_options(command: _Command) -> _Command:
    """The same without those of one network, which state figures, and without the start of processes.

    A gate compares times alone, and all processes of its sides start in the same way.
    """
    options = [
        _networks_option(),
        *(_of_axis(axis) for axis in axes.AXES if axis.asked),
        *(_of_session(option) for option in OF_A_SESSION if option.of_twins and option.name != "start_method"),
    ]
    return _with_options(command, options)


def _networks_option() -> _Decorator:
    """`--networks`."""
    return click.option(
        "--networks",
        cls=ListOption,
        type=Words(),
        help="Names, globs, groups, timm names, module:function, nets.py:function, model files such as model.onnx, or "
        "a TOML file of networks; NAME@PIXELS for another input size: NAME@256, or height x width such as "
        "NAME@192x256.",
    )


def goal_options(command: _Command) -> _Command:
    """Options that may end a session before its budget, and the second timer: the same for `run` and `plan`."""
    return _with_options(command, [_of_session(option) for option in OF_A_SESSION if not option.of_twins])


def request_from(options: dict[str, Any]) -> Request:
    """The request of the shared options.

    Raises:
        UsageError: no network was named, or nothing can be measured by this installation.
    """
    from levit_bench.asking.ability import require_measuring

    require_measuring()
    from levit_bench.asking.request import Request

    if not options["networks"]:
        raise UsageError(f"no network was named. Try --networks paper, or see {command_line('list')!r}.")
    return Request(**options)


def percent(option: str, value: float) -> float:
    """An accuracy in percent.

    Raises:
        UsageError: it is a share, or out of range.
    """
    if not 1 < value <= 100:
        raise UsageError(f"{option} {value:g}: give percent between 1 and 100, such as 80.")
    return value


def several_conditions_from(arguments: tuple[str, ...], option: str = "--where") -> dict[str, tuple[str, ...]]:
    """`--where`, or another option of its kind, as fields, each with all values that it was given.

    A comma before `field=` begins another condition; any other belongs to the value, which may be a list.

    Raises:
        UsageError: one has no `=`, or nothing behind it.
    """
    # Names of fields are lower case: a shell's variables, NAME=VALUE, are part of a value.
    pairs = [text.partition("=") for argument in arguments for text in re.split(r",(?=\s*[a-z_]+\s*=)", argument)]
    out: dict[str, tuple[str, ...]] = {}
    for field, equals, value in pairs:
        if not equals or not value.strip():
            raise UsageError(f"{option} {field!r} has no value. Write FIELD=VALUE, such as threads=1.")
        values = out.get(field.strip(), ())
        out[field.strip()] = values if value.strip() in values else (*values, value.strip())
    return out


def conditions_from(arguments: tuple[str, ...], option: str) -> dict[str, str]:
    """Fields and one value each, of an option that chooses one thing.

    Raises:
        UsageError: one has no value, or a field is given two.
    """
    several = several_conditions_from(arguments, option)
    if twice := next((field for field, values in several.items() if len(values) > 1), None):
        raise UsageError(f"{option} gives {twice} {len(several[twice])} values, and chooses one. Give one of them.")
    return {field: values[0] for field, values in several.items()}
