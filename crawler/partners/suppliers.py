"""Which suppliers of contracts are organisations: people who trade under their own name are not.

An award names whoever won it. A person's name on an award is no reason for a page about them, so
that only what names itself, or is registered, as a body is taken for one.
"""

from __future__ import annotations

import re

from crawler.buyers import kind_of
from crawler.text import key

_FORM = re.compile(
    r"\b(?:ltd|limited|plc|llp|lp|cic|cio|scio|inc|gmbh|bv|cyf|cyfyngedig|trust|charity|"
    r"charitable|foundation|society|association|company|co op|cooperative|co operative|"
    r"partnership|community interest|interest company|group|council)\b"
)
_KIND = re.compile(
    r"\b(?:arts?|artists|theatres?|theatr|music|dance|dawns|opera|orchestra|ensemble|choir|"
    r"choirs|band|museums?|gallery|galleries|studios?|workshops?|festivals?|carnival|circus|"
    r"puppets?|productions?|media|films?|cinema|pictures|events?|creative|creatives|design|"
    r"architects|consulting|consultancy|consultants|associates|services|solutions|project|"
    r"projects|centre|center|club|collective|agency|network|institute|academy|heritage|"
    r"culture|cultural|community|collections|archives?|library|libraries|press|books|"
    r"publishing|training|learning|research|enterprises|international|uk)\b"
)
_REGISTERED = re.compile(r"^GB-(?:COH|CHC|SC|NIC|MPR|UKPRN|EDU|NHS|LAE)-\w+$", re.IGNORECASE)
_CHARITY = re.compile(r"^GB-(?:CHC|SC|NIC)-\w+$", re.IGNORECASE)
_LONGEST = 200


def is_body(name: str, identifier: str = "") -> bool:
    """Whether a supplier of this name, with this identifier in a register, is an organisation."""
    words = key(name)
    if not words or len(name) > _LONGEST or "@" in name:
        return False
    return bool(
        _REGISTERED.match(identifier)
        or _FORM.search(words)
        or _KIND.search(words)
        or kind_of(name) != "other"
    )


def charity_of(identifier: str) -> str | None:
    """The number in a register of charities, as lists write it; None if it is of another."""
    return identifier.upper() if _CHARITY.match(identifier) else None
