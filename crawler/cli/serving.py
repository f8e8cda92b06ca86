"""``tenders serve``: the web app on waitress, until it is stopped."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

import typer

from crawler import config
from crawler.config import Settings
from crawler.errors import ConfigError, UsageError
from crawler.jobs import library
from crawler.store import database

commands = typer.Typer()

PORT = 8000
THREADS = 8
_LOG = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HEADERS = 1_310_720
"""Requests with a longer head end in waitress; below it the app answers in its own words (414)."""


@commands.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="the port to listen on")] = PORT,
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
) -> None:
    """Serve the web app."""
    run(config.load(), host, port)


def run(settings: Settings, host: str, port: int) -> None:
    """Serves until interrupted. Raises `ConfigError` for the secret, `UsageError` for the port."""
    check(settings, host)
    import waitress  # with the app, only where it is served

    from crawler.web import create_app

    if settings.log_format != "json":  # set up with the command line
        logging.basicConfig(level=logging.INFO, format=_LOG)
    library.refresh(database.engine(settings.database), datetime.now(UTC))
    app = create_app(settings, timetable=lambda now: _timetable(settings, now))
    listener = _listener(host, port)
    typer.echo(f"The web app is up: http://{_named(host)}:{port}/ (Ctrl+C stops it)")
    waitress.serve(
        app,
        sockets=[listener],
        threads=THREADS,
        ident=None,
        max_request_header_size=_HEADERS,
        max_request_body_size=1 << 20,
        # Flask's ProxyFix reads these, as many as TENDERS_PROXIES says and no more.
        clear_untrusted_proxy_headers=settings.proxies == 0,
    )


def _timetable(settings: Settings, now: datetime) -> Mapping[str, datetime]:
    """When each of the scheduler's jobs runs next, whether or not a scheduler is running."""
    import scheduler  # top level, beside this package

    return dict(scheduler.upcoming(settings, now))


def check(settings: Settings, host: str) -> None:
    """Raises `ConfigError` where strangers can reach it and no secret of its own is set."""
    public = not _loopback(host) or not _loopback(urlsplit(settings.base_url).hostname or "")
    if public and not settings.secret_key:
        raise ConfigError(
            "TENDERS_SECRET_KEY is not set, and others than this machine can reach the web app."
            " Set it to 32 random characters or more and keep it: links in mails depend on it."
        )


def _loopback(host: str) -> bool:
    if host in ("localhost", ""):
        return host == "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}."
            " Choose another with --port, or stop what uses it."
        ) from error
    return made


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host
