"""Calendar entries and Atom feeds: stable names, moved and cancelled deadlines, hostile words."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from digest_samples import ADDRESSES, NOW, PORTALS, moved, opportunity
from icalendar import Calendar, Event
from lxml import etree

from crawler.digest import calendars, feeds
from crawler.digest.feeds import Listed
from crawler.items import Buyer
from crawler.opportunity import Change

HOSTILE = (
    "<script>alert(1)</script> & ]]> Art",
    "Art;X\\, Y\r\nATTENDEE:mailto:all@victim.example",
    "Art\nEND:VEVENT\nBEGIN:VEVENT",
    "lone \ud800 \x00\x1b[31m \ufffe \ufdd0",
    "مهرجان 🎭 " * 2_000,
    "A" * 10_000,
)
ATOM = "{http://www.w3.org/2005/Atom}"


def entries(raw: bytes) -> list[Event]:
    made = Calendar.from_ical(raw)
    assert made["VERSION"] == "2.0"
    return list(made.walk("VEVENT"))


def only(of) -> Event:
    (found,) = entries(calendars.calendar("Mine", [of], ADDRESSES))
    return found


def test_an_entry_ends_at_the_deadline_and_warns_three_days_before():
    found = only(opportunity())
    assert found["UID"] == "k00000000001.deadline@tenders.example"
    assert found.end == datetime(2026, 8, 9, 11, tzinfo=UTC)
    assert found["SUMMARY"] == "Closes: Riverside public art"
    assert found["URL"] == "https://tenders.example/opportunities/k00000000001"
    assert found["STATUS"] == "CONFIRMED"
    assert found["TRANSP"] == "TRANSPARENT"
    (alarm,) = found.walk("VALARM")
    assert found.start + alarm.TRIGGER == found.end - timedelta(days=3)
    assert "12 noon, London time" in found["DESCRIPTION"]


def test_a_moved_deadline_moves_the_same_entry():
    before = opportunity()
    after = moved(before, NOW + timedelta(days=45, hours=4))
    old, new = only(before), only(after)
    assert old["UID"] == new["UID"]
    assert new["SEQUENCE"] > old["SEQUENCE"]
    assert new["LAST-MODIFIED"].dt > old["LAST-MODIFIED"].dt
    assert new.end - old.end == timedelta(days=15)


def test_a_cancelled_opportunity_cancels_the_entry_and_its_alarm():
    found = only(dataclasses.replace(opportunity(), status="cancelled", version=2))
    assert found["STATUS"] == "CANCELLED"
    assert found["SUMMARY"].startswith("Cancelled: ")
    assert not found.walk("VALARM")


def test_a_deadline_taken_back_cancels_the_entry_where_it_was():
    known = opportunity()
    change = Change(
        version=2, at=NOW, field="deadline", old=known.deadline.isoformat(), new=None,
        material=True, source="find-a-tender",
    )  # fmt: skip
    found = only(dataclasses.replace(known, deadline=None, version=2, changes=(change,)))
    assert found["STATUS"] == "CANCELLED"
    assert found.end == known.deadline
    assert entries(calendars.calendar("Mine", [opportunity(deadline=None)], ADDRESSES)) == []


@pytest.mark.parametrize(
    "deadline",
    [
        datetime(2026, 7, 17, 22, 59, 59, tzinfo=UTC),  # the last second of 17 July in London
        datetime(2026, 7, 16, 23, 0, tzinfo=UTC),  # its first
    ],
)
def test_a_deadline_without_an_hour_is_a_whole_london_day(deadline: datetime):
    found = only(opportunity(deadline=deadline))
    assert found.start == date(2026, 7, 17)
    assert found.end == date(2026, 7, 18)
    (alarm,) = found.walk("VALARM")
    assert found.start - date(2026, 7, 14) == timedelta(days=3)
    assert alarm.TRIGGER + timedelta(days=3) == timedelta(hours=9)


def test_the_same_opportunity_gives_the_same_bytes():
    several = [opportunity(number) for number in (3, 1, 2)]
    first = calendars.calendar("Mine", several, ADDRESSES)
    assert first == calendars.calendar("Mine", reversed(several), ADDRESSES)
    assert len(entries(first)) == 3


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_within_their_property(words: str):
    raw = calendars.calendar(words, [opportunity(title=words, buyer=Buyer(name=words))], ADDRESSES)
    (found,) = entries(raw)
    assert "ATTENDEE" not in found
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\x00" not in raw


def feed(*found: Listed, name: str = "Tidewater Arts") -> etree._Element:
    raw = feeds.atom(
        name,
        found,
        id="subscription/7",
        address="https://tenders.example/feeds/x/matches.atom",
        page="https://tenders.example/my-matches/x",
        addresses=ADDRESSES,
        portals=PORTALS,
        now=NOW,
    )
    return etree.fromstring(raw)


def test_a_feed_names_each_opportunity_for_good():
    before = opportunity(1)
    after = moved(before, NOW + timedelta(days=45))
    first, second = feed(Listed(opportunity=before)), feed(Listed(opportunity=after))
    path = f"{ATOM}entry/{ATOM}id"
    assert first.findtext(path) == "tag:tenders.example,2026:opportunity/k00000000001"
    assert first.findtext(path) == second.findtext(path)
    assert first.findtext(f"{ATOM}id") == "tag:tenders.example,2026:subscription/7"
    updated = f"{ATOM}entry/{ATOM}updated"
    assert first.findtext(updated) == "2026-07-07T07:00:00+00:00"
    assert second.findtext(updated) == "2026-07-10T07:00:00+00:00"
    assert second.findtext(f"{ATOM}updated") == second.findtext(updated)


def test_a_feed_says_why_and_where():
    listed = Listed(opportunity=opportunity(), reasons=("In Wales",), caveats=("It is large",))
    entry = feed(listed).find(f"{ATOM}entry")
    summary = entry.findtext(f"{ATOM}summary")
    assert "Why you: In Wales. Why it may not be for you: It is large." in summary
    assert "Closes Sunday 9 August 2026, 12 noon" in summary
    assert "days left" not in summary
    assert "Read the notice on Find a Tender: https://www.find-tender.service.gov.uk/" in summary
    (link,) = entry.findall(f"{ATOM}link")
    assert link.get("href") == "https://tenders.example/opportunities/k00000000001"


def test_a_feed_is_newest_first_and_bounded():
    many = [
        Listed(opportunity=opportunity(number, published=NOW - timedelta(hours=number)))
        for number in range(1, feeds.MOST + 20)
    ]
    ids = [one.text for one in feed(*reversed(many)).iterfind(f"{ATOM}entry/{ATOM}id")]
    assert len(ids) == feeds.MOST
    assert ids[0].endswith("k00000000001")
    assert ids[-1].endswith("k00000000100")


def test_an_empty_feed_is_a_feed():
    made = feed()
    assert made.findtext(f"{ATOM}updated") == "2026-07-10T07:00:00+00:00"
    assert made.find(f"{ATOM}entry") is None


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words_in_a_feed(words: str):
    bad = opportunity(title=words, buyer=Buyer(name=words), urls=("javascript:alert(1)",))
    made = feed(Listed(opportunity=bad, reasons=(words,), caveats=(words,)), name=words)
    assert len(made.findall(f"{ATOM}entry")) == 1
    assert made.find(".//{*}script") is None
    assert b"javascript:" not in etree.tostring(made)
    assert len(made.findtext(f"{ATOM}entry/{ATOM}title")) <= 160
