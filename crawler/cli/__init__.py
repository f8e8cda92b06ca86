"""``tenders``: one thin module per group of commands. Errors a person can act on are one line."""

from __future__ import annotations

import sys

from crawler.errors import TendersError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def main() -> None:
    """The entry point of the command ``tenders``."""
    from crawler.cli.app import app  # the commands' libraries load only when one runs

    try:
        app()
    except TendersError as error:
        sys.stderr.write(f"tenders: {error}\n")
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("tenders: interrupted; what was stored stays.\n")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
