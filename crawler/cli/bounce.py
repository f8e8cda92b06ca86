"""``tenders bounce``: takes bounces and complaints in, as a mail server pipes them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import typer

from crawler import config
from crawler.digest.bouncing import LARGEST
from crawler.jobs import bounce as job
from crawler.store import database

commands = typer.Typer()


@commands.command()
def bounce() -> None:
    """Read one bounce or complaint from standard input: tenders bounce < message.eml

    The exit status is 0 when it was taken in, known before, or needs nothing; 1 when it is no
    report about a mail of ours.
    """
    raw = sys.stdin.buffer.read(LARGEST + 1)
    settings = config.load()
    typer.echo(job.take(settings, database.engine(settings.database), raw, datetime.now(UTC)))
