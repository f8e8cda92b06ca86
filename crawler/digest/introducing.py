"""The letters by which two subscribers are made known to each other.

Until both agree none of them holds the other's address. Words of the other person stand in them
tamed, as in every letter that carries a stranger's words, and never in a header.
"""

from __future__ import annotations

from datetime import datetime

from crawler import dates
from crawler.digest import wording
from crawler.digest.consenting import Letter, tame
from crawler.digest.mail import NAME

_TITLE = 120
_WORDS = 300

ENDED = {
    "declined": "They cannot take it up this time.",
    "expired": "They have not answered within two weeks, so that the request has run out.",
    "withdrawn": "They are not open to partnering any more.",
}


def page(title: str, url: str, now: datetime) -> Letter:
    """Leads somebody to their own page of partners for one opportunity."""
    return Letter(
        subject="Your page of possible partners",
        preheader="From there you can ask to be introduced.",
        date=wording.today(now),
        heading="Who could deliver this with you",
        opening=("You asked for your own page of possible partners for this opportunity:",),
        facts=(("Opportunity", _title(title)),),
        action="See possible partners",
        url=url,
        closing=("If it was not you who asked, do nothing: nobody else can use this link.",),
    )


def asked(
    who: str, message: str, title: str, url: str, own: str, until: datetime, now: datetime
) -> Letter:
    """Tells somebody that `who` would like to be introduced, and leads to the two buttons.

    `own` is the page where they take themselves out.
    """
    return Letter(
        subject="Somebody would like to bid with you",
        preheader="They do not have your address, and get it only if you agree.",
        date=wording.today(now),
        heading="Somebody would like to bid with you",
        opening=(
            f"You told {NAME} that you are open to partnering. “{tame(who)}” would like to be"
            " introduced to you. We know them by their confirmed email address only; the name is"
            " as they gave it.",
        ),
        facts=(
            ("For", _title(title)),
            ("Their words", tame_all(message) or "They wrote none."),
            ("If you agree", "We tell each of you the other’s email address."),
            ("Answer by", dates.spell(until)),
        ),
        action="Agree or decline",
        url=url,
        closing=(
            "The link opens a page with two buttons. If you do nothing, they do not get your"
            " address, and the request runs out.",
            f"To get no such requests any more, take yourself out on your own page: {own}",
        ),
    )


def agreed(other: str, address: str, title: str, url: str, now: datetime) -> Letter:
    """Tells one of two who agreed how to reach the other."""
    return Letter(
        subject="You have been introduced to a partner",
        preheader="Both of you agreed. Here is how to reach each other.",
        date=wording.today(now),
        heading="You have been introduced",
        opening=("Both of you agreed, so here is how you reach each other.",),
        facts=(
            ("Who", f"“{tame(other)}”"),
            ("Their email address", address),
            ("For", _title(title)),
        ),
        action="Look at the opportunity",
        url=url,
        closing=("Please use the address for this conversation only, and keep it to yourself.",),
    )


def ended(other: str, how: str, title: str, url: str, now: datetime) -> Letter:
    """Tells who asked that nothing comes of it this time."""
    return Letter(
        subject="About the introduction you asked for",
        preheader="Nothing comes of it this time.",
        date=wording.today(now),
        heading="No introduction this time",
        opening=(f"You asked to be introduced to “{tame(other)}”. {ENDED[how]}",),
        facts=(("For", _title(title)),),
        action="See other possible partners",
        url=url,
        closing=("Nobody was told your address.",),
    )


def _title(title: str) -> str:
    return tame_all(title, _TITLE) or "Untitled notice"


def tame_all(words: str, width: int = _WORDS) -> str:
    """A stranger's words, longer than a name, in which no mail program finds a link."""
    return " ".join(tame(part) for part in _parts(wording.plain(words, width)))


def _parts(words: str) -> list[str]:
    """`words` in pieces that are short enough to be tamed whole."""
    parts, line = [], ""
    for word in words.split():
        if line and len(line) + len(word) > 40:
            parts.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*parts, line] if line else parts
