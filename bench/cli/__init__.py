"""The command `levit-bench`: one file a verb, loaded when the verb is used.

Joins the wings and prints; measures and judges nothing. Results go to stdout, progress and findings to stderr.
"""

from __future__ import annotations

import importlib
import signal
import sys
from typing import NoReturn

import click

from bench.errors import EXIT_INTERRUPTED, EXIT_USAGE, BenchError
from bench.report.text import visible
from bench.version import VERSION

_VERBS = {
    "run": "Time networks on this machine and store the session.",
    "front": "Draw the speed/accuracy Pareto front of what is stored.",
    "pick": "Name the network to take within a limit of speed or top-1, with its ties.",
    "show": "Show what is stored, one line a case.",
    "compare": "Compare two stored sessions case by case: slower, faster, same, inconclusive.",
    "tag": "Name sessions, such as the baseline to compare with.",
    "explain": "Say where the ratio between two cases comes from: work, allocator, efficiency.",
    "scaling": "Show what further threads and streams bring, with efficiency.",
    "aa": "Time every case under two names: how often is a difference found where there is none?",
    "list": "List the networks of the catalog.",
    "plan": "Say what a run would do, how long it takes, and the smallest honest budget.",
    "machine": "Describe this machine and the state it is in.",
}


class _Verbs(click.Group):
    """Loads a verb's file when it is called, so that `--help` and `list` need no torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"bench.cli.{cmd_name}_verb").command
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

    Exit codes: 0 done, 1 a case failed or is slower, 2 usage, 3 nothing to show, not comparable
    or not told apart, 130 interrupted.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; every refusal is one line on stderr."""
    # A job scheduler's polite end and a closed terminal are interrupts, too: what was taken is kept.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        code = cli.main(args, prog_name="levit-bench", standalone_mode=False)
    except BenchError as error:
        # Messages quote names from files and from the command line: an escape in one must not reach the terminal.
        click.echo(f"levit-bench: {visible(str(error))}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("levit-bench: interrupted.", err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing is wrong.
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
