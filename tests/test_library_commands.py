"""`tenders resources` and `tenders impact`, as people type them."""

from __future__ import annotations

import json
import pathlib

import pytest
from test_shelf import GOOD, listed
from typer.testing import CliRunner, Result

from crawler.cli import app as cli
from crawler.cli import resources as command
from crawler.errors import TendersError, UsageError
from crawler.jobs.asking import Reply
from crawler.partners import shelf


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    monkeypatch.delenv("TENDERS_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def well(*words: str) -> str:
    done = run(*words)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_the_library_is_listed_by_what_is_asked_for() -> None:
    everything = [json.loads(line) for line in well("resources", "list", "--json").splitlines()]
    assert len(everything) == len(shelf.shipped())
    assert everything[0].keys() >= {"key", "measures", "link", "origin", "retired_at"}
    welsh = well("resources", "list", "--nation", "Wales", "--outcome", "health_wellbeing")
    assert "acw-arts-health-approach" in welsh
    assert "wemwbs" not in welsh
    assert "nothing like that" in well("resources", "list", "--dead")
    wrong = run("resources", "list", "--kind", "book")
    assert isinstance(wrong.exception, UsageError)
    assert "evidence, toolkit" in str(wrong.exception)


def test_one_is_added_and_a_list_taken_in_twice(home: pathlib.Path) -> None:
    one = ("resources", "add", "ours-2026", "--title", "Ours", "--publisher", "We", "--kind")
    well(*one, "evidence", "--summary", "What we found.", "--outcome", "environment")
    assert "ours-2026" in well("resources", "list", "--outcome", "environment")
    again = run(*one, "evidence", "--summary", "x")
    assert "already" in str(again.exception)
    wrong = run(*one, "book", "--summary", "x", "--year", "soon")
    assert isinstance(wrong.exception, TendersError)
    assert "kind 'book'" in str(wrong.exception)
    assert "no year" in str(wrong.exception)
    file = home / "list.csv"
    file.write_text(listed(GOOD, GOOD | {"key": "bad", "nation": "Mars"}).getvalue())
    first = run("resources", "import", str(file))
    assert first.exit_code == 1
    assert "list.csv line 3: nation 'Mars'" in first.output
    assert "1 new, 0 changed, 0 the same, 1 refused" in first.output
    assert "0 new, 0 changed, 1 the same" in run("resources", "import", str(file)).output
    missing = run("resources", "import", str(home / "nothing.csv"))
    assert "cannot be read" in str(missing.exception)


def test_links_are_asked_and_the_dead_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def asker(agent: str) -> object:
        assert agent.startswith("arts-tenders/")
        return lambda method, url, most: Reply(status=404)

    monkeypatch.setattr(command.asking, "asker", asker)
    monkeypatch.setattr("crawler.jobs.link_checking.Looker._wait", lambda *_: None)
    said = well("resources", "check", "wemwbs")
    assert said.startswith("1 link looked at, 0 well; dead: wemwbs")
    assert "dead since" in well("resources", "list", "--dead")
    unknown = run("resources", "check", "nothing")
    assert "no resource 'nothing'" in str(unknown.exception)


def test_the_figures_on_the_command_line() -> None:
    assert "kept back" in well("impact")
    assert "North West" in well("impact", "--exact")
    table = well("impact", "--csv").splitlines()
    assert table[0] == "by,name,reached,bid,won,value_won_gbp"
    assert table[1] == "All,All organisations,0,0,0,0"
    both = run("impact", "--csv", "--exact")
    assert isinstance(both.exception, UsageError)
