"""``tenders``: one thin module per group of commands. Errors a person can act on are one line."""

from __future__ import annotations

import logging
import sys

from crawler import logs
from crawler.errors import TendersError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def main() -> None:
    """The entry point of the command ``tenders``."""
    from crawler.cli.app import app  # the commands' libraries load only when one runs

    try:
        app()
    except TendersError as error:
        logs.say(f"tenders: {error}", logging.ERROR)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        logs.say("tenders: interrupted; what was stored stays.", logging.WARNING)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
