"""What a digest says: sections, subject, changes, hostile words."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
from digest_samples import (
    CHECKED,
    HULL,
    NOW,
    PORTALS,
    candidate,
    digest,
    judged,
    moved,
    opportunity,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from crawler.digest import rendering, wording
from crawler.digest.accounts import Accounts, SourceCheck, asked_for, checked
from crawler.digest.changes import changes
from crawler.digest.links import links
from crawler.digest.ordering import MOST
from crawler.items import Award, Buyer, Place, Reason
from crawler.opportunity import Change
from crawler.store.matches import Told
from crawler.store.subscribers import Subscription

CONTACT = "hello@tenders.example"


def keys(of) -> list[str]:
    return [section.key for section in of.sections]


def test_each_opportunity_stands_in_its_section_and_empty_ones_are_left_out():
    soon = opportunity(1, deadline=NOW + timedelta(days=9))
    art = opportunity(2)
    outcome = opportunity(3, judgement=judged("commissionable"))
    around = opportunity(4, judgement=judged("adjacent"))
    early = opportunity(5, stage="planning", deadline=NOW + timedelta(days=3))
    known = opportunity(6)
    later = candidate(moved(known, NOW + timedelta(days=40)), told=known)
    made = digest(later, early, around, outcome, art, soon)
    assert keys(made) == ["closing", "arts", "outcomes", "around", "early", "changed"]
    assert [section.items[0].id for section in made.sections] == [
        one.id for one in (soon, art, outcome, around, early, known)
    ]
    assert keys(digest(art)) == ["arts"]


def test_an_item_says_everything_in_words():
    (item,) = digest(opportunity()).sections[0].items
    assert item.title == "Riverside public art"
    assert item.buyer == "Hull City Council"
    assert item.place == "Kingston upon Hull, Yorkshire and The Humber"
    assert item.value == "£40,000 to £60,000"
    assert item.closing == "Closes Sunday 9 August 2026, 12 noon (30 days left)"
    assert item.stage == "Open for bids"
    assert item.reasons[0] == "Arts and culture: ‘public art’ in the title"
    assert item.links[0].text == "Read the notice on Find a Tender"


@pytest.mark.parametrize(
    ("days", "said"), [(0, "(today)"), (1, "(tomorrow)"), (2, "(2 days left)")]
)
def test_days_left(days: int, said: str):
    (item,) = digest(opportunity(deadline=NOW + timedelta(days=days, hours=2))).sections[0].items
    assert item.closing.endswith(said)


def test_far_dates_do_not_count_days():
    (item,) = digest(opportunity(deadline=NOW + timedelta(days=80))).sections[0].items
    assert item.closing == "Closes Monday 28 September 2026, 8am"


def test_missing_facts_are_said_to_be_missing():
    bare = opportunity(
        title="", buyer=None, deadline=None, value_min=None, value_max=None, currency=None,
        urls=(), place=Place(),
    )  # fmt: skip
    (item,) = digest(bare).sections[0].items
    assert item.title == "Notice without a title"
    assert item.buyer == "Buyer not named"
    assert item.place == "Place not stated"
    assert item.value == "Value not stated"
    assert item.closing == "Closing date not stated"
    assert item.links == ()
    assert "<a href" not in rendering.html(digest(bare), CONTACT).split("Why you")[0]


def test_the_subject_tells_the_news():
    new = [opportunity(n) for n in range(2, 6)]
    soon = [
        opportunity(n, title="Lantern festival", deadline=NOW + timedelta(days=n)) for n in (7, 8)
    ]
    expected = "6 new for you, 2 closing soon: Lantern festival in Kingston upon Hull"
    assert digest(*new, *soon).subject == expected
    assert digest(opportunity()).subject.startswith("1 new for you: Riverside public art")
    known = opportunity()
    made = digest(candidate(moved(known, NOW + timedelta(days=40)), told=known))
    assert made.subject.startswith("1 change to what we told you: Riverside public art")


def test_the_subject_does_not_say_the_place_twice():
    bath = opportunity(title="Murals for Kingston upon Hull", place=HULL)
    assert digest(bath).subject == "1 new for you: Murals for Kingston upon Hull"


def test_the_subject_names_art_that_is_new_before_anything_else():
    clubs = opportunity(
        1, title="Clubs", judgement=judged("commissionable"), deadline=NOW + timedelta(days=1)
    )
    made = digest(clubs, opportunity(2, title="Murals"))
    assert made.sections[0].items[0].title == "Clubs"
    assert made.subject.endswith(": Murals in Kingston upon Hull")


def test_the_preheader_goes_on_where_the_subject_ends():
    made = digest(opportunity(1), opportunity(2, title="Brass in schools"))
    assert made.preheader.startswith("Closes Sunday 9 August 2026")
    assert "Also: " in made.preheader


def test_at_most_fifteen_items_and_the_rest_is_counted_and_waits():
    many = [opportunity(n) for n in range(1, 31)]
    known = opportunity(99)
    made = digest(*many, candidate(moved(known, NOW + timedelta(days=50)), told=known))
    shown = [item for section in made.sections for item in section.items]
    assert len(shown) == MOST
    assert [section.more for section in made.sections] == [16, 0]
    assert keys(made) == ["arts", "changed"]
    assert set(made.carried) == {item.id for item in shown}
    text = rendering.text(made, CONTACT)
    assert "And 16 more." in text
    assert made.welcome.endswith("the 15 to look at first; the rest wait for your next email.")


def test_a_quiet_week_says_so_in_three_lines():
    made = digest()
    assert made.quiet
    assert made.subject == "All quiet: nothing new for you"
    body = rendering.text(made, CONTACT).split("----")[0]
    assert "Nothing new fits what you asked for" in body
    said = " ".join(body.split())
    assert "2 of 2 sources checked. The newest notice is from 9 July 2026." in said
    assert "There is nothing you need to do." in body
    page = rendering.html(made, CONTACT)
    assert page.split("</h1>")[1].split("<div")[0].count("<p") == 3
    assert "<h2" not in page


def test_it_accounts_for_itself():
    assert checked(CHECKED, NOW) == (
        "2 of 2 sources checked.",
        "The newest notice is from 9 July 2026.",
    )
    faulty = Accounts(
        sources=(
            SourceCheck(name="Find a Tender", verdict="ok", checked_at=NOW),
            SourceCheck(
                name="Sell2Wales", verdict="failed", checked_at=NOW, since=NOW - timedelta(days=3)
            ),
            SourceCheck(name="Contracts Finder"),
            SourceCheck(name="Old", verdict="ok", checked_at=NOW - timedelta(days=30)),
        )
    )
    assert checked(faulty, NOW, sent=9, near_misses=14) == (
        "1 of 4 sources checked; Sell2Wales failed since Tuesday; Contracts Finder not checked yet;"
        " Old last checked on 10 June 2026; 9 sent, 14 near misses.",
    )
    assert checked(Accounts(), NOW) == ()


def test_many_faulty_sources_are_counted():
    failed = tuple(
        SourceCheck(name=f"Source {number}", verdict="failed", checked_at=NOW)
        for number in range(9)
    )
    (said,) = checked(Accounts(sources=failed), NOW, near_misses=1)
    assert said.startswith("0 of 9 sources checked; Source 0 failed since today; ")
    assert said.endswith("; Source 2 failed since today; 6 more not read in full; 1 near miss.")


def test_it_says_what_was_asked_for():
    wish = Subscription(regions=("TLK", "TLL"), art_forms=("music",))
    assert asked_for([wish]) == (
        "You asked for arts and culture, and outcomes you could deliver."
        " Where: the South West and Wales. Art forms: music."
    )
    assert "Where: anywhere in the UK." in asked_for([Subscription()])
    assert "You also asked for arts" in asked_for([wish, Subscription(bands=("arts",))])


def test_a_moved_deadline_is_told_from_what_they_knew():
    known = opportunity(deadline=datetime(2026, 7, 3, 11, tzinfo=UTC))
    twice = moved(moved(known, NOW + timedelta(days=2)), datetime(2026, 7, 17, 11, tzinfo=UTC))
    assert changes(Told.of(known), twice) == (
        "The deadline moved from 3 July 2026 to 17 July 2026",
    )
    back = moved(twice, known.deadline)
    assert changes(Told.of(known), back) == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"status": "cancelled"}, "It was cancelled"),
        ({"status": "cancelled"}, {}, "It is on again after being cancelled"),
        ({}, {"status": "awarded"}, "It was awarded"),
        (
            {},
            {"status": "awarded", "awards": (Award(id="1", suppliers=("Ada", "Bo")),)},
            "It was awarded to Ada and Bo",
        ),
        (
            {"stage": "planning", "deadline": None},
            {},
            "It is now open for bids until 9 August 2026, 12 noon",
        ),
        ({"value_max": None, "value_min": None}, {}, "The value changed from value not stated to"),
        ({"title": "Old"}, {}, "It has a new title; it was ‘Old’"),
        ({"deadline": None}, {}, "The deadline is now 9 August 2026, 12 noon"),
        ({}, {"deadline": None}, "The deadline of 9 August 2026, 12 noon was taken back"),
        (
            {},
            {"deadline": NOW + timedelta(days=30, hours=9)},
            "The deadline moved from 9 August 2026, 12 noon to 9 August 2026, 5pm",
        ),
        ({"status": "closed"}, {}, "It is open again"),
        ({}, {"status": "closed"}, "The buyer closed it"),
    ],
)
def test_changes_in_words(before: dict[str, object], after: dict[str, object], said: str):
    (only,) = changes(Told.of(opportunity(**before)), opportunity(**after))
    assert only.startswith(said)


def test_a_changed_scope_is_told_once():
    known = opportunity()
    change = Change(
        version=2, at=NOW, field="scope", old="a", new="b", material=True, source="find-a-tender"
    )
    now_known = dataclasses.replace(known, version=2, changes=(change,))
    assert changes(Told.of(known), now_known) == ("The description of the work changed",)
    assert changes(Told.of(now_known), now_known) == ()
    small = dataclasses.replace(now_known, changes=(dataclasses.replace(change, material=False),))
    assert changes(Told.of(known), small) == ()


def test_what_is_told_and_unchanged_is_not_told_again():
    known = opportunity()
    assert digest(candidate(known, told=known)).quiet


def test_a_cancelled_item_does_not_go_on_about_itself():
    known = opportunity()
    made = digest(candidate(dataclasses.replace(known, status="cancelled"), told=known))
    text = rendering.text(made, CONTACT)
    assert "It was cancelled." in text
    assert "Why you" not in text
    assert "Closes" not in text


HOSTILE = (
    "<script>alert(1)</script>",
    "Art\r\nBcc: all@victim.example",
    "\u202egnp.exe\u202c \u200f\u2067mirror\u2069",
    "A" * 10_000,
    "Kunst " * 2_000,
    "Festival 🎭👩‍👩‍👧 für Größe",
    "مهرجان الفوانيس",
    "lone \ud800 surrogate \x00\x1b[31m",
    "{{ 7*7 }}{% raw %}",
    '"><img src=x onerror=alert(1)>',
)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str):
    bad = opportunity(
        title=words,
        buyer=Buyer(name=words),
        currency=words,
        judgement=judged(reasons=(Reason(text=words, field="title", weight=1.0),)),
    )
    made = digest(bad, organisation=words)
    page, text = rendering.html(made, CONTACT), rendering.text(made, CONTACT)
    page.encode()
    assert "<script" not in page
    assert "<img" not in page
    assert "49" not in made.subject
    assert len(page.encode()) < 20_000
    for seen in (made.subject, made.preheader, text, re.sub("<[^>]*>", "", page)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", seen)
    assert "\n" not in made.subject
    assert len(made.subject) < 200


@given(st.text(max_size=400))
def test_plain_is_one_short_printable_line(words: str):
    said = wording.plain(words, 60)
    assert len(said) <= 60
    assert "\n" not in said
    assert "\r" not in said
    assert said == wording.plain(said, 60)
    said.encode()


def test_only_web_addresses_become_links():
    urls = (
        "javascript:alert(1)",
        "https://evil.example/ bad",
        "https://evil.example/\r\nx",
        "https://[broken",
        "https://evil.example/<script>",
        "data:text/html,x",
        "https://bids.example/1",
        "https://bids.example/2",
        "https://find-tender.service.gov.uk@evil.example/",
        "https://www.sell2wales.gov.wales/n?a=1&b=2",
        "https://www.find-tender.service.gov.uk/Notice/1",
    )
    found = links(urls, PORTALS)
    assert [link.text for link in found] == [
        "Read the notice on Sell2Wales",
        "Read the notice on Find a Tender",
        "See more at bids.example",
    ]


def test_the_page_needs_nothing_from_outside():
    page = rendering.html(digest(opportunity()), CONTACT)
    assert "<img" not in page
    assert "url(" not in page
    assert "<link" not in page
    assert "prefers-color-scheme: dark" in page
    assert '<html lang="en-GB">' in page
    assert re.findall(r"<(h[1-6])", page) == ["h1", "h2", "h3"]
    assert not re.search(r">\s*(click here|here|link|more)\s*</a>", page, re.IGNORECASE)


def test_a_full_digest_of_long_words_stays_small():
    long = [
        opportunity(
            n,
            title="مهرجان " * 200,
            buyer=Buyer(name="بلدية " * 200),
            judgement=judged(
                reasons=tuple(
                    Reason(text="فانوس " * 50, field=field, weight=1.0)
                    for field in ("title", "description", "lots")
                )
            ),
        )
        for n in range(40)
    ]
    assert len(rendering.html(digest(*long), CONTACT).encode()) < 80_000


def test_text_lines_are_short_but_for_addresses():
    made = digest(opportunity(), opportunity(2, title="Murals " * 30))
    for line in rendering.text(made, CONTACT).splitlines():
        assert len(line) <= rendering.WIDTH or "https://" in line


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_text_stands_out_from_every_ground(dark: bool):
    css = (rendering.TEMPLATES / "digest.css").read_text()
    light, night = css.split("@media (prefers-color-scheme: dark)")
    rules = night if dark else light.replace(".preheader", "\n.preheader")
    rules = "\n".join(rule for rule in rules.splitlines() if not rule.startswith(".preheader"))
    grounds = re.findall(r"background: (#[0-9a-f]{6})", rules)
    inks = re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", rules)
    assert grounds
    assert inks
    for ink in inks:
        for ground in grounds:
            brighter, darker = sorted((luminance(ink), luminance(ground)), reverse=True)
            assert (brighter + 0.05) / (darker + 0.05) >= 4.5, (ink, ground)
