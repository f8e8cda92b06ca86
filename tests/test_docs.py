"""The documentation says what is: every command, option, setting, source and file that it names."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest
import typer

from crawler.cli.app import app
from crawler.config import Settings
from crawler.sources import load

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "MODEL.md", "DEPLOY.md")
]


def command_tree() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def commands() -> list[str]:
    return sorted(command_tree())


@pytest.mark.parametrize("name", commands())
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`tenders {name}" in README


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`TENDERS_{name.upper()}`" in README


@pytest.mark.parametrize("key", sorted(key for key, one in load().items() if one.enabled))
def test_every_source_is_in_the_readme(key: str) -> None:
    assert f"`{key}`" in README


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    known = {f"TENDERS_{name.upper()}" for name in Settings.model_fields} | {"TENDERS_TEST"}
    named = set(re.findall(r"TENDERS_[A-Z_]+[A-Z]", README))
    assert named <= known


def test_the_crawl_options_are_in_the_readme() -> None:
    options = {
        option
        for parameter in command_tree()["crawl"].params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert {option for option in options if option not in README} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_exist(page: pathlib.Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", text)
    targets += re.findall(
        r"`((?:crawler|spiders|pipelines|tests|benchmarks|docs)/[\w./-]+\.\w+)`", text
    )
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_no_page_names_a_machine() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(?:root|home|work|opt|tmp)/", text), page.name
