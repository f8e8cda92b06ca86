"""The classifier from the web app: its figures; training it or going back, beside the web threads.

Training takes a minute or more of processor time, so it runs in a process of its own, with a limit;
how it went stands in the store, for whoever looks next.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crawler.config import Settings
from crawler.jobs.train import HISTORY
from crawler.relevance.shipped import TRAINED, in_force
from crawler.store import audit, database, requests
from crawler.store.requests import Job

log = logging.getLogger(__name__)

LIMIT = timedelta(minutes=15)
PATIENCE = 2 * LIMIT
"""What has not ended after so long was left by a process that died."""

_LINES = 20
_TAIL = 1_500
_COMMANDS: dict[Job, tuple[str, ...]] = {"train": ("train",), "rollback": ("train", "--rollback")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The model in force: its version, and whether it was trained here.

    `about` is what the model says of itself; `round` how its own training went, None for the one
    that ships; `history` the rounds of training, newest first, as
    `crawler.jobs.train` records them.
    """

    version: str
    trained: bool
    about: dict[str, Any]
    round: dict[str, Any] | None
    history: tuple[dict[str, Any], ...]


def standing(folder: Path) -> Standing:
    """How the classifier stands, of the models in `folder`. Raises `ModelError`."""
    model = in_force(folder)
    trained = (folder / TRAINED).exists()
    history = _history(folder / HISTORY)
    own = (row for row in history if row.get("replaced") and row.get("version") == model.version)
    return Standing(
        version=model.version,
        trained=trained,
        about=dict(model.about),
        round=next(own, None) if trained else None,
        history=tuple(history),
    )


def _history(path: Path) -> list[dict[str, Any]]:
    """The last rounds that can be read, newest first."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[-_LINES:]
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in reversed(lines):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def ask(settings: Settings, engine: sa.Engine, job: Job, *, by: str, now: datetime) -> bool:
    """Begins a job; False if one is under way."""
    with database.writing(engine) as connection:
        number = requests.ask_job(connection, job, by, now, PATIENCE)
        if number is None:
            return False
        what = {"train": "asked for training", "rollback": "asked to go back a model"}[job]
        audit.record(connection, who=by, what=what, about="classifier", at=now)
    worker = threading.Thread(
        target=_work, args=(settings, engine, job, number), name=f"classifier {job}", daemon=True
    )
    worker.start()
    return True


def _work(settings: Settings, engine: sa.Engine, job: Job, number: int) -> None:
    """The job boundary: whatever happens is written down as the result."""
    result = "it ended for a reason nobody foresaw; the web app's log says which"
    try:
        result = _run(settings, engine, job)
    except (OSError, subprocess.SubprocessError) as error:
        result = f"failed: {type(error).__name__}"
    finally:
        with database.writing(engine, alone=False) as connection:
            requests.job_done(connection, number, result, datetime.now(UTC))


def _run(settings: Settings, engine: sa.Engine, job: Job) -> str:
    environment = os.environ | {
        "TENDERS_HOME": str(settings.home),
        "TENDERS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "TERM": "dumb",
        "COLUMNS": "200",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "crawler.cli", *_COMMANDS[job]],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT.total_seconds(),
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        minutes = int(LIMIT.total_seconds() // 60)
        return f"stopped after {minutes} minutes; nothing was changed. Try `tenders train`."
    said = " ".join((done.stdout or done.stderr).split())
    return said[-_TAIL:] or f"ended with status {done.returncode}"
