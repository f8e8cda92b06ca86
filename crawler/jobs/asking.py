"""Asks a public web address once, politely and warily: who we are, no private address, no floods.

The name is resolved here, every address that it has must be public, and the connection goes to the
address that was looked at: a name that points elsewhere a moment later gains nothing. Redirects are
not followed; whoever asks decides. Connections are direct: a proxy would resolve names by itself.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

from crawler import __version__
from crawler.config import Settings
from crawler.networks import forbidden

TIMEOUT = 10.0
"""Seconds that a server may be silent."""

DEADLINE = 30.0
"""Seconds after which a connection is cut, however it trickles."""

_PIECE = 16 * 1024
_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:=&?~#+!$,;'@()*[]"


class Unanswered(OSError):  # noqa: N818
    """Raised where no answer came that could be read; its words say why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered: its status, headers by lower-case name, and the body as asked for."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Ask = Callable[[str, str, int], Reply]
"""``(method, URL, most bytes of the body)`` to the reply. Raises `Unanswered`."""


def agent(settings: Settings) -> str:
    """Our User-Agent: who asks, and whom to write to."""
    return f"arts-tenders/{__version__} (+{settings.base_url}; {settings.contact})"


def asker(agent: str, *, loopback_allowed: bool = False) -> Ask:
    """Something that asks as `agent`; `loopback_allowed` is for tests of our own."""

    def ask(method: str, url: str, most: int) -> Reply:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in _PORTS or not host:
            raise Unanswered("it is no web address")
        try:
            named = host if ":" in host else host.encode("idna").decode("ascii")
            with _connected(parts, named, loopback_allowed) as connection:
                connection.request(
                    method,
                    _target(parts),
                    headers={"User-Agent": agent, "Accept": "*/*", "Connection": "close"},
                )
                return _read(connection.getresponse(), most)
        except Unanswered:
            raise
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            raise Unanswered(_words(error)) from error

    return ask


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path


@contextmanager
def _connected(
    parts: SplitResult, host: str, loopback_allowed: bool
) -> Iterator[http.client.HTTPConnection]:
    """A connection to a public address of `host`, cut at the deadline."""
    port = parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(one[4][0]).partition("%")[0] for one in found]
    if any(forbidden(number, loopback_allowed) for number in numbers):
        raise Unanswered("it points to a private address, which is not asked")
    plain = _dialled(list(dict.fromkeys(numbers)), port)
    cut = threading.Timer(DEADLINE, _cut, [plain])
    cut.daemon = True
    cut.start()
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        # What has a socket already does not connect by itself.
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            if parts.scheme == "https"
            else plain
        )
        yield connection
    finally:
        cut.cancel()
        connection.close()
        plain.close()


def _dialled(numbers: list[str], port: int) -> socket.socket:
    failure: OSError = Unanswered("its name has no address")
    for number in numbers[:3]:
        try:
            return socket.create_connection((number, port), timeout=TIMEOUT)
        except OSError as error:
            failure = error
    raise failure


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _read(answer: http.client.HTTPResponse, most: int) -> Reply:
    body = bytearray()
    while len(body) < most:
        piece = answer.read(min(_PIECE, most - len(body)))
        if not piece:
            break
        body += piece
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(status=answer.status, headers=headers, body=bytes(body))


def _words(error: Exception) -> str:
    """Why there is no answer, as a person would say it."""
    if isinstance(error, socket.gaierror):
        return "its name is not known any more"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(error, (http.client.HTTPException, ssl.SSLError, ValueError)):
        return f"its answer cannot be read ({type(error).__name__})"
    return " ".join((getattr(error, "strerror", None) or str(error) or "no answer").split())[:120]
