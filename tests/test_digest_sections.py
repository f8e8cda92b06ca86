"""Sections that depend on when things came, links of a reader, and the mails between digests."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta
from decimal import Decimal

import html5lib
import pytest
from digest_samples import (
    ADDRESSES,
    LETTERHEAD,
    NOW,
    candidate,
    digest,
    judged,
    moved,
    opportunity,
    subscriber,
    writer,
)
from hypothesis import given
from hypothesis import strategies as st

from crawler.coming import Relet
from crawler.digest import notes, rendering
from crawler.digest.composing import SECTIONS
from crawler.digest.items import Candidate
from crawler.digest.mail import message, size
from crawler.digest.matching import Match
from crawler.digest.nearby import BODIES, Near
from crawler.digest.ordering import MISSED, MOST, share_out
from crawler.items import Award, Buyer
from crawler.opportunity import Opportunity
from crawler.store.subscribers import Subscription
from crawler.tokens import Ticket

CONTACT = "hello@tenders.example"
WEEK = timedelta(days=7)
REGULAR = subscriber(digest_at=NOW - WEEK)
XHTML = "{http://www.w3.org/1999/xhtml}"


def arrived(of: Opportunity, days_ago: float) -> Candidate:
    return dataclasses.replace(candidate(of), first_seen=NOW - timedelta(days=days_ago))


def keys(of) -> list[str]:
    return [section.key for section in of.sections]


def named(of) -> list[str]:
    return [item.id for section in of.sections for item in section.items]


def test_what_a_source_brought_late_stands_last_and_oldest_first():
    late = [
        arrived(opportunity(number, published=NOW - timedelta(days=20 + number)), 1)
        for number in range(1, 41)
    ]
    fresh = arrived(opportunity(99), 1)
    made = digest(*late, fresh, person=REGULAR)
    assert keys(made) == ["arts", "missed"]
    fold = made.sections[1]
    assert [item.id for item in fold.items] == [
        opportunity(number).id for number in range(40, 40 - MISSED, -1)
    ]
    assert fold.brief
    assert fold.more == 40 - MISSED
    assert made.headline == "1 new for you"
    assert set(made.carried) == set(named(made))
    text = rendering.text(made, CONTACT)
    assert "And 35 more." in text
    assert text.index("YOU MAY HAVE MISSED") > text.index("NEW: ARTS AND CULTURE")


@pytest.mark.parametrize(
    ("published", "seen", "person", "section"),
    [
        (20, 1, REGULAR, "missed"),
        (20, 1, subscriber(), "arts"),  # their first digest: everything is new to them
        (20, 15, REGULAR, "missed"),  # it found no room in the fold a week ago
        (8, 1, REGULAR, "arts"),  # a day before the last digest: portals are slow
        (120, 100, REGULAR, "arts"),  # it was here before they joined
    ],
)
def test_late_is_what_an_earlier_digest_should_have_told(published, seen, person, section):
    made = digest(
        arrived(opportunity(published=NOW - timedelta(days=published)), seen), person=person
    )
    assert keys(made) == [section]


def test_leftovers_are_not_called_new_and_come_after_what_is():
    left = [arrived(opportunity(number, published=NOW - WEEK), 7.5) for number in range(1, 4)]
    fresh = arrived(opportunity(9, judgement=judged()), 1)
    made = digest(*left, fresh, person=REGULAR)
    assert made.headline == "1 new for you"
    assert made.sections[0].heading == "Arts and culture"
    assert named(made)[0] == fresh.opportunity.id
    assert made.welcome == (
        "We found 1 new opportunity that fits what you asked for. There are 3 more that fit from"
        " before."
    )
    only = digest(*left, person=REGULAR)
    assert only.headline == "3 more for you"
    assert "new" not in only.welcome


def test_contracts_that_end_are_early_signals_and_are_not_recorded_as_told():
    over = opportunity(
        5, stage="contract", status="awarded", awards=(Award(id="1", suppliers=("Ada Arts",)),)
    )
    ending = Candidate(
        opportunity=over,
        match=Match(kind="arts", reasons=("In Wales",)),
        relet=Relet(
            earliest=date(2027, 5, 6),
            latest=date(2027, 11, 6),
            certainty="worked out",
            reasons=("3 years from 7 May 2024", "it may be extended by 6 months", "‘3 years’"),
            incumbents=("Ada Arts",),
            value=Decimal(420_000),
            currency="GBP",
        ),
    )
    made = digest(ending, person=REGULAR)
    assert keys(made) == ["early"]
    (item,) = made.sections[0].items
    assert item.stage == (
        "Expected again between May and November 2027: 3 years from 7 May 2024; it may be extended"
        " by 6 months; now with Ada Arts"
    )
    assert item.value == "£420,000"
    assert not item.over
    assert made.carried == {}
    assert "between May and November 2027" in made.preheader
    assert "3 years from 7 May 2024" in " ".join(rendering.text(made, CONTACT).split())


def test_an_early_signal_says_when_the_buyer_may_be_met():
    words = "A webinar on 4 August 2026 at 10am via Teams; a site visit on 2 July 2026."
    made = digest(opportunity(stage="planning", description=words))
    (item,) = made.sections[0].items
    assert item.stage.endswith(
        "bids are not open yet. Webinar on Tuesday 4 August 2026, 10am, online (Microsoft Teams)"
    )


def test_awards_have_their_own_section():
    won = opportunity(stage="award", status="awarded")
    fit = Candidate(opportunity=won, match=Match(kind="arts", reasons=("In Wales",)))
    assert keys(digest(fit)) == ["awards"]


def test_whom_to_talk_to_is_told_once_for_each_body():
    def near(of: Opportunity) -> Near:
        number = int(of.id[1:])
        body = "Hull" if number < 4 else f"Town {number}"
        return Near(
            named="Named in the notice: Jo",
            body=body,
            roles=(f"Arts, {body}: arts@{body.replace(' ', '')}.example",),
        )

    made = digest(*[opportunity(number, title=f"Work {number}") for number in range(12)], near=near)
    assert len(made.people) == BODIES
    hull = next(body for body in made.people if body.name == "Hull")
    assert hull.roles == ("Arts, Hull: arts@Hull.example",)
    assert len(hull.items) == 3
    for said in (rendering.text(made, CONTACT), rendering.html(made, CONTACT)):
        assert said.count("arts@Hull.example") == 1
        assert said.count("Named in the notice: Jo") == 12


def test_an_item_has_the_readers_links():
    made = digest(opportunity(), person=REGULAR, addresses=ADDRESSES)
    (item,) = made.sections[0].items
    actions = [*item.actions, *made.ways[item.id]]
    assert [link.text for link in actions] == [
        "More about it", "Add to calendar", "Save", "Not for us",
    ]  # fmt: skip
    assert item.title_url == "https://tenders.example/opportunities/k00000000001"
    token = actions[2].url.rsplit("/", 1)[1]
    assert ADDRESSES.tokens.read("mark", token) == Ticket(REGULAR.handle, (item.id, "save"))
    text = rendering.text(made, CONTACT)
    for link in actions:
        assert f"{link.text}: {link.url}" in text


def test_nothing_is_offered_that_makes_no_sense():
    bare = digest(opportunity(deadline=None), addresses=ADDRESSES).sections[0].items[0]
    assert "Add to calendar" not in [link.text for link in bare.actions]
    known = opportunity()
    gone = candidate(dataclasses.replace(known, status="cancelled"), told=known)
    made = digest(gone, addresses=ADDRESSES)
    (item,) = made.sections[0].items
    assert [link.text for link in (*item.actions, *made.ways[item.id])] == ["More about it"]


def test_the_foot_says_why_and_how_to_stop():
    person = subscriber(
        confirmed_at=NOW - timedelta(days=40),
        subscriptions=(
            Subscription(id=1, regions=("TLE",)),
            Subscription(id=2, label="Wales \u202e"),
        ),
    )
    made = digest(person=person, addresses=ADDRESSES)
    assert made.footer.why == (
        "You get this because hello@theatre.example asked us for it on 31 May 2026."
    )
    assert [link.text for link in made.footer.links] == [
        "Change what you get", "Pause these emails", "Stop these emails",
    ]  # fmt: skip
    assert [link.text for link in made.footer.feeds][2:] == [
        "Calendar of closing dates 2, Wales",
        "Atom feed 2, Wales",
    ]
    for said in (rendering.text(made, CONTACT), rendering.html(made, CONTACT)):
        for link in (*made.footer.links, *made.footer.feeds):
            assert link.url in said
        assert CONTACT in said


def test_beyond_fifteen_there_is_a_link_to_all():
    many = [opportunity(number) for number in range(1, 41)]
    made = digest(*many, addresses=ADDRESSES)
    assert made.see_all.text == "See all 40 that fit what you asked for"
    assert made.see_all.url in rendering.html(made, CONTACT)
    assert made.see_all.url in rendering.text(made, CONTACT)
    assert digest(opportunity(), addresses=ADDRESSES).see_all is None


def spoken(page: str) -> list[tuple[str, str]]:
    """What each link of a page is called when read aloud, and where it leads."""
    tree = html5lib.parse(page)
    return [
        (link.get("aria-label") or "".join(link.itertext()).strip(), link.get("href"))
        for link in tree.iter(f"{XHTML}a")
    ]


def test_links_are_told_apart_when_read_aloud():
    same = [opportunity(number, title="Riverside public art") for number in range(1, 5)]
    others = [opportunity(number, title="Long words " * 30) for number in range(5, 20)]
    made = digest(*same, *others, addresses=ADDRESSES)
    page = rendering.html(made, CONTACT)
    links = dict.fromkeys(spoken(page))
    names: dict[str, set[str]] = {}
    for name, url in links:
        names.setdefault(name, set()).add(url)
    titles = {item.title for section in made.sections for item in section.items}
    twice = [name for name, urls in names.items() if len(urls) > 1 and name not in titles]
    assert twice == []
    assert all(len(name) > 3 for name in names)
    seen = re.findall(r'aria-label="([^"]*)"[^>]*>([^<]*)</a>', page)
    assert seen
    assert all(label.startswith(text) for label, text in seen)


def test_the_page_is_sound_html():
    made = digest(*[opportunity(number) for number in range(20)], addresses=ADDRESSES)
    page = rendering.html(made, CONTACT)
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.index("charset") < 1024
    assert "{{" not in page
    assert "{%" not in page


def test_styles_are_in_the_elements():
    page = rendering.html(digest(opportunity()), CONTACT)
    assert re.search(r'<h2 style="[^"]*color:#7a2348', page)
    assert re.search(
        r'<span class="soon" style="[^"]*#92370c',
        rendering.html(digest(opportunity(deadline=NOW + timedelta(days=3))), CONTACT),
    )
    assert "prefers-color-scheme: dark" in page.split("</head>")[0]


@given(st.dictionaries(st.sampled_from(list(SECTIONS)), st.integers(1, 60), max_size=8))
def test_room_is_shared_out(wanted: dict[str, int]):
    room = share_out(wanted)
    assert room.keys() == wanted.keys()
    assert all(1 <= room[key] <= wanted[key] for key in wanted)
    most = sum(min(n, MISSED) if key == "missed" else n for key, n in wanted.items())
    assert sum(room.values()) == min(MOST, most)


def test_an_early_mail_says_that_it_cannot_wait():
    soon = candidate(opportunity(1, deadline=NOW + timedelta(days=2, hours=4)))
    made = notes.early(
        [soon], person=REGULAR, writer=writer(addresses=ADDRESSES), until=NOW + timedelta(days=3)
    )
    assert made.kind == "early"
    assert made.subject == "Closes in 2 days: Riverside public art"
    assert made.welcome == (
        "This fits what you asked for, and closes before your next email on Monday 13 July 2026."
    )
    assert set(made.carried) == {soon.opportunity.id}
    text = rendering.text(made, CONTACT)
    assert "CLOSING BEFORE YOUR NEXT EMAIL" in text
    assert "Stop these emails" in text
    assert "sources checked" not in text


def test_a_reminder_names_the_nearest_first():
    near, far = (candidate(opportunity(n, deadline=NOW + timedelta(days=n))) for n in (1, 3))
    made = notes.reminder([far, near], person=REGULAR, writer=writer(addresses=ADDRESSES))
    assert made.subject == "Saved by you: closes tomorrow, and 1 more soon: Riverside public art"
    assert named(made) == [near.opportunity.id, far.opportunity.id]
    assert "You saved these, and the closing date is near." in rendering.text(made, CONTACT)


def test_a_note_of_what_never_closes_is_refused():
    with pytest.raises(ValueError, match="k00000000001 has no deadline"):
        notes.reminder([candidate(opportunity(deadline=None))], person=REGULAR, writer=writer())


def test_fifteen_items_at_their_longest_stay_below_80_kb():
    fit = Match(kind="arts", reasons=("evidence " * 60,) * 5, caveats=("doubt " * 60,) * 3)
    found = [
        Candidate(
            opportunity=opportunity(
                number,
                title="Riverside art " * 1_000,
                buyer=Buyer(name="Council " * 200),
                urls=(
                    f"https://www.find-tender.service.gov.uk/Notice/{number:06}-2026",
                    f"https://bids.example/{'x' * 200}",
                ),
            ),
            match=fit,
        )
        for number in range(40)
    ]
    near = Near(named="n" * 200, bidding="b" * 160, body="Hull", roles=("r" * 200,) * 4)
    made = digest(*found, near=lambda _: near, addresses=ADDRESSES, person=REGULAR, near_misses=9)
    assert len(named(made)) == MOST
    assert len(rendering.html(made, CONTACT).encode("ascii", "xmlcharrefreplace")) < 80_000
    raw = message(made, REGULAR, LETTERHEAD, NOW, addresses=ADDRESSES)
    assert size(raw) - 4_000 < len(raw.as_bytes()) < size(raw)


def test_a_change_is_told_with_its_links():
    known = opportunity()
    made = digest(
        candidate(moved(known, NOW + timedelta(days=40)), told=known), addresses=ADDRESSES
    )
    text = rendering.text(made, CONTACT)
    assert "The deadline moved from 9 August 2026, 12 noon to" in text
    assert "Add to calendar: " in text
