"""`levit-bench` and `python -m levit_bench`: the process around the command line, from its first import to its end."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line as this process; Ctrl-C ends it with 130 and no traceback, also while it loads or ends."""
    try:
        from levit_bench.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # Nothing is left to be kept: what Python does on its way out ends at once when asked to.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
