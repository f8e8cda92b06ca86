"""Telephone numbers as people write them, and the one number (E.164) that they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumberType

from crawler.contacts.faults import Faults

_HERE = frozenset({"GB", "GG", "JE", "IM"})
_DRAMA = re.compile(r"(?:1632960|7700900)\d{3}")
"""Numbers that Ofcom keeps for fiction; our demo's council has them. No exchange knows them."""

_BEGINS = re.compile(r"[(\s]*(?:\+\s*44|0)")
_NO_PHONE = re.compile(
    r"(?:fax|facsimile|minicom|text ?phone|typetalk|charity|company|vat|registration|reference|"
    r"\bref\b|account|sort code|isbn|\bno\. ?of\b)[^.;\n]{0,25}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number in a text: E.164, as written, and where in the text it stands."""

    number: str
    written: str
    start: int = 0
    end: int = 0


def of_tel(href: str, shown: str, faults: Faults) -> Phone | None:
    """The number of a ``tel:`` link; what people see wins where the two differ."""
    linked = _number(re.sub(r"^\s*(?:tel|callto):/*", "", unquote(href), flags=re.IGNORECASE))
    seen = next(found_in(shown, Faults()), None)
    if seen is not None:
        if linked and linked != seen.number:
            faults.repaired["link and text name different numbers"] += 1
        return Phone(number=seen.number, written=seen.written)
    if linked is None:
        faults.refused["no phone number"] += 1
        return None
    return Phone(number=linked, written=spelled(linked))


def found_in(text: str, faults: Faults) -> Iterator[Phone]:
    """The British numbers in running text; faxes and numbers of other things are refused."""
    if sum(char.isdigit() for char in text) < 9:
        return
    for match in phonenumbers.PhoneNumberMatcher(text, "GB", Leniency.POSSIBLE):
        if not _BEGINS.match(match.raw_string):
            continue
        if _NO_PHONE.search(text[: match.start]):
            faults.refused["fax or number of another thing"] += 1
            continue
        number = _judged(match.number)
        if number is None:
            premium = phonenumbers.number_type(match.number) == PhoneNumberType.PREMIUM_RATE
            faults.refused["premium rate number"] += premium
            continue
        written = " ".join(match.raw_string.split())
        yield Phone(number=number, written=written, start=match.start, end=match.end)


def _number(text: str) -> str | None:
    try:
        return _judged(phonenumbers.parse(text, "GB"))
    except NumberParseException:
        return None


def _judged(number: phonenumbers.PhoneNumber) -> str | None:
    if number.country_code == 44 and _DRAMA.fullmatch(str(number.national_number)):
        return f"+44{number.national_number}"
    if not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.region_code_for_number(number) not in _HERE and number.country_code != 44:
        return None
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spelled(number: str) -> str:
    """An E.164 number as people in Britain write it: ``01452 396396``."""
    parsed = phonenumbers.parse(number, "GB")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
