"""What kind of body a buyer is, by the words in its name: what people filter by.

The first kind whose words occur is taken, the most telling first: a council's museum service is
``culture``, a university hospital ``nhs``. Names that say nothing are ``other``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, get_args

from crawler.text import key

BuyerKind = Literal[
    "council", "nhs", "education", "culture", "justice", "housing", "government", "other"
]
BUYER_KINDS: tuple[BuyerKind, ...] = get_args(BuyerKind)

NAMES = MappingProxyType(
    {
        "council": "councils and combined authorities",
        "nhs": "the NHS and public health bodies",
        "education": "schools, colleges and universities",
        "culture": "museums, libraries and arts bodies",
        "justice": "police, prisons and fire services",
        "housing": "housing associations",
        "government": "government departments and agencies",
        "other": "other buyers",
    }
)
"""How a person would name each kind."""

_WORDS: tuple[tuple[BuyerKind, str], ...] = (
    # "Ministry of Housing" and "Department for Culture" buy as departments do.
    ("government", r"^(?:department|ministry|hm)"),
    (
        "nhs",
        r"nhs|ccg|icb|icbs|hospitals?|infirmary|healthcare|clinical commissioning group|"
        r"health (?:and (?:social )?care )?(?:trust|board|authority|agency|security|services?)|"
        r"integrated care|public health|ambulance|health board|hscni|iechyd|mental health",
    ),
    (
        "education",
        r"university|universities|prifysgol|colleges?|coleg|academy|academies|schools?|ysgol|"
        r"education|learning trust|multi academy|sixth form|conservatoire",
    ),
    (
        "culture",
        r"arts council|museums?|amgueddfa|galler(?:y|ies)|librar(?:y|ies)|theatres?|orchestra|"
        r"opera|ballet|heritage|historic|english heritage|national trust|film institute|bfi|"
        r"creative (?:england|scotland|wales)|festival|cadw|archives?|culture|cultural|arts",
    ),
    (
        "justice",
        r"police|policing|constabulary|crime commissioner|prisons?|probation|courts?|justice|"
        r"fire (?:and|authority|service|brigade)|fire rescue|home office",
    ),
    (
        "council",
        r"councils?|cyngor|mbc|borough|unitary|city of|combined authority|county|greater london "
        r"authority|gla|corporation of london|local authority|mayoral|parish|comhairle",
    ),
    ("housing", r"housing|homes|tai|almshouses?"),
    (
        "government",
        r"department|ministry|office|agency|hm|government|crown|executive|commission|"
        r"national|secretary of state|welsh|scottish|regulator|authority|defence|treasury|"
        r"innovation|lottery|dvsa|dvla|defra|dwp|mod",
    ),
)
_KINDS = tuple((kind, re.compile(rf"\b(?:{words})\b")) for kind, words in _WORDS)


@lru_cache(maxsize=65536)
def kind_of(name: str | None) -> BuyerKind:
    """The kind of the body called `name`; ``other`` for None."""
    words = key(name or "")
    for kind, pattern in _KINDS:
        if pattern.search(words):
            return kind
    return "other"
