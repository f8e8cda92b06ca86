"""What is read off one page: a small page for each habit and fault, all written for this."""

from __future__ import annotations

import pathlib
import tomllib
from typing import Any

import pytest

from crawler.contacts import extract

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
