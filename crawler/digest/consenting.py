"""The mail that asks somebody to confirm, and the words that they agree to.

Anybody may type anybody's address into a form. So the mail says who asked, when and for what, does
nothing by being opened, and carries no words of a stranger's that a mail program would turn into a
link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from hashlib import blake2b
from types import MappingProxyType

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from crawler import dates
from crawler.digest import rendering, wording
from crawler.digest.mail import NAME, POLICY, Letterhead
from crawler.digest.wish_wording import when, wish
from crawler.store.subscribers import Subscriber, Subscription
from crawler.tokens import LIFETIMES

WORDING = "2026-11"
"""The version of the words in use. Change the words only together with this."""

PARTNERING = "partners-2026-11"
"""The version of the words by which people agree to be shown as possible partners."""

WORDINGS = MappingProxyType(
    {
        "partners-2026-11": (
            f"I agree that {NAME} shows my organisation’s name, its area and the words I wrote here"
            " to everybody as a possible partner, and passes on requests to be introduced to me. My"
            " email address is hidden until I agree to an introduction. I can take this back at any"
            " time, at once, on this page."
        ),
        "2026-11": (
            f"I agree that {NAME} sends me emails about public tenders and contracts that fit what"
            " I asked for, and keeps my email address, my organisation’s name and my wishes for"
            " that purpose. I can change my wishes, pause or stop the emails, see all that is kept"
            " about me and have it erased at any time, by the links in each email."
        ),
    }
)
"""What people agreed to, by version; earlier versions stay, since evidence names them."""

_JOINTS = re.compile(r"(?<=\w)[.:/@\\]+(?=\w)|://|@")
_NAME_WIDTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something of which a letter asks: `links` are answers and the pages where they are given."""

    heading: str
    detail: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A short letter with one thing to do: the button `action` leads to `url`.

    One that asks has `choices`; `stop` is the address for List-Unsubscribe, where there is one.
    """

    subject: str
    preheader: str
    date: str
    heading: str
    opening: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    action: str
    url: str
    closing: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    stop: str = ""


def asking(person: Subscriber, url: str, now: datetime) -> Letter:
    """Asks `person` to confirm, on the page `url`, what was asked for in their name."""
    days = (LIFETIMES["confirm"] or dates.end_of_day(now) - now).days
    wishes = " ".join(wording.sentence(wish(_tamed(one))) for one in person.subscriptions)
    return Letter(
        subject=f"Please confirm your emails from {NAME}",
        preheader="One click on a button, and we start looking for tenders that fit you.",
        date=wording.today(now),
        heading="Would you like these emails?",
        opening=(
            f"On {dates.spell(now)} {_who(person)} asked us to send {NAME} emails to this address.",
            "If that was you, please confirm. Until you do, we send nothing.",
        ),
        facts=(
            ("What was asked for", wishes),
            ("How often", f"{wording.sentence(when(person.schedule))}."),
            ("What you agree to", WORDINGS[WORDING]),
        ),
        action="Go to the page to confirm",
        url=url,
        closing=(
            f"The link works for {days} days, and opens a page with a button.",
            "If this was not you, do nothing: you will get no emails from us, and after 30 days we"
            " forget your address.",
        ),
    )


def known(person: Subscriber, url: str, now: datetime) -> Letter:
    """Tells `person` that somebody asked for what they have already; `url` is their own page."""
    paused = person.state == "paused"
    return Letter(
        subject=f"You get emails from {NAME} already",
        preheader="Somebody asked us to write to you. Nothing has changed.",
        date=wording.today(now),
        heading="You are with us already",
        opening=(
            f"On {dates.spell(now)} somebody asked us to send {NAME} emails to this address."
            + (" Yours are paused." if paused else " You get them already.")
            + " Nothing has changed.",
        ),
        facts=(),
        action="See or change what you get",
        url=url,
        closing=("If it was not you who asked, there is nothing you need to do.",),
    )


def _who(person: Subscriber) -> str:
    """Whoever asked, by the name they gave."""
    return f"somebody from “{tame(person.organisation)}”" if person.organisation else "somebody"


def _tamed(one: Subscription) -> Subscription:
    return replace(
        one,
        require=tuple(tame(word) for word in one.require),
        exclude=tuple(tame(word) for word in one.exclude),
    )


def tame(words: str) -> str:
    """A stranger's words on one short line, in which no mail program finds a link."""
    return wording.plain(_JOINTS.sub(" ", wording.plain(words, _NAME_WIDTH)), _NAME_WIDTH)


def message(
    letter: Letter,
    recipient: str,
    letterhead: Letterhead,
    about: str,
    now: datetime,
    *,
    kind: str,
) -> EmailMessage:
    """`letter` as a mail. Its Message-ID follows from `about`: sent twice, it is still one mail.

    `kind`, in small letters, says in it what the mail is, and names its file where mails are files.
    Raises `ConfigError` when sender or contact are no addresses.
    """
    domain = letterhead.domain  # refuses a sender that is none
    name, sender = parseaddr(letterhead.sender)
    identity = blake2b(f"{about} {now.isoformat()}".encode(), digest_size=12).hexdigest()
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(name or NAME, addr_spec=sender)
    made["To"] = Address(addr_spec=recipient)
    made["Reply-To"] = Address(addr_spec=parseaddr(letterhead.contact)[1])
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(now.astimezone(dates.LONDON))
    made["Message-ID"] = f"<{kind}.{identity}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    if letter.stop:
        made["List-Unsubscribe"] = f"<{letter.stop}>"
        if letter.stop.startswith("https://"):  # RFC 8058, section 3.1: for an HTTPS address only
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["MIME-Version"] = "1.0"
    made.make_alternative()
    made.set_boundary(f"=_{identity}")
    for subtype in ("plain", "html"):
        part = EmailMessage(policy=SMTP)
        content = written(letter, letterhead.contact, subtype)
        part.set_content(content, subtype=subtype, cte="quoted-printable")
        made.attach(part)
    return made


def written(letter: Letter, contact: str, subtype: str) -> str:
    """The letter as ``plain`` text or as ``html``."""
    template = "confirm.html" if subtype == "html" else "confirm.txt"
    page = _environment().get_template(template).render(letter=letter, contact=contact)
    return _inliner().inline(page) if subtype == "html" else page.strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(rendering.TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = rendering.wrapped
    environment.filters["mailto"] = rendering.mailto
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
