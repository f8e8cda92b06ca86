"""What the commands about subscribers share: finding somebody, and saying things plainly."""

from __future__ import annotations

import sqlalchemy as sa
from rich.console import Console
from rich.text import Text

from crawler.digest import wording
from crawler.digest.refusing import why
from crawler.errors import UsageError
from crawler.store import subscribers
from crawler.store.subscribers import Subscriber
from crawler.store.suppressions import Suppression

ORIGIN = "command line"


def known(engine: sa.Engine, email: str) -> Subscriber:
    """The subscriber with this address. Raises `UsageError` for a stranger."""
    with engine.connect() as connection:
        person = subscribers.find(connection, email)
    if person is None:
        raise UsageError(
            f"{email[:80]!r} is not subscribed. See who is with: tenders subscribers list"
        )
    return person


def evidence(agreed: str) -> str:
    """How somebody agreed, fit to be kept. Raises `UsageError` for empty words."""
    words = wording.plain(agreed, 150)
    if not words:
        raise UsageError("--consent is empty. Say how they agreed, such as: by phone, 3 May 2026")
    return words


def unreached(email: str, barred: Suppression) -> str:
    """Says that nothing is sent to `email`, why, and what helps."""
    server = wording.plain(barred.words, 200)
    return (
        f"Nothing is sent to {email}: {why(barred, 'their')}"
        + (f" ({server})" if server else "")
        + f". It goes on when they confirm anew; ask them with: tenders subscribers add {email}"
    )


def say(words: str) -> None:
    """Prints `words` as they are: nothing in them is markup."""
    Console().print(Text(words), soft_wrap=True)
