"""Looks an installation over: behind ``tenders doctor``. Each finding says what to do."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

from crawler.config import Settings
from crawler.digest.signing import Lookup, Signer, verifies
from crawler.digest.smtp import SmtpMailer
from crawler.errors import TendersError
from crawler.jobs import mail_records, surroundings
from crawler.jobs.findings import Finding
from crawler.jobs.mail_records import Resolve
from crawler.jobs.surroundings import Fetch
from crawler.store import database

_SHORTEST = 32
_EXAMPLE = (".example", ".invalid", ".test")


def examine(
    settings: Settings,
    now: datetime,
    *,
    offline: bool = False,
    lookup: Lookup | None = None,
    resolve: Resolve = mail_records.ask,
    fetch: Fetch = surroundings.fetch,
) -> Iterator[Finding]:
    """Every finding, in the order in which things should be put right.

    `lookup` and `resolve` ask DNS, `fetch` asks sources for their robots.txt; with `offline` only
    what this machine and its database know is looked at. Nothing is sent or changed.
    """
    yield _secret(settings)
    yield _database(settings)
    yield from surroundings.here(settings, now)
    yield from _addresses(settings)
    if offline and settings.smtp_url:
        return
    yield _server(settings)
    if offline:
        return
    yield doctor_words(settings, lookup)
    if settings.smtp_url and not _is_example(settings.sender):
        yield from mail_records.records(settings, resolve)
    yield from surroundings.elsewhere(settings, now, fetch)


def _is_example(address: str) -> bool:
    return address.rstrip(">").endswith(_EXAMPLE)


def _secret(settings: Settings) -> Finding:
    about = "secret"
    if settings.secret_key:
        letters = len(set(settings.secret_key))
        if len(settings.secret_key) < _SHORTEST or letters < 8:
            return Finding(
                about,
                "wrong",
                f"TENDERS_SECRET_KEY has {len(settings.secret_key)} characters, {letters} of them"
                f" different. Set {_SHORTEST} random ones or more, before anybody subscribes:"
                " python3 -c 'import secrets; print(secrets.token_hex(32))'",
            )
        return Finding(about, "good", "TENDERS_SECRET_KEY is long enough")
    path = settings.var / "secret-key"
    if not path.exists():
        return Finding(
            about,
            "note",
            "TENDERS_SECRET_KEY is not set; a secret will be made in var/secret-key. Keep a copy:"
            " links in mails and the suppression list work with no other",
        )
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(about, "wrong", f"others may read {path}. Run: chmod 600 {path}")
    return Finding(
        about,
        "note",
        "the secret is in var/secret-key. Keep a copy in a safe place, or set TENDERS_SECRET_KEY",
    )


def _database(settings: Settings) -> Finding:
    try:
        problems = database.check(database.connect(settings.database))
    except TendersError as error:
        problems = [str(error)]
    if problems:
        return Finding("database", "wrong", " ".join(problems))
    return Finding("database", "good", f"it opens, is sound and has schema {database.HEAD}")


def _addresses(settings: Settings) -> Iterator[Finding]:
    for name in ("sender", "contact"):
        if _is_example(str(getattr(settings, name))):
            yield Finding(
                name,
                "wrong",
                f"TENDERS_{name.upper()} is still {getattr(settings, name)}: nobody can answer."
                " Set an address of yours",
            )
    parts = urlsplit(settings.base_url)
    if parts.scheme != "https":
        yield Finding(
            "web address",
            "note",
            f"TENDERS_BASE_URL is {settings.base_url}: links in mails lead there, and one-click"
            " unsubscribing needs https. Set the address that people reach",
        )
    if not settings.staff:
        yield Finding(
            "staff", "note", "TENDERS_STAFF is empty: nobody is told when mails fail. Set who is"
        )


def _server(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding(
            "mail server",
            "note",
            f"TENDERS_SMTP_URL is not set: mails are written to {settings.outbox} and go nowhere",
        )
    try:
        with SmtpMailer.of(settings.smtp_url) as mailer:
            host = mailer.server.host
    except TendersError as error:
        return Finding("mail server", "wrong", str(error))
    return Finding("mail server", "good", f"{host} answers and takes our login")


def doctor_words(settings: Settings, lookup: Lookup | None = None) -> Finding:
    """Who signs the mails, and whether DNS publishes the key."""
    try:
        signer = Signer.of(settings)
    except TendersError as error:
        return Finding("DKIM", "wrong", str(error))
    if signer is None:
        return Finding(
            "DKIM",
            "note",
            "mails are not signed here (TENDERS_DKIM_SELECTOR, TENDERS_DKIM_KEY_FILE). The mail"
            " relay must sign them, and its h= must name List-Unsubscribe and"
            " List-Unsubscribe-Post, or mail programs show no unsubscribe button",
        )
    name = f"{signer.selector}._domainkey.{signer.domain}"
    sample = EmailMessage()
    sample["From"] = f"doctor@{signer.domain}"
    sample.set_content("Nothing is sent.")
    raw = signer.signed(sample.as_bytes().replace(b"\n", b"\r\n"))
    if not verifies(raw, lookup):
        return Finding(
            "DKIM",
            "wrong",
            f"mails are signed, but the DNS record TXT {name} does not fit the key, or cannot be"
            " read. Publish v=DKIM1; k=rsa; p=… with what this prints:"
            " openssl rsa -in KEYFILE -pubout -outform DER | base64 -w0",
        )
    return Finding("DKIM", "good", f"mails are signed, and {name} publishes the key")
