"""Visits to authorities' sites: which pages were read when, so that a broken-off visit goes on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler.store.statements import insert_or_ignore
from crawler.store.tables import site_pages, site_visits

WORTH_RESUMING = timedelta(days=7)
"""A visit that was broken off longer ago begins anew."""


def unfinished(
    connection: sa.Connection, source: str, authorities: Collection[str], now: datetime
) -> dict[str, dict[str, list[Any]]]:
    """What the visits that were broken off have read: ``{GSS: {"read": […], "links": […]}}``."""
    begun = sa.select(site_visits).where(
        site_visits.c.source == source,
        site_visits.c.finished.is_(None),
        site_visits.c.started >= now - WORTH_RESUMING,
    )
    wanted = set(authorities)
    found: dict[str, dict[str, list[Any]]] = {}
    for visit in connection.execute(begun).all():
        if visit.authority not in wanted:
            continue
        query = sa.select(site_pages).where(
            site_pages.c.source == source,
            site_pages.c.authority == visit.authority,
            site_pages.c.read_at >= visit.started,
        )
        pages = connection.execute(query).all()
        read = [page.url for page in pages]
        links = [link for page in pages for link in page.links]
        found[visit.authority] = {"read": read, "links": links}
    return found


def begin(connection: sa.Connection, source: str, authority: str, now: datetime) -> None:
    """Records that a visit began, unless one that is worth resuming is under way."""
    where = _is(source, authority)
    row = connection.execute(sa.select(site_visits).where(where)).first()
    if row is None:
        values = {"source": source, "authority": authority, "started": now, "pages": 0}
        connection.execute(sa.insert(site_visits).values(values))
    elif row.finished is not None or row.started < now - WORTH_RESUMING:
        again = {"started": now, "finished": None, "failure": None}
        connection.execute(sa.update(site_visits).where(where).values(again))


def page(
    connection: sa.Connection,
    source: str,
    authority: str,
    url: str,
    read_at: datetime,
    reason: str | None,
    links: Sequence[tuple[str, float]] = (),
) -> None:
    """Records that a page was read, or why it was not."""
    values = {"read_at": read_at, "reason": reason, "links": [list(link) for link in links]}
    where = sa.and_(
        site_pages.c.source == source,
        site_pages.c.authority == authority,
        site_pages.c.url == url,
    )
    if not connection.execute(sa.update(site_pages).where(where).values(values)).rowcount:
        row = {"source": source, "authority": authority, "url": url, **values}
        connection.execute(insert_or_ignore(connection, site_pages), [row])


def finish(
    connection: sa.Connection,
    source: str,
    authority: str,
    now: datetime,
    pages: int = 0,
    failure: str | None = None,
) -> None:
    """Records that a visit came to its end."""
    values = {"finished": now, "pages": pages, "failure": failure}
    connection.execute(sa.update(site_visits).where(_is(source, authority)).values(values))


def _is(source: str, authority: str) -> sa.ColumnElement[bool]:
    return sa.and_(site_visits.c.source == source, site_visits.c.authority == authority)
