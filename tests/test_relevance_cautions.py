"""Why a notice may not be for a small organisation: facts, never guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

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


def test_the_winner_and_the_turnover_are_quoted() -> None:
    awarded = facts(stage="award", awards=(Award(id="1", suppliers=("Arts Ltd",)),))
    assert "Arts Ltd" in cautions(awarded, NOW)[0].text
    asked = facts(description="Turnover of at least £1m is expected.")
    assert "£1m" in cautions(asked, NOW)[0].text
