"""Options that several verbs share, so that they mean the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levit_bench.catalog.network_calls import words
from levit_bench.errors import UsageError
from levit_bench.numbers.units import batches, whole_numbers

if TYPE_CHECKING:
    from levit_bench.asking.request import Request

_Command = Callable[..., Any]


class Numbers(click.ParamType[tuple[int, ...]]):
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


class Batches(click.ParamType[tuple[int, ...]]):
    """Comma-separated batches, `max` among them."""

    name = "N[,N…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:  # noqa: ANN401
        """The batches, each once, in their order."""
        if isinstance(value, tuple):
            return value
        try:
            return batches(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


class Words(click.ParamType[tuple[str, ...]]):
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


class Verb(click.Command):
    """A verb that says so when an option is given twice: of its values the last one counts, as everywhere."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given: dict[str, list[str]] = {}
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for option in order:
            if isinstance(option, click.Option) and not (option.multiple or option.is_flag or option.count):
                given.setdefault(option.opts[0], []).append(option.opts[0])
        for name, times in given.items():
            if len(times) > 1:
                click.echo(f"{name} is given {len(times)} times, and the last one counts.{_as_list(name)}", err=True)
        return super().parse_args(ctx, args)


def _as_list(option: str) -> str:
    lists = {"--networks": "levit_192,levit_128s", "--batch": "1,16", "--threads": "1,2", "--streams": "1,2"}
    several = lists.get(option)
    return f" Several values are one list: {option} {several}" if several else ""


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


def session_option(command: _Command) -> _Command:
    """`--session`: one session of the store."""
    return click.option(
        "--session",
        "session",
        metavar="NAME",
        help="One session: its name, the beginning of it, its tag, or 'last', the newest that was not taken under an "
        "emulator.",
    )(command)


def where_option(command: _Command) -> _Command:
    """`--where`: choose among what is stored."""
    return click.option(
        "--where",
        "wanted",
        metavar="FIELD=VALUE[,…]",
        multiple=True,
        help="Keep records with this value, such as threads=1 or batch=1,allocator=pinned. May be repeated.",
    )(command)


def set_option(command: _Command) -> _Command:
    """`--set`: one set of images."""
    return click.option(
        "--set",
        "on",
        metavar="NAME",
        help="One set of images that accuracies were scored on, such as my-parts, where several are stored.",
    )(command)


def json_option(command: _Command) -> _Command:
    """`--json`: one document for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def request_options(command: _Command) -> _Command:
    """What to measure and how long: the same for `run` and `plan`."""
    options = (
        click.option(
            "--networks",
            type=Words(),
            default=(),
            help="Names, globs, groups, timm names, module:function, nets.py:function or a TOML file of networks; "
            "NAME@PIXELS for another input size: NAME@256, or height x width such as NAME@192x256.",
        ),
        click.option(
            "--accuracy",
            type=float,
            metavar="PERCENT",
            help="Top-1 of the one network that is not in the catalog, on ImageNet-1k's validation set or --dataset.",
        ),
        click.option("--dataset", default="", metavar="NAME", help="Set of images that --accuracy was scored on."),
        click.option("--images", type=int, metavar="N", help="Images in that set."),
        click.option("--classes", type=int, metavar="N", help="Classes in that set."),
        click.option(
            "--label", default="", metavar="TEXT", help="What figures and tables call that network, such as 'Ours v2'."
        ),
        click.option(
            "--batch",
            "batches",
            type=Batches(),
            default="1",
            show_default=True,
            help="Images a pass; 1..256 are the powers of two, and max is the largest that fits into a GPU.",
        ),
        click.option("--threads", type=Numbers(), default="1", show_default=True, help="Threads of a pass."),
        click.option(
            "--streams",
            type=Numbers(),
            default="1",
            show_default=True,
            help="Processes that work at once on images of their own, each with its threads bound to processors that "
            "no other stream uses; 'levit-bench scaling' compares them with threads.",
        ),
        click.option(
            "--allocator",
            "allocators",
            type=Words(),
            default=(),
            help="shipped, pinned or both: host memory as the C library ships it, or never given back. "
            "[default: pinned where it can be had]",
        ),
        click.option(
            "--form",
            "forms",
            type=Words(),
            default="shipped",
            show_default=True,
            help="shipped, inference or both: networks as their library builds them, or with BatchNorms and branches "
            "folded into one convolution.",
        ),
        click.option(
            "--precision",
            "precisions",
            type=Words(),
            default="fp32",
            show_default=True,
            help="fp32, tf32 (GPUs), fp16, bf16 or several: number format of weights and activations.",
        ),
        click.option(
            "--device",
            default="cpu",
            show_default=True,
            help="cpu, cuda (an NVIDIA GPU) or mps (an Apple GPU); arm checks that the processor is one of ARM's.",
        ),
        click.option(
            "--runtime",
            "runtimes",
            type=Words(),
            default="eager",
            show_default=True,
            help="What executes the networks, one or several: eager, channels-last, torchscript, compile, onnxruntime, "
            "openvino; on a GPU also cuda-graphs. 'levit-bench list --runtimes' says what runs here.",
        ),
        click.option(
            "--resolution",
            metavar="PIXELS",
            help="Input size for all networks instead of each one's own: 224, or height x width such as 192x256.",
        ),
        click.option("--budget", default="60s", show_default=True, help="Time for all runs together: 60s, 3m, 1h30m."),
        click.option(
            "--seats",
            default="auto",
            show_default=True,
            help="Which cases share a process: all of one environment (shared), none (alone), or those with the "
            "allocator pinned (auto).",
        ),
        click.option(
            "--bind",
            is_flag=True,
            help="Bind each process to as many processors as it has threads, whole cores first; streams always are.",
        ),
        click.option("--timeout", default="5m", show_default=True, help="When a load counts as hung, at the earliest."),
        click.option(
            "--seed",
            type=int,
            default=0,
            show_default=True,
            help="Seed of weights, inputs and, with the session's name, orders.",
        ),
        click.option("--thin", is_flag=True, help="Measure even when the budget is too small for an honest interval."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def goal_options(command: _Command) -> _Command:
    """What may end the measuring before its budget does, and who else measures: the same for `run` and `plan`."""
    options = (
        click.option(
            "--target-error",
            default="",
            metavar="PERCENT",
            help="Stop timing a network once its ratio to the yardstick is known to ±PERCENT, such as 1%; the budget "
            "is the most that is spent. Looked at two or three times, declared beforehand.",
        ),
        click.option(
            "--witness",
            is_flag=True,
            help="Let torch's own benchmark timer time every turn as well, interleaved; 'show --witness' compares.",
        ),
        click.option(
            "--race",
            is_flag=True,
            help="Race for the front: stop timing networks that are surely on it or surely beaten, so that turns go "
            "where the place is in doubt.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def request_from(given: dict[str, Any]) -> Request:
    """The request of the shared options.

    Raises:
        UsageError: no network was named, or nothing can be measured by this installation.
    """
    from levit_bench.asking.workshop import require_workshop

    require_workshop()
    from levit_bench.asking.request import Request

    if not given["networks"]:
        raise UsageError("no network was named. Try --networks paper, or see 'levit-bench list'.")
    return Request(**given)


def percent(option: str, value: float) -> float:
    """An accuracy in percent.

    Raises:
        UsageError: it is a share, or no accuracy at all.
    """
    if not 1 < value <= 100:
        raise UsageError(f"{option} {value:g}: give percent between 1 and 100, such as 80.")
    return value


def conditions_from(wanted: tuple[str, ...], option: str = "--where") -> dict[str, str]:
    """`--where`, or another option of its kind, as fields and values; commas separate several.

    Raises:
        UsageError: one has no `=`.
    """
    # A comma that no field follows belongs to a value.
    pairs = [text.partition("=") for several in wanted for text in re.split(r",(?=\s*\w+\s*=)", several)]
    for field, equals, _ in pairs:
        if not equals:
            raise UsageError(f"{option} {field!r} has no value. Write FIELD=VALUE, such as threads=1.")
    return {field.strip(): value.strip() for field, _, value in pairs}
