"""Whether work comes back when its contract ends: services of a term do, a building does not.

What says that it is yearly, a framework or maintenance comes back whatever it is. Works do so only
then; one thing that is made (a mural, a study) only where its contract runs for years besides; and
what is over within months only where it may be extended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

TERM = timedelta(days=300)
"""What runs for so long is a service of a term, not one event."""

LONG = timedelta(days=700)
"""And for so long, whatever it is called: artworks are looked after, strategies carried out."""

_CONSTRUCTION = "45"
_GOES_ON = re.compile(
    r"\b(?:annual(?:ly)?|yearly|(?:each|every) (?:year|summer|winter|spring|autumn|season)|"
    r"per (?:year|annum)|framework (?:agreement|contract|of)|dynamic (?:purchasing|market)|"
    r"dps|call[- ]off|rolling|maintenance|term contract|on an ongoing basis|"
    r"ongoing (?:service|delivery|programme)|"
    r"academic years|school years)\b",
    re.IGNORECASE,
)
_FRAMEWORK = re.compile(r"\bframeworks?\b", re.IGNORECASE)
_ONCE = re.compile(
    r"\b(?:one[- ]off|construct(?:ion|ing)?|refurbish\w*|renovat\w*|restoration|conversion of|"
    r"demolition|repairs? (?:to|of)|re-?roofing|(?:public realm|building|improvement) works|"
    r"capital works|fabricat\w*|design and (?:build|install\w*|mak\w*)|fit[- ]?out|"
    r"sculptures?|murals?|statues?|monuments?|memorials?|public art(?:work)?|artworks?|"
    r"artist(?:['’]s)? commission|feasibility|master ?plan\w*|business case|"
    r"strateg(?:y|ies)|stud(?:y|ies)|scoping|"
    r"evaluations?|launch|(?:opening|closing) ceremony|exhibition (?:design|build|install\w*)|"
    r"acquisition|purchase of)\b",
    re.IGNORECASE,
)


def comes_again(
    *,
    title: str,
    texts: Sequence[str],
    category: str | None,
    cpv: Sequence[str],
    start: date | None,
    earliest: date,
    extended: bool,
) -> bool:
    """Whether the work of a contract that ends on `earliest` may be put out again then.

    `title` says what is bought, `texts` are the descriptions, `category` is OCDS's main procurement
    category, `start` the first day where it is known, `extended` whether it may be extended.
    """
    if _FRAMEWORK.search(title) or any(_GOES_ON.search(text) for text in (title, *texts)):
        return True
    construction = bool(cpv) and cpv[0].startswith(_CONSTRUCTION)
    if category == "works" or construction:
        return False
    if _ONCE.search(title):
        return start is not None and earliest - start >= (TERM if extended else LONG)
    return extended or start is None or earliest - start >= TERM
