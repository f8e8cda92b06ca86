"""``tenders classify``, ``evaluate`` and ``train``: the classifier at the command line.

`classify` needs no database: JSON lines in, JSON lines out, a batch at a time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from crawler import config, relevance
from crawler.errors import UsageError
from crawler.items import Judgement, Notice, Place
from crawler.places import locate

commands = typer.Typer()

BATCH = 200
MAX_LINE = 2_000_000
"""Bytes a line may have: a longer one is no notice, and is refused without being held."""

MAX_TEXT = 1_000_000
_LISTS = ("cpv", "region", "nuts", "postcode", "lots", "buyer_nuts")
_TEXTS = ("description", "buyer", "category", "buyer_postcode", "buyer_town")


@commands.command()
def classify(
    file: Annotated[str, typer.Argument(help="JSON lines, - for standard input")] = "-",
) -> None:
    """Judge notices: a JSON object a line in, a JSON object a line out."""
    if file == "-":
        failed = _classify(sys.stdin.buffer)
    else:
        try:
            with Path(file).open("rb") as lines:
                failed = _classify(lines)
        except OSError as error:
            raise UsageError(
                f"{file} cannot be read: {error.strerror}. Name a file, or -"
            ) from error
    raise typer.Exit(1 if failed else 0)


def _classify(stream: BinaryIO) -> bool:
    """Write an answer for every line of `stream`; whether any line was refused."""
    failed = False
    for batch in _batches(_lines(stream)):
        notices = [held.notice for _, held in batch if isinstance(held, Asked)]
        judged = iter(relevance.judge(notices))
        answers = []
        for number, held in batch:
            if isinstance(held, Asked):
                answers.append(answer(held, next(judged), locate(held.notice)))
            else:
                failed = True
                answers.append({"id": held.id, "line": number, "error": str(held)})
        sys.stdout.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in answers))
        sys.stdout.flush()
    return failed


@dataclass(frozen=True, slots=True)
class Asked:
    """A notice to be judged, and its id as it came: a number stays a number."""

    id: str | int | float | None
    notice: Notice


class RefusedLineError(ValueError):
    """A line that holds no notice; `id` is its id when that much could be read."""

    def __init__(self, message: str, identifier: object = None) -> None:
        super().__init__(message)
        written = isinstance(identifier, int) or (
            isinstance(identifier, str) and not _half_a_pair(identifier)
        )
        self.id = identifier if written else None


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines as bytes, None for one longer than `MAX_LINE` (read past without being held)."""
    while line := stream.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE)
        yield None


def _batches(
    lines: Iterable[bytes | None],
) -> Iterator[list[tuple[int, Asked | RefusedLineError]]]:
    """Numbered notices and refusals, up to `BATCH` at a time; blank lines count but say nothing."""
    batch: list[tuple[int, Asked | RefusedLineError]] = []
    for number, line in enumerate(lines, 1):
        if line is not None and not line.strip():
            continue
        try:
            batch.append((number, parse(line)))
        except RefusedLineError as refused:
            batch.append((number, refused))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def parse(line: bytes | None) -> Asked:
    """The notice in one line. Raises `RefusedLineError` with what is wrong, and the id if any."""
    if line is None:
        raise RefusedLineError(f"longer than {MAX_LINE:,} bytes; shorten the description")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusedLineError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise RefusedLineError(f"a JSON object is wanted, not {type(row).__name__}")
    identifier = row.get("id")
    title = row.get("title")
    if not isinstance(title, str) or not title.strip():
        raise RefusedLineError("the title is missing", identifier)
    texts = {name: _text(row, name) for name in _TEXTS}
    lists = {name: _list(row, name) for name in _LISTS}
    values = [title, *texts.values(), *(value for held in lists.values() for value in held)]
    if any(_half_a_pair(value) for value in (*values, identifier) if isinstance(value, str)):
        raise RefusedLineError("half a surrogate pair stands in the text; remove it")
    if any(value and "\x00" in value for value in values):
        raise RefusedLineError("a NUL character stands in the text; remove it", identifier)
    if any(value and len(value) > MAX_TEXT for value in values):
        raise RefusedLineError(
            f"a field is longer than {MAX_TEXT:,} characters; shorten it", identifier
        )
    texts["description"] = texts["description"] or ""
    plain = isinstance(identifier, (str, int, float)) and not isinstance(identifier, bool)
    name = identifier if plain or identifier is None else str(identifier)
    known_as = None if name is None else str(name)
    return Asked(name, Notice(title=title, id=known_as, **texts, **lists))  # type: ignore[arg-type]


def _half_a_pair(text: str) -> bool:
    """Whether no encoding can write `text`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise RefusedLineError(f"{name} must be text", row.get("id"))
    return value


def _list(row: dict[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name) or []
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RefusedLineError(f"{name} must be a list of texts", row.get("id"))
    return tuple(value)


def answer(asked: Asked, judgement: Judgement, place: Place) -> dict[str, object]:
    """One line of output: the contract in README under *classify*."""
    return {
        "id": asked.id,
        "relevance": judgement.relevance,
        "scores": {name: round(score, 6) for name, score in judgement.scores.items()},
        "art_forms": list(judgement.art_forms),
        "outcomes": list(judgement.outcomes),
        "reasons": [
            {"text": reason.text, "field": reason.field, "weight": reason.weight}
            for reason in judgement.reasons
        ],
        "regions": list(place.regions),
        "authority": place.authority,
        "place_reason": place.reason,
    }


@commands.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="labelled notices, JSON lines")],
    repeats: Annotated[int, typer.Option(min=1, help="cross-validations to average")] = 1,
    only: Annotated[
        Path | None, typer.Option(help="file of ids, one a line: a second report on these")
    ] = None,
) -> None:
    """Estimate how well the classifier does, by grouped cross-validation on labelled notices."""
    # Importing scikit-learn costs more than a second, which `classify` must not pay.
    from crawler.relevance.evaluation import evaluate as cross_validate
    from crawler.relevance.rows import read_rows
    from crawler.relevance.telling import tell

    rows = read_rows(file)
    ids = frozenset(only.read_text(encoding="utf-8").split()) if only else frozenset()
    reports = cross_validate(rows, repeats, lambda step: typer.echo(f"… {step}", err=True), ids)
    typer.echo("\n\n".join(map(tell, reports)))


@commands.command()
def train(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="decisions as labelled JSON lines, not those in the store"),
    ] = None,
    rollback: Annotated[bool, typer.Option(help="put the previous model back in force")] = False,
) -> None:
    """Teach the classifier from people's decisions, or take the last training back."""
    from crawler.jobs import train as job
    from crawler.relevance.rows import read_rows

    settings = config.load()
    folder = settings.model
    now = datetime.now(UTC)
    if rollback:
        typer.echo(job.rollback(folder, now))
        return
    rows = read_rows(source) if source else _decided(settings.database)
    outcome = job.train(job.decisions_of(rows), folder, now)
    typer.echo(
        f"{outcome.decisions} decisions; average precision on the held part "
        f"{outcome.before:.3f} before, {outcome.after:.3f} after. {outcome.message}"
    )
    raise typer.Exit(0 if outcome.replaced else 1)


def _decided(url: str) -> list[dict[str, Any]]:
    """The decisions that stand in the store; `classify` must not pay for importing it."""
    from crawler.jobs.reprocess import read
    from crawler.store import database, reviews

    with database.engine(url).connect() as connection:
        return reviews.taught(connection, read)
