"""The secrets of one installation, each for one purpose, drawn from TENDERS_SECRET_KEY.

Where that is not set, one is made and kept in ``var/secret-key``: whoever loses that file loses
what only it can recognise (the forget list), so the setting is the better place.
"""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from crawler.config import Settings
from crawler.errors import ConfigError


def forget_key(settings: Settings) -> bytes:
    """The key under which addresses that must stay forgotten are hashed. Raises `ConfigError`."""
    return hmac.digest(_secret(settings), b"forget list", sha256)


def suppression_key(settings: Settings) -> bytes:
    """The key under which addresses that must not be written to are hashed."""
    return hmac.digest(_secret(settings), b"suppression list", sha256)


def link_key(settings: Settings) -> bytes:
    """The key that signs links in mails and pages."""
    return hmac.digest(_secret(settings), b"links", sha256)


def verp_key(settings: Settings) -> bytes:
    """The key that signs the envelope senders to which bounces return."""
    return hmac.digest(_secret(settings), b"bounces", sha256)


def session_key(settings: Settings) -> bytes:
    """The key that signs the web app's sessions and forms."""
    return hmac.digest(_secret(settings), b"sessions", sha256)


def _secret(settings: Settings) -> bytes:
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.var / "secret-key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        return _read(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"TENDERS_SECRET_KEY is not set and {path} cannot be used ({error.strerror})."
            " Set TENDERS_SECRET_KEY to 32 random characters or more."
        ) from error


def _make(path: Path) -> None:
    """Writes a new secret whole or not at all; of two at once, the first stays."""
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix="secret-key.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        Path(partial).unlink()


def _read(text: bytes) -> bytes:
    if len(text.strip()) < 32:
        raise ConfigError(
            "var/secret-key is damaged. Restore it from a backup, or set TENDERS_SECRET_KEY; with"
            " another key than before, addresses that were to be forgotten are not recognised."
        )
    return text.strip()
