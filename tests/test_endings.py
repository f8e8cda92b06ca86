"""Which contracts an opportunity tells of: award by award, lot by lot, and what gives none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import digest_samples as samples
import pytest

from crawler.items import Award, Lot
from crawler.opportunity import Opportunity
from crawler.partners.endings import MOST, contracts

START, END = datetime(2024, 4, 1, tzinfo=UTC), datetime(2027, 3, 31, 22, tzinfo=UTC)


def award(number: int = 1, **more: object) -> Award:
    plain = Award(
        id=str(number),
        suppliers=(f"Holder {number}",),
        start=START,
        end=END,
        value=Decimal(140_000),
        currency="GBP",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def awarded(*awards: Award, **more: object) -> Opportunity:
    given = {"stage": "award", "status": "awarded", "awards": awards, "description": "Choirs."}
    return samples.opportunity(1, **(given | more))


def test_an_award_says_who_holds_the_contract_and_until_when() -> None:
    (one,) = contracts(awarded(award(extension="Option to extend by 12 months")))
    assert (one.earliest, one.latest) == (date(2027, 3, 31), date(2028, 3, 31))
    assert (one.incumbents, one.value, one.certainty) == (("Holder 1",), 140_000, "stated")
    assert one.awarded


def test_awards_that_end_alike_are_one_contract_worth_their_sum() -> None:
    (one,) = contracts(awarded(award(1), award(2), award(3, value=None, currency=None)))
    assert one.incumbents == ("Holder 1", "Holder 2", "Holder 3")
    assert one.value == 280_000


def test_currencies_are_not_added_up() -> None:
    (one,) = contracts(awarded(award(1), award(2, currency="EUR")))
    assert one.value is None or one.currency is None


def test_awards_that_end_apart_are_two() -> None:
    other = award(2, end=datetime(2026, 3, 31, tzinfo=UTC))
    assert [one.incumbents for one in contracts(awarded(award(1), other))] == [
        ("Holder 2",),
        ("Holder 1",),
    ]


def test_lots_that_say_their_own_dates_are_told_apart() -> None:
    lots = (
        Lot(id="1", title="North", start=START, end=END, value=Decimal(50_000), currency="GBP"),
        Lot(id="2", title="South", start=START, duration_days=730, renewal="12 months"),
        Lot(id="3", title="Withdrawn", start=START, end=END, status="cancelled"),
    )
    found = contracts(awarded(award(start=None, end=None), lots=lots))
    assert [(one.lot, one.earliest, one.latest) for one in found] == [
        ("South", date(2026, 3, 31), date(2027, 3, 31)),
        ("North", date(2027, 3, 31), date(2027, 3, 31)),
    ]


def test_a_call_for_bids_without_award_says_so() -> None:
    (one,) = contracts(samples.opportunity(1, start=START, end=END))
    assert not one.awarded
    assert one.incumbents == ()


def test_without_a_start_the_term_counts_from_the_award() -> None:
    signed = award(start=None, end=None, date=datetime(2024, 3, 5, tzinfo=UTC))
    (one,) = contracts(awarded(signed, description="A contract of three years."))
    assert one.certainty == "estimated"
    assert (one.earliest, one.latest) == (date(2027, 3, 4), date(2027, 9, 4))
    assert "its award on 5 March 2024" in one.reasons[0]


@pytest.mark.parametrize(
    "one",
    [
        awarded(award(), status="cancelled"),
        awarded(award(status="unsuccessful"), award(2, status="Cancelled")),
        awarded(award(start=None, end=None), description="A contract of three years."),
        awarded(award(start=END, end=START)),
        awarded(award(end=datetime(2099, 4, 1, tzinfo=UTC))),
        awarded(description="Three choirs."),
        samples.opportunity(1, stage="planning", status="unknown", start=START, end=END),
        samples.opportunity(1, description="The contract runs for 36 months."),
        samples.opportunity(
            1, lots=(Lot(id="1", start=START, duration_days=36_500),), description="Words."
        ),
    ],
    ids=[
        "cancelled", "no award stands", "no date at all", "ends before it starts", "75 years",
        "no award named", "only planned", "a term without a date", "100 years",
    ],
)  # fmt: skip
def test_nothing_is_invented(one: Opportunity) -> None:
    assert contracts(one) == ()


@pytest.mark.parametrize(
    ("title", "days", "more", "again"),
    [
        ("Day opportunities for older people", 730, {}, True),
        ("Music tuition in schools", 365, {}, True),
        ("Repair of the theatre roof", 1000, {"category": "works"}, False),
        ("New library", 900, {"cpv": ("45212330", "79000000")}, False),
        ("Maintenance of sculptures", 365, {"cpv": ("45212314",)}, True),
        ("A mural for the underpass", 365, {}, False),
        ("Feasibility study for an arts centre", 200, {}, False),
        ("Care of public sculptures", 1500, {}, True),
        ("Opening concert", 30, {}, False),
        ("Carnival", 30, {"description": "The carnival is held every summer."}, True),
        ("Heritage trail: artwork", 250, {"description": "May be extended by six months."}, False),
        ("Winter light trail", 60, {"description": "May be extended by one year."}, True),
        ("Holiday clubs", 120, {"description": "A framework of providers."}, True),
    ],
)
def test_only_what_comes_back_is_told_of(
    title: str, days: int, more: dict[str, object], again: bool
) -> None:
    """One-off works, artworks and events end as well, but nobody puts them out again."""
    term = award(start=START, end=START + timedelta(days=days))
    assert bool(contracts(awarded(term, title=title, **more))) is again
    call = samples.opportunity(1, title=title, start=START, end=term.end, **more)
    assert bool(contracts(call)) is again


def test_where_no_start_is_known_the_title_and_kind_decide() -> None:
    assert contracts(awarded(award(start=None), title="Youth clubs"))
    assert not contracts(awarded(award(start=None), title="Statue of a miner"))


def test_absurd_extensions_are_not_believed() -> None:
    (one,) = contracts(awarded(award(extension="extend by 99 years")))
    assert one.latest == date(2027, 3, 31)


def test_a_framework_of_hundreds_tells_of_a_few() -> None:
    many = [award(n, end=datetime(2026, 1, 1 + n % 28, n % 23, tzinfo=UTC)) for n in range(1, 300)]
    assert 0 < len(contracts(awarded(*many, title="Workshops"))) <= MOST
