"""Why a notice may not be for a small organisation: facts, never guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import Award, Facts
from crawler.relevance import cautions

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def facts(**changed: Any) -> Facts:
    held: dict[str, Any] = {
        "source": "s",
        "ocid": "o",
        "release_id": "r",
        "date": NOW,
        "tags": ("tender",),
        "stage": "tender",
        "status": "open",
        "title": "Youth arts",
    }
    return Facts(**(held | changed))


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"deadline": NOW + timedelta(days=30)}, []),
        ({"deadline": NOW + timedelta(days=3)}, ["deadline"]),
        ({"deadline": NOW - timedelta(days=1)}, ["closed"]),
        ({"status": "cancelled"}, ["cancelled"]),
        ({"stage": "award", "awards": (Award(id="1", suppliers=("Arts Ltd",)),)}, ["awarded"]),
        ({"value_max": Decimal(2_000_000)}, ["value"]),
        ({"value_max": Decimal(40_000)}, []),
        ({"description": "A framework agreement for providers."}, ["framework"]),
        (
            {"description": "This framework wants a minimum annual turnover of £500,000."},
            ["turnover"],
        ),
        ({"description": "This is a direct award."}, ["direct"]),
        ({"description": "Workers need an enhanced DBS check."}, ["clearance"]),
    ],
)
def test_cautions(changed: dict[str, Any], codes: list[str]) -> None:
    assert [caution.code for caution in cautions(facts(**changed), NOW)] == codes


@pytest.mark.parametrize(
    ("words", "code", "quoted"),
    [
        ("Public liability insurance of £10 million is needed.", "insurance", "£10 million"),
        ("You must hold £5m public liability insurance.", "insurance", "£5m"),
        ("Insurance: professional indemnity £5,000,000 and cyber £1m.", "insurance", "£5,000,000"),
        ("Insurance cover of ten million pounds will be asked for.", "insurance", "ten million"),
        ("TUPE may apply to this contract.", "tupe", "TUPE"),
        ("The Transfer of Undertakings regulations apply.", "tupe", "TUPE"),
        ("Send three years of audited accounts.", "accounts", "three years of audited accounts"),
        ("Bidders submit accounts for the last 2 financial years.", "accounts", "last 2"),
        ("Bidders need a turnover of £400,000.", "turnover", "£400,000"),
        ("Your turnover must exceed £1m a year.", "turnover", "£1m"),
        ("Turnover should be at least twice the yearly contract value.", "turnover", "twice"),
        ("A parent company guarantee will be required.", "guarantee", "parent company guarantee"),
        ("The supplier provides a performance bond of 10%.", "guarantee", "performance bond"),
        ("Cyber Essentials Plus is mandatory.", "accreditation", "Cyber Essentials Plus"),
        ("Suppliers hold ISO 9001 or similar.", "accreditation", "ISO 9001"),
        ("Providers must be CQC registered.", "accreditation", "CQC registered"),
        ("CQC-registered providers only.", "accreditation", "CQC"),
        ("The contract is not divided into lots.", "one_lot", "one lot"),
        ("It will be let as a single lot.", "one_lot", "one lot"),
        ("This is a framework.", "framework", "does not guarantee any work"),
        # What demands nothing of the kind.
        ("Public liability insurance of £2 million is needed.", None, ""),
        ("Employers’ liability insurance of £5 million is needed by law.", None, ""),
        ("Public liability £1m, and employer's liability insurance of £10m.", None, ""),
        ("The contract is worth £6m over its term in each of the districts of the county, and so "
         "on and on for all of these years; insurance of £1m is enough.", None, ""),
        ("TUPE does not apply.", None, ""),
        ("TUPE is not expected to apply.", None, ""),
        ("Accounts are not required.", None, ""),
        ("No performance bond is required.", None, ""),
        ("ISO 9001 is not needed.", None, ""),
        ("You may bid for one lot or for all.", None, ""),
        ("Bidders may win a single lot or both.", None, ""),
        ("Name the person who looks after the accounts.", None, ""),
    ],
)  # fmt: skip
def test_demands(words: str, code: str | None, quoted: str) -> None:
    found = cautions(facts(description=words), NOW)
    assert [one.code for one in found] == ([code] if code else [])
    assert all(quoted in one.text for one in found)


def test_demands_of_many_kinds_are_each_told_once_and_in_one_long_line_too() -> None:
    words = (
        "Insurance of £10m public liability is needed, TUPE will apply, we ask for three years’ "
        "accounts and a bank guarantee, "
    )
    for text in (words, words * 40, "x" * 700 + " " + words):
        codes = [one.code for one in cautions(facts(description=text), NOW)]
        assert sorted(codes) == ["accounts", "guarantee", "insurance", "tupe"]


@pytest.mark.parametrize(
    ("days", "codes"), [(30, []), (14, []), (13, ["short"]), (9, ["short"]), (3, ["deadline"])]
)
def test_a_short_time_to_answer_is_told(days: int, codes: list[str]) -> None:
    held = facts(deadline=NOW + timedelta(days=days))
    assert [one.code for one in cautions(held, NOW, published=NOW)] == codes
    assert [one.code for one in cautions(held, NOW)] == [code for code in codes if code != "short"]


@given(st.text(max_size=3_000))
def test_any_words_are_read(text: str) -> None:
    assert len({one.code for one in cautions(facts(description=text), NOW)}) <= 12


def test_the_winner_and_the_turnover_are_quoted() -> None:
    awarded = facts(stage="award", awards=(Award(id="1", suppliers=("Arts Ltd",)),))
    assert "Arts Ltd" in cautions(awarded, NOW)[0].text
    asked = facts(description="Turnover of at least £1m is expected.")
    assert "£1m" in cautions(asked, NOW)[0].text
