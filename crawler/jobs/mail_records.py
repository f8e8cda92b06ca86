"""What DNS says of the domain that mails come from: SPF, DMARC and where bounces arrive.

SPF is RFC 7208, DMARC RFC 7489, a null MX RFC 7505.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver

from crawler.config import Settings
from crawler.jobs.findings import Finding

_LIFETIME = 6.0

Resolve = Callable[[str, str], list[str]]
"""``(name, type)`` to the records of that type; none where there are none. Raises `Unanswered`."""


class Unanswered(Exception):  # noqa: N818
    """Raised by a `Resolve` when DNS gave no answer: nothing is known of the record."""


def ask(name: str, kind: str) -> list[str]:
    """The records that the resolver of this machine names, texts put together."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=_LIFETIME)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise Unanswered(" ".join(str(error).split())[:200] or type(error).__name__) from error
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [record.to_text() for record in answer]


def records(settings: Settings, resolve: Resolve = ask) -> Iterator[Finding]:
    """A finding for each record that mail servers look at, of the domains in force."""
    sender = _domain(settings.sender)
    bounces = _domain(settings.bounce_address) or sender
    for about, look, domain in (
        ("SPF", _spf, bounces),
        ("DMARC", _dmarc, sender),
        ("bounces", _mx, bounces),
    ):
        try:
            yield look(domain, resolve)
        except Unanswered as error:
            yield Finding(
                about,
                "note",
                f"DNS did not answer about {domain} ({error}), so that nothing is known of it."
                " Run tenders doctor again when the network is well",
            )


def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2].lower()


def _tagged(texts: list[str], tag: str) -> list[str]:
    """The records of a kind: its tag stands alone, or a blank or semicolon follows."""
    return [
        text
        for text in texts
        if text.lower().startswith(tag) and text[len(tag) : len(tag) + 1] in ("", " ", ";")
    ]


def _spf(domain: str, resolve: Resolve) -> Finding:
    found = _tagged(resolve(domain, "TXT"), "v=spf1")
    if not found:
        return Finding(
            "SPF",
            "wrong",
            f"{domain} has no SPF record, so that mails from it look forged. Publish TXT {domain}:"
            " v=spf1 include:WHAT-YOUR-RELAY-NAMES -all",
        )
    if len(found) > 1:
        return Finding(
            "SPF", "wrong", f"{domain} has {len(found)} SPF records, which counts as none. Keep one"
        )
    ending = found[0].lower().split()[-1]
    if ending in ("+all", "all"):
        return Finding(
            "SPF", "wrong", f"the SPF record of {domain} lets everybody send. End it with -all"
        )
    return Finding(
        "SPF", "good", f"{domain} has one; see that it includes your relay: {found[0][:200]}"
    )


def _dmarc(domain: str, resolve: Resolve) -> Finding:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        holder = ".".join(labels[start:])
        found = _tagged(resolve(f"_dmarc.{holder}", "TXT"), "v=dmarc1")
        if len(found) == 1:
            return Finding("DMARC", "good", f"_dmarc.{holder} publishes {found[0][:200]}")
        if found:
            return Finding(
                "DMARC",
                "wrong",
                f"_dmarc.{holder} has {len(found)} records, which counts as none. Keep one",
            )
    return Finding(
        "DMARC",
        "wrong",
        f"{domain} has no DMARC record, which large mail providers ask of whoever sends to many."
        f" Publish TXT _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:YOU@{domain}",
    )


def _mx(domain: str, resolve: Resolve) -> Finding:
    found = resolve(domain, "MX")
    if [one for one in found if one.split()[-1] != "."]:
        return Finding("bounces", "good", f"{domain} takes mail in, and bounces return there")
    if found or not (resolve(domain, "A") or resolve(domain, "AAAA")):
        return Finding(
            "bounces",
            "wrong",
            f"{domain} takes no mail in, so that bounces are lost. Publish an MX record, or set"
            " TENDERS_BOUNCE_ADDRESS to an address of a domain that pipes them to tenders bounce",
        )
    return Finding(
        "bounces",
        "note",
        f"{domain} has no MX record; bounces go to its A record. See that a mail server is there",
    )
