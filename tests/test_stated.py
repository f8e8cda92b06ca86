"""Deadlines and budgets in running text: what is labelled, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stated import budget_in, deadline_in

PUBLISHED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Closing date: Friday 4 December 2026 at 5pm", "2026-12-04T17:00:00"),
        ("Deadline\n12/01/2027, 12 noon", "2027-01-12T12:00:00"),
        ("Apply by 3rd March", "2027-03-03T23:59:59"),
        ("Applications close on 1 November", "2026-11-01T23:59:59"),
        ("closes at 17:00 on the 30th of June 2027", "2027-06-30T16:00:00"),
        ("Deadline for questions: 1 Dec 2026. Deadline 10 Dec 2026 1700hrs", "2026-12-10T17:00:00"),
        ("Closing date: December 14, 2026", "2026-12-14T23:59:59"),
        ("Deadline extended to 2026-12-20", "2026-12-20T23:59:59"),
        ("closes 31 September 2026", None),
        ("Deadline 07/13/2026", None),
        ("The festival is on 4 December 2026", None),
        ("Deadline: 4 December 2012", None),
        ("Deadline: soon", None),
        ("", None),
    ],
)
def test_a_deadline_stands_behind_a_label(text: str, moment: str | None) -> None:
    found = deadline_in(text, PUBLISHED)
    assert (found.isoformat()[:19] if found else None) == moment


def test_a_day_without_a_year_needs_to_know_when_it_was_written() -> None:
    assert deadline_in("Apply by 3rd March", None) is None
    assert deadline_in("Apply by 3rd March 2027", None) is not None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Budget: £5-10k", 5000, 10000),
        ("a fee of £12,000 plus VAT", 12000, 12000),
        ("up to £1.2m", None, 1200000),
        ("budget of between £5,000 and £7,500", 5000, 7500),
        ("total budget: £30,000 including VAT. Bring £5", 30000, 30000),
        ("Fee: £250 per day", None, None),
        ("Budget £25,000 a year", None, None),
        ("Fee £1,500 each", None, None),
        ("Salary £20,000 per annum", None, None),
        ("for the new £2m building", None, None),
        ("budget: £1", None, None),
        ("budget £9999999999999999999bn", None, None),
    ],
)
def test_a_budget_stands_behind_a_label(text: str, low: int | None, high: int | None) -> None:
    assert budget_in(text) == (
        Decimal(low) if low is not None else None,
        Decimal(high) if high is not None else None,
    )


@given(st.text(alphabet="0123456789 £,.-kmby deadline budget up to May/:", max_size=120))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = deadline_in(f"Deadline: {text}", PUBLISHED)
    assert found is None or found.tzinfo is not None
    low, high = budget_in(f"Budget: {text}")
    assert low is None or high is None or low <= high
