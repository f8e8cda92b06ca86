"""The table of behaviours: what the shipped model says of notices that we wrote for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.items import Judgement, Notice
from crawler.relevance import band, judge
from crawler.relevance.quoting import quote

LINES = Path(__file__).with_name("relevance_cases.tsv").read_text(encoding="utf-8").splitlines()
CASES = [(*line.split("\t"), "", "")[:5] for line in LINES if line and not line.startswith("#")]


def notice(title: str, description: str, lots: str) -> Notice:
    return Notice(
        title=title, description=description, lots=tuple(lots.split("||")) if lots else ()
    )


def meets(expected: str, judged: Judgement) -> bool:
    relevance = judged.relevance
    if expected == "~":
        return band(judged) != "hidden"
    if expected.startswith("!"):
        return relevance != expected[1:]
    return relevance in expected.split("|")


@pytest.mark.parametrize(
    ("group", "expected", "title", "description", "lots"),
    CASES,
    ids=[f"{case[0]}-{case[2]}"[:60] for case in CASES],
)
def test_behaviour(group: str, expected: str, title: str, description: str, lots: str) -> None:
    [judged] = judge([notice(title, description, lots)])
    assert meets(expected, judged), (judged.scores, judged.reasons)


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 150


def test_welsh_is_never_silently_none() -> None:
    ours = [case for case in CASES if case[0] == "welsh" and case[1] != "none"]
    for _, _, title, description, lots in ours:
        [judged] = judge([notice(title, description, lots)])
        assert judged.scores["none"] < 0.5


def test_a_quote_never_runs_from_one_sentence_into_the_next():
    notice = Notice(title="A call", description="We want music; dance. Singing for all ages")
    assert quote(notice, "description", ("dance", "singing")) == ("description", "Singing")
    assert quote(notice, "description", ("singing", "for", "all")) == (
        "description",
        "Singing for all",
    )
    assert quote(notice, "description", ("music", "dance")) == ("description", "music")
