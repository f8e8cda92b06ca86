"""Email addresses as pages write them: found, mended where what was meant is plain, else refused.

Every fault named here was met on councils' pages: a stray @, a domain cut off after ``.gov``, two
addresses in one link, a phone number in the email's place, Cloudflare's cipher, ``[at]``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from urllib.parse import unquote

import tldextract

from crawler.contacts import lists
from crawler.contacts.faults import Faults

_PRIVATE = lists.words("private_mail")
_PRIVATE_WHOLE = frozenset({"me.com", "pm.me", "o2.co.uk", "mail.com", "proton.me"})
_AMBIGUOUS = lists.words("common_names")
_PLACEHOLDERS = re.compile(
    r"(?:you|your[._-]?(?:name|email|address)|first[._-]?name([._-]?(?:last|sur)[._-]?name)?|"
    r"someone|user(?:name)?|name|email|example|test)"
)
_MUTE = re.compile(r"(?:no|do[._-]?not)[._-]?repl(?:y|ies).*|mailer-daemon|bounces?")
_LOCAL = re.compile(r"[a-z0-9_&'+-]+(?:\.[a-z0-9_&'+-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}")
_AT = re.compile(r"\s{0,3}[\[({<]\s{0,3}at\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
_DOT = re.compile(r"\s{0,3}[\[({<]\s{0,3}dot\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
_APART = re.compile(r"(?<=\w)\s{1,3}@\s{0,3}(?=[\w-]{1,63}\.\w)|(?<=\w)@\s{1,3}(?=[\w-]{1,63}\.\w)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
FOUND = re.compile(
    r"@?[\w.+'&-]{1,80}@{1,3}[a-zA-Z0-9-]{1,63}(?:[.,]{1,2}(?=gov|org|uk|co|ac|nhs|[a-zA-Z0-9-]{1,63}\.)"
    r"[a-zA-Z0-9-]{1,63}|\.{1,2}[a-zA-Z0-9-]{1,63}){0,8}\.?",
    re.ASCII,
)
"""An address in running text, faults included; `mended` judges it."""


def plain(text: str) -> str:
    """`text` with ``[at]`` and ``[dot]`` spelled out, and without invisible characters."""
    text = _INVISIBLE.sub("", text)
    if "@" not in text and not _AT.search(text):
        return text
    return _APART.sub("@", _DOT.sub(".", _AT.sub("@", text)))


def of_mailto(href: str, faults: Faults) -> list[str]:
    """The addresses in a ``mailto:`` link."""
    body = re.sub(r"^(?:\s*mailto:\s*/*)+", "", unquote(href), flags=re.IGNORECASE)
    body = plain(body.split("?")[0].split("&subject=")[0])
    named = re.findall(r"<([^<>]*@[^<>]*)>", body)
    parts = named or re.split(r"[;\s]+|,(?=[^,;]*@)", body)
    parts = [part for part in parts if part.strip(" ,")]
    if not parts:
        faults.refused["empty mail link"] += 1
    if len(parts) > 1:
        faults.repaired["several addresses in one link"] += 1
    found = (mended(part, faults) for part in parts)
    return list(dict.fromkeys(address for address in found if address))


def of_cloudflare(cipher: str, faults: Faults) -> list[str]:
    """The address behind Cloudflare's ``data-cfemail``: XOR with the first byte, in hex."""
    try:
        key, *rest = bytes.fromhex(cipher.strip())
        address = bytes(byte ^ key for byte in rest).decode("utf-8")
    except ValueError:
        faults.refused["unreadable cipher"] += 1
        return []
    return of_mailto(address, faults)


def mended(text: str, faults: Faults) -> str | None:
    """The one address meant by `text` in lower case, or None; counts what was done."""
    text = _INVISIBLE.sub("", text).strip(" \t\r\n<>()[]{}'\"“”‘’;:,!").lower()
    address = text.lstrip("@.").rstrip("@")
    address = re.sub(r"@{2,}", "@", address)
    if address.count("@") != 1:
        faults.refused[_shape(address)] += 1
        return None
    local, domain = address.split("@")
    whole = re.sub(r"[.,]{1,2}", ".", domain).strip(".")
    whole = re.sub(r"\.gov$", ".gov.uk", whole)
    local = local.strip(".'")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(whole) or not _registrable(whole):
        faults.refused["no address"] += 1
        return None
    reason = _unwanted(local, whole)
    if reason:
        faults.refused[reason] += 1
        return None
    address = f"{local}@{whole}"
    if address != text.rstrip("."):
        faults.repaired["mistyped address"] += 1
    return address


def _shape(text: str) -> str:
    if "@" in text:
        return "two addresses run together"
    digits = sum(char.isdigit() for char in text)
    return "phone number in the place of an address" if digits >= 9 else "no address"


def unwanted(address: str) -> str | None:
    """Why a well-formed address is none to write to: private, mute, a placeholder; else None."""
    local, _, domain = address.lower().rpartition("@")
    return _unwanted(local, domain)


def _unwanted(local: str, domain: str) -> str | None:
    if _PLACEHOLDERS.fullmatch(local):
        return "placeholder"
    if _MUTE.fullmatch(local):
        return "mailbox that takes no mail"
    parts = _suffixes()(domain)
    known = parts.domain in _PRIVATE and parts.domain not in _AMBIGUOUS
    common = parts.domain in _AMBIGUOUS and parts.suffix in ("com", "co.uk", "net")
    if known or common or domain in _PRIVATE_WHOLE:
        return "private mailbox"
    return None


@cache
def _suffixes() -> tldextract.TLDExtract:
    """The public suffixes that ship with the library: it would ask the network for newer ones."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _registrable(host: str) -> bool:
    parts = _suffixes()(host)
    return bool(parts.suffix and parts.domain)


def domain_of(host: str) -> str:
    """The domain that its owner registered: ``example.gov.uk`` for ``www.example.gov.uk``.

    A number, or a name without public suffix, is its own domain.
    """
    parts = _suffixes()(host)
    return f"{parts.domain}.{parts.suffix}" if parts.suffix and parts.domain else host


def foreign(address: str, others: Collection[str]) -> bool:
    """Whether the mailbox lies at one of `others`, the domains of other bodies."""
    return domain_of(address.rsplit("@", 1)[1]) in others
