"""The open API, version 1: opportunities a page at a time by cursor, one of them, authorities.

Problems are told as problem details (RFC 9457). `openapi` describes all of it from the same tables.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.errors import UsageError
from crawler.jobs import export
from crawler.places import Authority, authorities
from crawler.places.regions import regions
from crawler.store import browse
from crawler.store.hits import Hit
from crawler.web import failures, filters, openapi
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.opportunity import find

USUAL = 20


def opportunities() -> AnyResponse:
    """A page of what fits the filters."""
    asked = filters.read(request.args, known=("cursor", "limit"))
    problems = [*asked.problems, *_empty()]
    limit = request.args.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:4]) <= browse.MOST):
        problems.append(f"limit should be a whole number from 1 to {browse.MOST}.")
    if problems:
        return failures.problem(
            400, "A parameter cannot be meant as given", " ".join(problems), errors=problems
        )
    try:
        with here().engine.connect() as connection:
            found = browse.find(
                connection,
                asked.filters,
                asked.sort,
                now=now(),
                limit=int(limit),
                after=request.args.get("cursor"),
            )
    except UsageError as error:
        words = str(error).replace("`after`", "`cursor`").replace("page marker", "cursor")
        return failures.problem(400, "The cursor cannot be used", words)
    more = {"limit": limit, "cursor": found.next} if found.next else None
    following = here().addresses.base + asked.url("/api/v1/opportunities", **more) if more else None
    told = {
        "items": [_hit(hit) for hit in found.items],
        "total": found.total,
        "total_is_at_least": found.capped,
        "did_you_mean": found.suggestion,
        "next": following,
        "next_cursor": found.next,
    }
    made = _answer(told)
    if following:
        made.headers["Link"] = f'<{following}>; rel="next"'
    return made


def _empty() -> list[str]:
    """A form may leave fields empty; a program that does so has lost a value."""
    given = request.args.items(multi=True)
    named = {name for name, value in given if not value.strip() and name not in ("q", "buyer")}
    return [f"{name} is empty; leave it out or give it a value." for name in sorted(named)]


def _hit(hit: Hit) -> dict[str, Any]:
    moments = {name: getattr(hit, name) for name in ("published", "deadline", "changed_at")}
    values = {name: getattr(hit, name) for name in ("value_min", "value_max")}
    return {
        "id": hit.id,
        "url": here().addresses.opportunity(hit.id),
        "title": hit.title,
        "buyer": hit.buyer,
        "regions": list(hit.regions),
        "authority": hit.authority,
        "stage": hit.stage,
        "status": hit.status,
        **{n: m.isoformat().replace("+00:00", "Z") if m else None for n, m in moments.items()},
        **{name: float(v) if v is not None else None for name, v in values.items()},
        "currency": hit.currency,
        "relevance": hit.shown_as,
        "scores": dict(hit.scores),
        "art_forms": list(hit.art_forms),
        "outcomes": list(hit.outcomes),
        "sources": list(hit.sources),
    }


def opportunity(id: str) -> AnyResponse:  # noqa: A002
    """One opportunity with its reasons and changes, as `tenders export` writes it."""
    with here().engine.connect() as connection:
        _, one = find(connection, id)
    return _answer(export.record(one, now()))


def places() -> AnyResponse:
    """Every authority that stands today, of one region if asked for."""
    wanted = request.args.get("region")
    if wanted is not None and wanted not in regions():
        return failures.problem(
            400, "There is no such region", f"region is one of {', '.join(regions())}."
        )
    living = [one for one in authorities().values() if one.ended is None]
    chosen = [one for one in living if wanted is None or wanted in one.regions]
    return _answer({"items": [_authority(one) for one in chosen]})


def _authority(one: Authority) -> dict[str, Any]:
    return {
        "gss": one.gss,
        "url": f"{here().addresses.base}/authorities/{one.gss}",
        "name": one.name,
        "short_name": one.short_name,
        "kind": one.kind,
        "nation": one.nation,
        "regions": list(one.regions),
        "county": one.county,
        "combined_authority": one.combined_authority,
        "website": one.website,
    }


def description() -> AnyResponse:
    """The OpenAPI document."""
    return _answer(openapi.document(here().addresses.base))


def _answer(told: dict[str, Any]) -> AnyResponse:
    made = jsonify(told)
    # Open data: any page may read it. It carries no cookie and answers nobody in particular.
    made.headers["Access-Control-Allow-Origin"] = "*"
    made.headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After"
    made.headers["Cache-Control"] = "public, max-age=60"
    made.add_etag()
    return made.make_conditional(request)


ROUTES = (
    Route(path="/api/v1/opportunities", name="api_opportunities", view=opportunities),
    Route(path="/api/v1/opportunities/<id>", name="api_opportunity", view=opportunity),
    Route(path="/api/v1/authorities", name="api_authorities", view=places),
    Route(path="/api/v1/openapi.json", name="api_description", view=description),
)
