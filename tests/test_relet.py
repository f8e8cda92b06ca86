"""How long contracts run and when they come back, on written wordings: `relet_cases.tsv`.

A row gives the words and either the terms that stand in them (months; ``12+12`` for two
extensions; empty for none) or, where these are ``?``, the stated dates and the window to be found.
"""

from __future__ import annotations

import csv
import pathlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.partners.relet import relet
from crawler.partners.terms import Terms, read_terms

START = date(2024, 4, 1)
with pathlib.Path(__file__).with_name("relet_cases.tsv").open(encoding="utf-8") as _file:
    CASES = list(csv.DictReader(_file, delimiter="\t"))
TERMS = [case for case in CASES if case["initial"] != "?"]
WINDOWS = [case for case in CASES if case["initial"] == "?"]


@pytest.mark.parametrize("case", TERMS, ids=lambda case: case["words"][:60])
def test_terms(case: dict[str, str]) -> None:
    found = read_terms(case["words"])
    said = (found.initial, "+".join(map(str, found.extensions)), found.maximum)
    assert said == (
        int(case["initial"]) if case["initial"] else None,
        case["extensions"],
        int(case["maximum"]) if case["maximum"] else None,
    )


def day(words: str) -> date | None:
    return date.fromisoformat(words) if words else None


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: case["words"][:60])
def test_windows(case: dict[str, str]) -> None:
    window = relet(start=day(case["start"]), end=day(case["end"]), texts=[case["words"]])
    assert window is not None
    assert (window.earliest, window.latest) == (day(case["earliest"]), day(case["latest"]))
    assert window.reasons


@pytest.mark.parametrize(
    "words", [case["words"] for case in TERMS if "2024" not in case["words"]], ids=lambda w: w[:60]
)
def test_no_date_no_window(words: str) -> None:
    assert relet(texts=[words]) is None


@pytest.mark.parametrize(
    "words",
    [
        "The first round of applicants will be appointed to the framework by 15 August 2024.",
        "Bids for the contract must be submitted by 1 May 2024.",
        "The festival runs from 1 to 9 July 2024.",
        "The contract was discussed at a meeting on 3 March 2024.",
        "The council holds a 99 year lease. Prices as of 1 April 2024.",
        "Services are currently provided under a contract which will expire on 31 August 2024.",
        "A database contract, in place since 2020, is due to expire on the 18th August 2025.",
        "A warranty of 24 months from 1 April 2024.",
        "Published on 1 April 2024. Contract value £24,000.",
    ],
)
def test_dates_of_other_things_make_no_window(words: str) -> None:
    assert relet(texts=[words]) is None


def test_there_are_sixty_wordings_and_more() -> None:
    assert len(CASES) >= 75


def test_a_renewal_field_speaks_of_extensions_only() -> None:
    window = relet(start=START, end=date(2026, 3, 31), renewals=["6 months"])
    assert window is not None
    assert window.latest == date(2026, 9, 30)


def test_an_end_before_the_start_is_not_believed() -> None:
    assert relet(start=START, end=date(2020, 1, 1)) is None


def test_it_says_why() -> None:
    window = relet(texts=["Contract of 36 months from 1 April 2024, option to extend by 24"])
    assert window is not None
    assert window.certainty == "worked out"
    assert window.reasons[:2] == ("3 years from 1 April 2024", "it may be extended by 2 years")
    assert "option to extend by 24" in window.reasons[2]


@pytest.mark.parametrize(
    "words",
    [
        "The contract is for three years and may be extended by one year, twice",
        "Initial term of three years. It may be extended by a year. This option may be used twice",
        "A contract that " + "we describe at some length, " * 6 + "for three years, extendable"
        " by one year and then by one more",
    ],
)
def test_the_words_quoted_hold_what_was_counted(words: str) -> None:
    window = relet(start=START, texts=[words])
    assert window is not None
    assert (window.earliest, window.latest) == (date(2027, 3, 31), date(2029, 3, 31))
    assert "it may be extended twice, by a year each" in window.reasons
    assert any(said.endswith(("twice’", "one more’")) for said in window.reasons)


@given(st.text(max_size=400))
def test_any_text_is_read_without_fault(text: str) -> None:
    assert isinstance(read_terms(text), Terms)


@given(
    st.lists(
        st.sampled_from(
            [
                "contract",
                "for",
                "12",
                "months",
                "two",
                "x",
                "1",
                "year",
                "extend",
                "option",
                "+",
                "2+1+1",
                "until",
                "1",
                "May",
                "2026",
                "(",
                "twice",
                "three times",
                "and then",
                "more",
                "another",
            ]
        ),
        max_size=40,
    )
)
def test_words_in_any_order_end_in_a_sound_window(words: list[str]) -> None:
    window = relet(start=START, texts=[" ".join(words)])
    assert window is None or START < window.earliest <= window.latest
