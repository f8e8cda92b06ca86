"""What is read off one page: a small page for each habit and fault, all written for this."""

from __future__ import annotations

import pathlib
import sys
import tomllib
from typing import Any

import pytest
from bs4 import BeautifulSoup

from crawler.contacts import extract, extracting

FOLDER = pathlib.Path(__file__).with_name("contact_pages")
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
FIELDS = ("role", "name", "email", "phone", "phone_written", "form")
OTHERS = {"otherton.gov.uk"}


def test_every_page_has_its_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.html")} == set(EXPECTED)
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_page(name: str) -> None:
    text = (FOLDER / f"{name}.html").read_text("utf-8")
    url = f"https://www.exampleshire.gov.uk/{name.replace('_', '-')}"
    found = extract(text, url, OTHERS)
    wanted = EXPECTED[name]
    got = [[getattr(one, field) or "" for field in FIELDS] for one in found.contacts]
    assert sorted(got) == sorted(wanted["contacts"])
    assert dict(found.refused) == wanted.get("refused", {})
    assert dict(found.repaired) == wanted.get("repaired", {})


@pytest.mark.parametrize("tag", ["h2", "h6", "label", "x-card", "main"])
def test_elements_that_nobody_closes_are_refused_before_they_cost(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a page that is nested without end was read")

    monkeypatch.setattr(extracting, "page_of", never)
    monkeypatch.setattr(extracting, "cards_in", never)
    text = f"<html><body>{f'<{tag}>Arts team arts@exampleshire.gov.uk' * 50_000}"
    found = extract(text, "https://www.exampleshire.gov.uk/arts")
    assert dict(found.refused) == {"page nested too deeply": 1}
    assert found.contacts == ()


@pytest.mark.parametrize(
    "part",
    [
        "<h2>Arts team {0}</h2><p>arts{0}@exampleshire.gov.uk</p>",
        "<h2>Arts team</h2>",
        "<h{1}>Arts team</h{1}>",
        "<p><b>Arts team {0}</b></p><p>01482 300 {0:03}</p>",
    ],
)
def test_work_grows_with_the_page_and_not_with_its_square(part: str) -> None:
    def steps(count: int) -> int:
        text = "".join(part.format(at, at % 6 + 1) for at in range(count))
        done = 0

        def counting(_: object, event: str, __: object) -> None:
            nonlocal done
            done += event in ("call", "c_call")

        sys.setprofile(counting)
        try:
            extract(f"<html><body>{text}", "https://www.exampleshire.gov.uk/arts")
        finally:
            sys.setprofile(None)
        return done

    steps(10)  # what is read once and kept
    assert steps(400) < 2.6 * steps(200)


def test_real_pages_are_far_from_too_heavy() -> None:
    heaviest = max(
        extracting.weight(BeautifulSoup(path.read_text("utf-8"), "lxml"))
        for path in FOLDER.glob("*.html")
        if path.stem != "deep_nesting"
    )
    assert heaviest < 20_000
