"""Mounts the groups of commands; every module of this room offers `commands`."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from crawler import __version__, config, logs
from crawler.cli import (
    bounce,
    contacts,
    crawling,
    database,
    demo,
    digest,
    doctor,
    export,
    impact,
    judging,
    organisations,
    resources,
    review,
    schedule,
    serving,
    sources,
    subscribers,
    users,
    working,
)
from crawler.errors import ConfigError

app = typer.Typer(
    help="Find the public tenders that arts and cultural organisations could deliver.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    crawling,
    sources,
    judging,
    contacts,
    organisations,
    review,
    resources,
    impact,
    database,
    export,
    subscribers,
    digest,
    bounce,
    schedule,
    working,
    doctor,
    users,
    serving,
    demo,
):
    app.add_typer(module.commands)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find the public tenders that arts and cultural organisations could deliver."""
    del version  # its callback has answered
    # A wrong setting is the business of the command that needs it; `classify` needs none.
    with suppress(ConfigError):
        logs.set_up(config.load().log_format)
