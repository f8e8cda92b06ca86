"""Where a message goes once it is written: the digest asks for a `Mailer`, a folder is one.

What a mailer has taken counts as told; what it refuses is tried again with the next digest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from crawler import dates
from crawler.errors import DeliveryError

_UNFIT = re.compile(r"[^a-z0-9@.+_-]+")
_LONGEST = 120


class Mailer(Protocol):
    """Takes a finished message."""

    def deliver(self, message: EmailMessage) -> None:
        """Hands `message` over for good, or raises `DeliveryError`."""


class FileMailer:
    """Writes each message as an ``.eml`` file that any mail program opens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: EmailMessage) -> None:
        """Writes the message under its name in one step: the file is whole or not there."""
        self.write(message)

    def write(self, message: EmailMessage) -> Path:
        """The same, and the file's path. The same digest again overwrites its file."""
        target = self.folder / f"{name(message)}.eml"
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise DeliveryError(
                f"the mail was not written to {self.folder} ({error.strerror or error})."
                " Make room, or give this user the right to write there, and send again."
            ) from error
        return target


def name(message: EmailMessage) -> str:
    """The file name of a digest, without ending: ``2026-07-10-hello@example.org-digest``."""
    day = parsedate_to_datetime(message["Date"]).astimezone(dates.LONDON).date()
    return f"{day:%Y-%m-%d}-{_fit(message['To'].addresses[0].addr_spec)}-digest"


def erase(folder: Path, email: str) -> int:
    """Deletes every digest to `email` from `folder`; how many files that were."""
    found = [
        path
        for path in folder.glob("*-digest.*")
        if path.name[11:].rpartition("-digest.")[0] == _fit(email)
    ]
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
