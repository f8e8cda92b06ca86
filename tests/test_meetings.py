"""When buyers meet those who might bid, on written wordings: `meeting_cases.tsv`.

A row gives the words of a notice of 1 April 2026 and the meetings in them, ``;`` between two:
kind, day, London hours from and to, place, ``online``; empty for none.
"""

from __future__ import annotations

import csv
import pathlib
from dataclasses import replace
from datetime import UTC, datetime

import digest_samples as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import dates
from crawler.coming import Gathering
from crawler.partners.meetings import MOST, gatherings, meetings_in

PUBLISHED = datetime(2026, 4, 1, 9, tzinfo=UTC)
with pathlib.Path(__file__).with_name("meeting_cases.tsv").open(encoding="utf-8") as _file:
    CASES = list(csv.DictReader(_file, delimiter="\t"))


def told(one: Gathering) -> str:
    hours = [f"{m.astimezone(dates.LONDON):%H:%M}" if m else "" for m in (one.starts, one.ends)]
    return "|".join([one.kind, str(one.day), *hours, one.place, "online" if one.online else ""])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["words"][:60])
def test_meetings(case: dict[str, str]) -> None:
    found = [told(one) for one in meetings_in(case["words"], PUBLISHED)]
    wanted = [one for one in (case["meetings"] or "").split(";") if one]
    assert found == wanted


def test_there_are_enough_wordings() -> None:
    assert len(CASES) >= 30


def test_a_notice_names_each_meeting_once() -> None:
    words = "A webinar will be held on 14 May 2026 at 10am. The webinar on 14 May 2026 is free."
    one = samples.opportunity(1, description=words, published=PUBLISHED, stage="planning")
    assert [told(found) for found in gatherings(one)] == ["webinar|2026-05-14|10:00|||online"]
    assert gatherings(replace(one, status="cancelled")) == ()
    assert gatherings(replace(one, stage="award")) == ()


def test_a_notice_of_a_thousand_meetings_gives_a_few() -> None:
    words = " ".join(f"Webinar on {day} May 2026." for day in range(1, 29)) * 30
    one = samples.opportunity(1, description=words, published=PUBLISHED, stage="planning")
    assert len(gatherings(one)) == MOST


@given(st.text(max_size=400))
def test_any_text_is_read_without_fault(text: str) -> None:
    for one in meetings_in(f"webinar {text}", PUBLISHED):
        assert one.words


@given(
    st.lists(
        st.sampled_from(
            ["webinar", "site visit", "on", "4 May 2026", "at", "10am", "25:99", "to", "0-0pm",
             "13-14am", "by", "Teams", "in", "Leeds", ".", "\n\n", "31/02/26", "9999-99-99"]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_words_in_any_order_give_sound_meetings(words: list[str]) -> None:
    for one in meetings_in(" ".join(words), PUBLISHED):
        assert one.ends is None or (one.starts is not None and one.starts < one.ends)
