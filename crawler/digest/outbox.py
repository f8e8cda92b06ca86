"""Where a message goes once it is written: delivery asks for a `Mailer`, a folder is one."""

from __future__ import annotations

import email
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from crawler import dates
from crawler.errors import MailServerError

_UNFIT = re.compile(r"[^a-z0-9@.+_-]+")
_KIND = re.compile(r"<([a-z]{1,20})\.")
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it is handed over: RFC 5322 bytes, and the addresses on the envelope."""

    sender: str
    recipient: str
    raw: bytes

    @classmethod
    def of(cls, message: EmailMessage) -> Letter:
        """The letter that the message's own headers address."""
        return cls(
            sender=parseaddr(str(message["From"]))[1],
            recipient=parseaddr(str(message["To"]))[1],
            raw=message.as_bytes(),
        )


class Mailer(Protocol):
    """Takes finished messages."""

    def hand_over(self, letter: Letter) -> str:
        """Hands `letter` over for good and gives the other side's words.

        Raises `MailRefused` when this letter is refused, `MailLost` when the connection broke
        meanwhile, `MailServerError` when nothing can be handed over at all.
        """

    def deliver(self, message: EmailMessage) -> None:
        """The same for one message by itself, outside of the outbox."""


class FileMailer:
    """Writes each message as an ``.eml`` file that any mail program opens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_over(self, letter: Letter) -> str:
        """Writes the letter in one step: the file is whole or not there."""
        message = email.message_from_bytes(letter.raw, policy=default)
        return f"written to {self._keep(name(message), letter.raw).name}"

    def deliver(self, message: EmailMessage) -> None:
        """The same with a message."""
        self.write(message)

    def write(self, message: EmailMessage) -> Path:
        """The same, and the file's path. The same digest again overwrites its file."""
        return self._keep(name(message), message.as_bytes())

    def _keep(self, stem: str, raw: bytes) -> Path:
        target = self.folder / f"{stem}.eml"
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise MailServerError(
                f"the mail was not written to {self.folder} ({error.strerror or error})."
                " Make room, or give this user the right to write there, and send again."
            ) from error
        return target


def name(message: EmailMessage) -> str:
    """The file name of a mail, without ending: ``2026-07-10-hello@example.org-digest``.

    The last word is the first of its Message-ID. There is one digest a day; of other kinds there
    may be more, so their names end in a few letters of their own.
    """
    day = parsedate_to_datetime(message["Date"]).astimezone(dates.LONDON).date()
    identity = str(message["Message-ID"]).strip()
    kind = _KIND.match(identity)
    last = kind[1] if kind else "mail"
    if last != "digest":
        last += f"-{blake2b(identity.encode(), digest_size=4).hexdigest()}"
    return f"{day:%Y-%m-%d}-{_fit(parseaddr(str(message['To']))[1])}-{last}"


def erase(folder: Path, email: str) -> int:
    """Deletes every mail to `email` from `folder`; how many files that were."""
    theirs = re.compile(rf"{re.escape(_fit(email))}-[a-z]+(?:-[0-9a-f]{{8}})?\.(?:eml|html)")
    found = [path for path in folder.glob("*-*.*") if theirs.fullmatch(path.name[11:])]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _fit(address: str) -> str:
    """The address as part of a file name; one that had to be changed gets a mark of its own."""
    fit = _UNFIT.sub("_", address.lower())[:_LONGEST]
    if fit == address.lower():
        return fit
    return f"{fit}-{blake2b(address.lower().encode(), digest_size=4).hexdigest()}"


@contextmanager
def open_mailer(smtp_url: str, folder: Path) -> Iterator[Mailer]:
    """The mailer that `smtp_url` names, or files in `folder` if it is empty.

    Raises `ConfigError` for a URL that names no server, `DeliveryError` when it does not answer.
    """
    if not smtp_url:
        yield FileMailer(folder)
        return
    from crawler.digest.smtp import SmtpMailer  # it asks for what this module offers

    with SmtpMailer.of(smtp_url) as mailer:
        yield mailer
