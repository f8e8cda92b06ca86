"""``tenders classify``: a line in, a line out, and a bad line costs itself alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawler.cli.judging import MAX_LINE, commands

GOOD = '{"id": "a", "title": "Public art commission", "cpv": ["92310000"], "region": ["Wales"]}'
BAD = {
    "no JSON": '{"title": ',
    "a list": '["title"]',
    "no title": '{"id": "b", "description": "x"}',
    "empty title": '{"id": "b", "title": "  "}',
    "null title": '{"id": "b", "title": null}',
    "cpv is a number": '{"id": "b", "title": "x", "cpv": 92}',
    "cpv holds numbers": '{"id": "b", "title": "x", "cpv": [92]}',
    "description is a list": '{"id": "b", "title": "x", "description": ["y"]}',
    "NUL": '{"id": "b", "title": "x", "description": "y\\u0000z"}',
    "too long": json.dumps({"id": "b", "title": "x", "description": "y" * 10_000_000}),
    "long field": json.dumps({"id": "b", "title": "x", "description": "y" * 1_500_000}),
    "not UTF-8": '{"title": "caf\udce9"}',
    "deep": "[" * 100_000,
}


def run(text: str) -> tuple[int, list[dict[str, Any]]]:
    data = text.encode("utf-8", "surrogateescape")
    result = CliRunner().invoke(commands, ["classify", "-"], input=data)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_a_good_line_has_the_whole_answer() -> None:
    status, [answer] = run(GOOD + "\n")
    assert status == 0
    assert list(answer) == [
        "id", "relevance", "scores", "art_forms", "outcomes", "reasons", "regions", "authority",
        "place_reason",
    ]  # fmt: skip
    assert answer["id"] == "a"
    assert answer["relevance"] == "arts"
    assert set(answer["scores"]) == {"arts", "commissionable", "adjacent", "none"}
    assert answer["regions"] == ["TLL"]
    assert {"text", "field", "weight"} == set(answer["reasons"][0])


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_costs_itself_alone(name: str) -> None:
    status, answers = run(f"{GOOD}\n\n{BAD[name]}\n{GOOD}\n")
    assert status == 1
    assert [answer.get("line") for answer in answers] == [None, 3, None]
    assert set(answers[1]) == {"id", "line", "error"}
    assert answers[0] == answers[2]


def test_the_id_of_a_bad_line_is_told() -> None:
    assert run(BAD["no title"])[1][0]["id"] == "b"
    assert run(BAD["no JSON"])[1][0]["id"] is None


def test_the_last_line_needs_no_end() -> None:
    assert len(run(f"{GOOD}\n{GOOD}")[1]) == 2
    assert run("") == (0, [])


def test_a_file_is_read_and_a_missing_one_told(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    path.write_text("\n".join([GOOD] * 450), encoding="utf-8")
    result = CliRunner().invoke(commands, ["classify", str(path)])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 450
    result = CliRunner().invoke(commands, ["classify", str(tmp_path / "none")])
    assert "cannot be read" in str(result.exception)


def test_a_long_line_is_not_held() -> None:
    assert MAX_LINE < 10_000_000


@pytest.mark.parametrize("identifier", ["7", '"7"', "1.5", "12345678901234567890", "null"])
def test_the_id_comes_back_as_it_was(identifier: str) -> None:
    status, [answer] = run(f'{{"id": {identifier}, "title": "Mural"}}\n')
    assert status == 0
    assert answer["id"] == json.loads(identifier)
    assert type(answer["id"]) is type(json.loads(identifier))
