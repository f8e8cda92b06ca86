"""Telephone numbers as people write them, and the one number (E.164) that they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from crawler.contacts.faults import Faults

_HERE = frozenset({"GB", "GG", "JE", "IM"})
_DRAMA = re.compile(r"(?:1632960|7700900)\d{3}")
"""Numbers that Ofcom keeps for fiction; our demo's council has them. No exchange knows them."""

_CANDIDATE = re.compile(
    r"(?<![\w@/=.+-])(?:\+ ?44|\(?0)[\d \u00a0().-]{7,18}\d(?!\d)"
    r"(?:,? ?(?:ext(?:ension)?|x)\.? ?\d{1,5}\b)?"
)
"""Begins as British numbers do: the library's own search takes minutes on a page of sums."""

_MOST = 1000
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
    for match in islice(_CANDIDATE.finditer(text), _MOST):
        if _NO_PHONE.search(text[max(0, match.start() - 60) : match.start()]):
            faults.refused["fax or number of another thing"] += 1
            continue
        raw = match[0]
        if _premium(raw):
            faults.refused["premium rate number"] += 1
        while sum(char.isdigit() for char in raw) > 8:
            number = _number(raw)
            if number is not None:
                end = match.start() + len(raw)
                written = " ".join(raw.split())
                yield Phone(number=number, written=written, start=match.start(), end=end)
                break
            raw = re.sub(r"[^\d]*\d+$", "", raw)


def _premium(text: str) -> bool:
    try:
        number = phonenumbers.parse(text, "GB")
    except NumberParseException:
        return False
    return phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE


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
