"""The command `levit-bench`: one file a verb, loaded when the verb is used.

Verbs call the Python API and print what it returns. Results go to stdout, progress and findings to stderr.
"""

from __future__ import annotations

import difflib
import importlib
import re
import signal
import sys
import traceback
from collections.abc import Iterable
from typing import Any, NoReturn

import click

from levit_bench.cli.faults import FOLDER_GONE, is_of_lost_folder, is_traceback_wanted, message_and_exit_code, notes_of
from levit_bench.cli.standard_streams import ERR, OUT, guarded, settle
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_INTERRUPTED, EXIT_USAGE, BenchError
from levit_bench.report.words.safe_text import visible
from levit_bench.version import VERSION

_VERBS = {
    "run": "Time networks on this machine and store the session.",
    "front": "Draw the speed/accuracy Pareto front of what is stored.",
    "report": "Write one offline HTML page in which to find, compare and trace what is stored.",
    "pick": "Name the network to take within a limit of speed or top-1, with its ties.",
    "show": "Show what is stored, one line a case.",
    "compare": "Compare two stored sessions case by case: slower, faster, same, inconclusive.",
    "tag": "Name sessions, such as the baseline to compare with.",
    "gate": "Measure two revisions, environments or runtimes side by side, and judge the second.",
    "bisect": "Find the first slow commit, or version of a package, with gates as judge, and prove it.",
    "trend": "Follow cases over stored sessions: changes that last, where, how much, and who moved with whom.",
    "nightly": "Measure a stored plan, judge it against the trend, and write page and comment, in one command.",
    "export": "Write stored cases in the formats of other tools.",
    "import": "Turn a file of pytest-benchmark into published figures, to show beside measured ones.",
    "explain": "Say where the ratio between two cases comes from: work, allocator, efficiency.",
    "scaling": "Show what further threads and streams bring, with efficiency.",
    "aa": "Time every case under two names: how often is a difference found where there is none?",
    "list": "List the networks of the catalog.",
    "plan": "Say what a run would do, how long it takes, and the smallest honest budget.",
    "cache": "Show or remove what is kept between sessions: prepared networks, and what was read.",
    "machine": "Describe this machine and the state it is in.",
}
_MODULES = {"import": "import_file"}
"""Modules of verbs whose name is a word of Python's."""


_LONG_WORD = re.compile(r"\S{400,}")


class _NoVerbError(Exception):
    """No verb was named; the message is the help. Releases of click end differently here."""


class _Verbs(click.Group):
    """Loads a verb's file when it is called, so that `--help` and `list` need no torch."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise _NoVerbError(ctx.get_help())
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (as click has it)
        try:
            return super().invoke(ctx)
        except (EOFError, BrokenPipeError) as error:
            # click takes the first for Ctrl-C and the second for `| head`, and would exit silently. Neither can come
            # from the terminal here: no verb reads from it, and printing does not raise.
            raise RuntimeError(f"{type(error).__name__} {error}".strip()) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _VERBS and not args[0].startswith("-"):
            raise click.UsageError(f"No such command {args[0]!r}.{_nearest(args[0], _VERBS)}", ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = importlib.import_module(f"levit_bench.cli.verbs.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="levit-bench")
def cli() -> None:
    """Measure how fast and how right image classifiers are, and say how sure that is.

    \b
    Example:
      levit-bench run --networks levit_128s,efficientnet_b0 --threads 1 --batch 1 --budget 60s
      levit-bench front

    Exit codes: 0 done, 1 a case failed or is slower, or a file or stdout cannot be written, 2 usage, 3 nothing to
    show, not comparable or not told apart, 70 a fault of levit-bench, 130 interrupted.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; errors are lines on stderr, never a traceback.

    A closed stdout, as by `| head`, does not change the exit code.
    """
    # A job scheduler's SIGTERM and a closed terminal's SIGHUP are interrupts, too: completed turns are stored.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    settle()
    with guarded():
        code = _exit_code(args)
        OUT.flush()
        if OUT.lost is not None:
            _say(f"cannot write to stdout: {OUT.lost}. What was to be shown there is lost, and no file that was named.")
            code = code or EXIT_FAILED_CASE
    sys.exit(code)


def _exit_code(args: list[str] | None) -> int:
    """Run a command line and return its exit code; errors are printed on stderr."""
    try:
        code = cli.main(args, prog_name="levit-bench", standalone_mode=False)
    except BenchError as error:
        *before, last = (FOLDER_GONE,) if is_of_lost_folder(error) else error.lines
        _say(*before, f"{last}{notes_of(error)}")
        return error.exit_code
    except _NoVerbError as error:
        ERR.write(f"{error}\n")
        return EXIT_USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        _say(f"{_reason(error)} See '{context.command_path if context else 'levit-bench'} --help'.")
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt) as error:
        _say(f"interrupted.{notes_of(error)}")
        return EXIT_INTERRUPTED
    except Exception as error:
        if is_traceback_wanted():
            lines = "".join(traceback.format_exception(error)).splitlines()
            ERR.write("".join(f"{visible(line)}\n" for line in lines))
        message, code = message_and_exit_code(error)
        _say(f"{message}{notes_of(error)}")
        return code
    return code if isinstance(code, int) else EXIT_DONE


def _reason(error: click.ClickException) -> str:
    """What click refuses, in whole sentences; of an option that does not exist with the nearest one."""
    if isinstance(error, click.NoSuchOption):
        parameters = [] if error.ctx is None else error.ctx.command.get_params(error.ctx)
        names = [name for parameter in parameters for name in parameter.opts if name.startswith("--")]
        return f"No such option {error.option_name!r}.{_nearest(error.option_name, names)}"
    reason = error.format_message().rstrip()
    return reason if reason.endswith(("?", "!")) else f"{reason.rstrip('.')}."


def _nearest(text: str, names: Iterable[str]) -> str:
    """A sentence that names what was meant, with a space before it; empty where nothing is near."""
    near = difflib.get_close_matches(text[:80], names, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _say(*lines: str) -> None:
    """Print lines on stderr with control characters escaped: they quote names from files and from the command line."""
    texts = [_LONG_WORD.sub(lambda match: f"{match[0][:150]}…{match[0][-50:]}", visible(line)) for line in lines]
    ERR.write("levit-bench: " + "".join(f"{line}\n" for line in texts))
    ERR.flush()
