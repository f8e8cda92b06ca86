"""What a body's name and the lists that name it say of it: whether it delivers such work at all.

Grants went to venues, hirers and parishes too, and a charity that is tagged with the arts may be a
nursery. None of this is shown as a judgement: it only decides whom a page names first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType

from crawler.buyers import kind_of

_NOT_ASKED = frozenset({"council", "government", "nhs", "justice", "housing"})
"""Kinds of body that buy such work instead of delivering it; a museum of theirs is ``culture``."""

_SCHOOL = re.compile(
    r"\b(?:schools?|academy trust|college|multi academy|nursery|meithrin|playgroup)\b"
)
_COUNCIL = re.compile(r"\b(?:council|cyngor)\b(?!.*\b(?:museums?|galler(?:y|ies)|theatre)\b)")
_ARTS_COUNCIL = re.compile(r"\barts council\b")
_WORSHIP = re.compile(
    r"\b(?:parochial|pcc|church|diocese|diocesan|chapel|ministry|ministries|fellowship|synagogue|"
    r"mosque|temple|congregation)\b"
)
_TRADE = re.compile(
    r"\b(?:marketing|hire|bars?|pubs?|inns?|nightclub|entertainments?|catering|leisure|hotel|"
    r"ticketing|sound and light|lighting|staging|security|printers?|endowment|benevolent|"
    r"talking news\w*)\b"
)
_OF_ART = re.compile(
    r"\b(?:arts?|artists?|artspace|theatres?|theatr|playhouse|players|drama\w*|musicals?|music|"
    r"dance|ballet|opera\w*|orchestras?|sinfonia|symphony|philharmonic|ensemble|quartet|choirs?|"
    r"choral|chorus|singers|voices|bands?|brass|strings|museums?|galler(?:y|ies)|studios?|"
    r"sculptur\w*|murals?|ceramics|prints?|crafts?|photograph\w*|festivals?|carnival|circus|puppets?|"
    r"productions?|films?|cinemas?|media|creatives?|cultur\w*|heritage|histor(?:y|ic)|"
    r"literature|literary|poets?|poetry|writ(?:ers|ing)|stor(?:y|ies)|archives?|librar(?:y|ies))\b"
)
_STANDING = MappingProxyType(
    {
        "ACE NPO": (0.9, "in Arts Council England’s national portfolio 2018–22"),
        "UKCAT": (0.2, "an arts charity"),
    }
)
UNKNOWN = -0.4
"""The worth of a body of which neither its name nor a telling list says that it is of the arts."""

_SUBSTANTIAL = 0.5
"""From this worth on, a list alone says enough, whatever a body is called."""

"""What being named by a list, by the beginning of its name, says of a body's substance."""


def works_elsewhere(name: str) -> bool:
    """Whether a body of this name does other work: a school, a parish, a council itself."""
    words = name.lower()
    if _SCHOOL.search(words) or (_WORSHIP.search(words) and kind_of(name) != "culture"):
        return True
    return bool(_COUNCIL.search(words) and not _ARTS_COUNCIL.search(words))


@lru_cache(maxsize=16384)
def delivers(name: str) -> bool:
    """Whether a body of this name would deliver work rather than buy it."""
    return not works_elsewhere(name) and kind_of(name) not in _NOT_ASKED


@lru_cache(maxsize=16384)
def standing(name: str, sources: tuple[str, ...], *, charity: bool) -> tuple[float, str]:
    """How likely a body delivers such work, as lists and its name say: about -1 to 1, in words."""
    told = [said for one in sources for begin, said in _STANDING.items() if one.startswith(begin)]
    worth, words = max(told, default=(0.2, "a charity") if charity else (0.0, ""))
    lower = name.lower()
    if _TRADE.search(lower):
        return worth - 0.8, words
    if _OF_ART.search(lower):
        return worth + 0.3, words
    return worth + (UNKNOWN if worth < _SUBSTANTIAL else 0.0), words
