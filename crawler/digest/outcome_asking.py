"""The mail that asks what became of what somebody saved: several items, each with its answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crawler.addresses import Addresses
from crawler.digest import wording
from crawler.digest.consenting import Choice, Letter
from crawler.store.impact import Question
from crawler.store.subscribers import Subscriber

ANSWERS = (("We won it", "won"), ("We bid", "bidding"), ("We did not bid", "no_bid"))
"""What can be said from the mail; the page offers the rest."""


def letter(
    person: Subscriber, questions: Sequence[Question], addresses: Addresses, now: datetime
) -> Letter:
    """Asks `person` about `questions`, of which there is one at least."""
    one = len(questions) == 1
    first = wording.plain(questions[0].title, 60) or "what you saved"
    several = wording.count(len(questions), "opportunity", "opportunities")
    about = f"“{first}”" if one else f"{several} you saved"
    return Letter(
        subject=f"What became of {about}?",
        preheader="One click is enough, and we ask only once.",
        date=wording.today(now),
        heading="What became of it?" if one else "What became of them?",
        opening=(
            ("Its deadline has" if one else "Their deadlines have")
            + " passed. Did you bid? Each link opens a page with a button; nothing is noted before"
            " you press it.",
            "Your answer helps to show funders what this service brings. We count organisations and"
            " publish no number that stands for fewer than five, and no names.",
        ),
        facts=(),
        action="See or change what you get",
        url=addresses.preferences(person.handle),
        closing=(
            "You do not know yet? Keep this mail: the links work for more than a year, and you can"
            " change your answer at any time. We do not ask again.",
        ),
        choices=tuple(_choice(person, question, addresses) for question in questions),
        stop=addresses.unsubscribe(person.handle),
    )


def _choice(person: Subscriber, question: Question, addresses: Addresses) -> Choice:
    buyer = wording.plain(question.buyer, 120) or "Buyer not named"
    return Choice(
        heading=wording.plain(question.title, 160) or "Untitled notice",
        detail=f"{buyer}. Closed {wording.day(question.deadline)}.",
        links=tuple(
            (words, addresses.outcome(person.handle, question.key, say)) for words, say in ANSWERS
        ),
    )
