"""Signed links: what a link may do stands in it, and nobody but us can write one.

A token carries a purpose (its salt), a subscriber's handle and up to a few short words, such as the
public id of an opportunity. It holds no address. Whoever changes a subscriber's handle takes back
every link that was given out to them.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Literal

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, int_to_bytes

Purpose = Literal[
    "confirm",
    "manage",
    "unsubscribe",
    "mark",
    "feed",
    "answer",
    "partners",
    "introduce",
    "outcome",
]

LIFETIMES: dict[Purpose, timedelta | None] = {
    "confirm": timedelta(days=7),
    "manage": timedelta(days=400),
    "unsubscribe": None,
    "mark": timedelta(days=400),
    "feed": None,
    "answer": timedelta(days=400),
    "partners": timedelta(days=60),
    "introduce": timedelta(days=30),
    "outcome": timedelta(days=400),
}
"""How long a link of each purpose works; None is for good (RFC 8058 links must outlive mail)."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says: whose it is, and the words it was made with."""

    handle: str
    words: tuple[str, ...] = ()


class TokenExpired(Exception):  # noqa: N818
    """Raised by `Tokens.read` for a token that was good once."""


class TokenForged(Exception):  # noqa: N818
    """Raised by `Tokens.read` for what is no token of ours for this purpose."""


@lru_cache(maxsize=64)
def _signing(key: bytes, purpose: Purpose) -> tuple[URLSafeTimedSerializer, bytes]:
    """What reads the tokens of one purpose, and the key that signs them: derived once."""
    salt = f"arts-tenders {purpose}".encode()
    reader = URLSafeTimedSerializer(key, salt=salt)
    return reader, reader.make_signer(salt).derive_key()


@lru_cache(maxsize=4)
def _stamp(second: int) -> bytes:
    return b"." + base64_encode(int_to_bytes(second))


class Tokens:
    """Makes and reads the tokens of one installation; `key` is `crawler.keys.link_key`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, purpose: Purpose, handle: str, *words: str) -> str:
        """A token for `purpose`, of characters that need no quoting in a URL."""
        _, key = _signing(self._key, purpose)
        # As `URLSafeTimedSerializer.dumps` writes what is too short to compress; a mail needs 30.
        listed = ",".join(map(encode_basestring_ascii, (handle, *words)))
        said = base64_encode(f"[{listed}]") + _stamp(int(time.time()))
        return (said + b"." + base64_encode(hmac.digest(key, said, "sha1"))).decode("ascii")

    def read(self, purpose: Purpose, token: str) -> Ticket:
        """What `token` says. Raises `TokenExpired` or `TokenForged`; compares in constant time."""
        lifetime = LIFETIMES[purpose]
        seconds = None if lifetime is None else int(lifetime.total_seconds())
        if len(token) > _LONGEST:
            raise TokenForged("too long")
        try:
            handle, *words = _signing(self._key, purpose)[0].loads(token, max_age=seconds)
        except SignatureExpired as error:
            raise TokenExpired(str(error)) from error
        except (BadData, ValueError, TypeError) as error:
            raise TokenForged(str(error)) from error
        return Ticket(str(handle), tuple(str(word) for word in words))
