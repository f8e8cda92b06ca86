"""How a window and a meeting are put into words: never more exactly than what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from crawler.coming import Gathering, Relet
from crawler.digest import foretelling

TODAY = date(2026, 6, 1)
ANCHOR = Relet(
    earliest=date(2027, 3, 31),
    latest=date(2027, 9, 30),
    certainty="worked out",
    reasons=("3 years from 1 April 2024", "it may be extended by 6 months", "‘3 years plus 6’"),
    incumbents=("Anchor Theatre",),
    value=Decimal(420_000),
    currency="GBP",
)


def test_all_of_it_in_one_sentence() -> None:
    assert foretelling.told(ANCHOR, TODAY) == (
        "Expected again between March and September 2027: 3 years from 1 April 2024;"
        " it may be extended by 6 months; now with Anchor Theatre; £420,000"
    )
    assert foretelling.reasoning(ANCHOR).startswith("Worked out: 3 years from 1 April 2024")
    assert foretelling.quoted(ANCHOR) == ("‘3 years plus 6’",)


@pytest.mark.parametrize(
    ("earliest", "latest", "words"),
    [
        ("2027-03-31", "2027-03-31", "Expected again in March 2027"),
        ("2027-03-31", "2028-03-31", "Expected again between March 2027 and March 2028"),
        ("2026-07-15", "2026-07-15", "Ends in July 2026: what follows may be out already"),
        (
            "2026-07-15",
            "2027-07-15",
            "Ends in July 2026 or, extended, by July 2027: what follows may be out already",
        ),
        ("2026-01-31", "2027-01-31", "If it was extended, it may run until January 2027"),
    ],
)
def test_when(earliest: str, latest: str, words: str) -> None:
    days = {"earliest": date.fromisoformat(earliest), "latest": date.fromisoformat(latest)}
    assert foretelling.again(replace(ANCHOR, **days), TODAY) == words


def test_when_the_buyer_may_ask_around_is_said_while_it_is_ahead() -> None:
    assert foretelling.watch(ANCHOR, TODAY) == "The buyer may begin to ask around from July 2026"
    assert "now is the time" in foretelling.watch(ANCHOR, date(2026, 8, 1))
    assert foretelling.watch(ANCHOR, ANCHOR.earliest - timedelta(days=30)) == ""


def test_who_holds_it() -> None:
    many = replace(ANCHOR, incumbents=tuple(f"Holder {n}" for n in range(1, 7)))
    assert foretelling.holder(many) == "Now with Holder 1, Holder 2, Holder 3 and 3 more"
    assert foretelling.holder(replace(ANCHOR, incumbents=())) == "The winner is not named"
    nobody = replace(ANCHOR, incumbents=(), awarded=False)
    assert foretelling.holder(nobody).endswith("nobody has published who won it")
    assert foretelling.worth(replace(ANCHOR, value=None)) == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Webinar on Thursday 14 May 2026"),
        (
            {"starts": datetime(2026, 5, 14, 9, tzinfo=UTC), "online": True},
            "Webinar on Thursday 14 May 2026, 10am, online",
        ),
        (
            {
                "kind": "open day",
                "starts": datetime(2026, 5, 14, 9, tzinfo=UTC),
                "ends": datetime(2026, 5, 14, 11, 30, tzinfo=UTC),
                "place": "Hull Town Hall",
            },
            "Open day on Thursday 14 May 2026, 10am to 12:30pm, Hull Town Hall",
        ),
        ({"online": True, "place": "Zoom"}, "Webinar on Thursday 14 May 2026, online (Zoom)"),
    ],
)
def test_meetings(more: dict[str, object], words: str) -> None:
    plain = Gathering(kind="webinar", day=date(2026, 5, 14), words="A webinar.")
    assert foretelling.meeting(replace(plain, **more)) == words  # type: ignore[arg-type]
