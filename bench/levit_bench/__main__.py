"""Entry point of `levit-bench` and `python -m levit_bench`, handling interrupts from first import to end."""

import signal
import sys
from contextlib import suppress
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line as this process; Ctrl-C ends it with 130 and one line, also while it loads or ends."""
    try:
        from levit_bench.cli import main as command_line

        command_line()
    except KeyboardInterrupt:  # Before the command line could say so itself, or behind it.
        with suppress(OSError, ValueError, AttributeError):  # Standard error may be closed, or not be there.
            sys.stderr.write("levit-bench: interrupted.\n")
            sys.stderr.flush()
        sys.exit(130)
    except Exception as error:  # of a library that the command line itself needs, such as click: missing or too old
        from levit_bench.libraries import refusal
        from levit_bench.paths.file_kinds import is_folder_gone

        if isinstance(error, FileNotFoundError) and is_folder_gone():  # Python looks for modules in it, too.
            sys.stderr.write("levit-bench: the current folder was deleted. Go to one that exists, and try again.\n")
            sys.exit(2)
        if (unsuitable := refusal(error)) is None:
            raise
        sys.stderr.write(f"levit-bench: {unsuitable}\n")
        sys.exit(unsuitable.exit_code)
    finally:
        # All results are written: an interrupt may end Python's shutdown at once.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
