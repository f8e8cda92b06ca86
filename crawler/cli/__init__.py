"""``tenders``: one thin module per group of commands. Errors a person can act on are one line."""

from __future__ import annotations

import errno
import logging
import sys

from crawler import logs
from crawler.errors import TendersError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
_ROOM = "Make room, or give this user the right to write there; what was stored before stays."


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
    except Exception as error:
        words = _in_words(error)
        if words is None:
            raise
        logs.say(f"tenders: {words}", logging.ERROR)
        sys.exit(EXIT_FAILED)


def _in_words(error: Exception) -> str | None:
    """What to do about a disk that is full or a database that went away; None for what is ours."""
    if isinstance(error, OSError):
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            return None
        return f"{error.filename or 'a file'} cannot be written: {error.strerror}. {_ROOM}"
    if "sqlalchemy" not in sys.modules:
        return None
    from crawler.store.troubles import in_words

    return in_words(error)


if __name__ == "__main__":
    main()
