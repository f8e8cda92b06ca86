"""The OpenAPI 3.1 document of the API, made from the tables that the API itself reads."""

from __future__ import annotations

from typing import Any

from crawler import __version__
from crawler.items import ART_FORMS, OUTCOMES, RELEVANCES, STAGES, STATUSES
from crawler.jobs.export import FIELDS
from crawler.places.regions import CODES
from crawler.store import browse
from crawler.web import filters

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_AMOUNT: Schema = {"type": ["number", "null"], "description": "whole currency units"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_SCORES: Schema = {
    "type": "object",
    "properties": {name: {"type": "number", "minimum": 0, "maximum": 1} for name in RELEVANCES},
    "description": "calibrated probabilities that sum to 1; empty if not judged",
}


def document(base: str) -> Schema:
    """The document for an installation at `base`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "arts-tenders",
            "version": __version__,
            "summary": "UK public tenders that arts and cultural organisations could deliver",
            "description": (
                "Read-only open data. Pages follow one another by the address in `next` (also in"
                " the Link header): it carries a `cursor`, which is good for the same filters and"
                " order only, and for 30 days. Answers have an ETag; ask again with If-None-Match."
                " Requests are limited by network: see the X-RateLimit headers and Retry-After."
            ),
            "license": {
                "name": "Open Government Licence v3.0",
                "url": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            },
        },
        "servers": [{"url": base}],
        "paths": {
            "/api/v1/opportunities": {"get": _search()},
            "/api/v1/opportunities/{id}": {"get": _one()},
            "/api/v1/authorities": {"get": _authorities()},
        },
        "components": {
            "schemas": {
                "Hit": _hit(),
                "Page": _page(),
                "Opportunity": _opportunity(),
                "Authority": _authority(),
                "Problem": _problem(),
            },
            "responses": {
                "BadRequest": _problem_response("A parameter cannot be meant as given."),
                "NotFound": _problem_response("There is no such thing."),
                "TooMany": _problem_response("Too many requests; see Retry-After."),
            },
        },
    }


def _search() -> Schema:
    return {
        "operationId": "searchOpportunities",
        "summary": "Search and filter opportunities",
        "parameters": [*_parameters(), _if_none_match()],
        "responses": {
            "200": _answer("A page of results.", "Page"),
            "304": {"description": "You have it already."},
            "400": {"$ref": "#/components/responses/BadRequest"},
            "429": {"$ref": "#/components/responses/TooMany"},
        },
    }


def _parameters() -> list[Schema]:
    words = {"type": "string", "maxLength": filters.LONGEST_WORDS}
    whole = {"type": "string", "pattern": f"^(?:{filters.AMOUNT})$"}
    status = {"type": "array", "items": {"enum": [*filters.STATUS.labels, filters.ANY]}}
    return [
        _query("q", words, "Words that must occur; a phrase in double quotes."),
        *(
            _query(
                facet.param, {"type": "array", "items": {"enum": list(facet.labels)}}, facet.heading
            )
            for facet in filters.facets()
        ),
        _query(
            "authority",
            {"type": "array", "items": {"type": "string", "pattern": f"^{filters.GSS}$"}},
            "GSS codes of local authorities.",
        ),
        _query("status", status, "Without it: open. `any` is whatever the status."),
        _query("min", whole, "Worth at least so many pounds: `25000`, `25k`."),
        _query("max", whole, "Worth at most so many pounds."),
        _query(
            "closing", {"type": "integer", "minimum": 1, "maximum": 366}, "Closes in so many days."
        ),
        *(
            _query(name, {"type": "string", "format": "date", "pattern": f"^{filters.DATE}$"}, text)
            for name, text in filters.DATE_WORDS.items()
        ),
        _query("buyer", words, "The buyer’s whole name."),
        _query("sort", {"enum": list(filters.SORTS)}, "`relevance` needs words to search for."),
        _query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": browse.MOST, "default": 20},
            "Results of one page.",
        ),
    ]


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _if_none_match() -> Schema:
    return {
        "name": "If-None-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ETag of the answer you have.",
    }


def _one() -> Schema:
    name = {"type": "string", "pattern": "^[a-z2-7]{12}$"}
    return {
        "operationId": "getOpportunity",
        "summary": "One opportunity with its reasons and its changes",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": name},
            _if_none_match(),
        ],
        "responses": {
            "200": _answer("The opportunity.", "Opportunity"),
            "301": {"description": "It was merged into another one."},
            "304": {"description": "You have it already."},
            "404": {"$ref": "#/components/responses/NotFound"},
            "429": {"$ref": "#/components/responses/TooMany"},
        },
    }


def _authorities() -> Schema:
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/Authority"}}
    body = {"type": "object", "required": ["items"], "properties": {"items": listed}}
    return {
        "operationId": "listAuthorities",
        "summary": "Local authorities",
        "parameters": [_query("region", {"enum": list(CODES)}, "An ITL1 code."), _if_none_match()],
        "responses": {
            "200": {
                "description": "Authorities.",
                "content": {"application/json": {"schema": body}},
            },
            "304": {"description": "You have it already."},
            "400": {"$ref": "#/components/responses/BadRequest"},
            "429": {"$ref": "#/components/responses/TooMany"},
        },
    }


def _answer(description: str, name: str) -> Schema:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {
        "description": description,
        "headers": {"ETag": {"schema": _TEXT}},
        "content": {"application/json": {"schema": schema}},
    }


def _problem_response(description: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _hit() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "url": {"type": "string", "format": "uri"},
            "title": _TEXT,
            "buyer": _MAYBE,
            "regions": _TEXTS,
            "authority": _MAYBE,
            "stage": {"enum": list(STAGES)},
            "status": {"enum": list(STATUSES)},
            "published": _MOMENT,
            "deadline": _MAYBE_MOMENT,
            "changed_at": _MAYBE_MOMENT,
            "value_min": _AMOUNT,
            "value_max": _AMOUNT,
            "currency": _MAYBE,
            "relevance": {"enum": list(filters.facets()[0].labels)},
            "scores": _SCORES,
            "art_forms": {"type": "array", "items": {"enum": list(ART_FORMS)}},
            "outcomes": {"type": "array", "items": {"enum": list(OUTCOMES)}},
            "sources": _TEXTS,
        }
    )


def _page() -> Schema:
    return _object(
        {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Hit"}},
            "total": {"type": "integer", "minimum": 0},
            "total_is_at_least": {"type": "boolean", "description": "there may be more than total"},
            "did_you_mean": _MAYBE,
            "next": {"type": ["string", "null"], "description": "the next page’s address"},
            "next_cursor": _MAYBE,
        }
    )


def _opportunity() -> Schema:
    reason = _object({"text": _TEXT, "field": _TEXT, "weight": {"type": "number"}})
    change = _object(
        {
            "version": {"type": "integer"},
            "at": _MOMENT,
            "field": _TEXT,
            "old": _MAYBE,
            "new": _MAYBE,
            "material": {"type": "boolean"},
            "source": _TEXT,
        }
    )
    special: Schema = {
        "scores": _SCORES,
        "reasons": {"type": "array", "items": reason},
        "changes": {"type": "array", "items": change},
        "stage": {"enum": list(STAGES)},
        "status": {"enum": list(STATUSES)},
        "relevance": {"enum": [*RELEVANCES, None]},
        "published": _MOMENT,
        "deadline": _MAYBE_MOMENT,
        "value_min": _AMOUNT,
        "value_max": _AMOUNT,
        "version": {"type": "integer"},
    }
    lists = {"ocids", "sources", "art_forms", "outcomes", "regions", "cpv", "urls"}
    maybe = {"buyer", "authority", "currency"}
    return _object(
        {
            name: special.get(name)
            or (_TEXTS if name in lists else _MAYBE if name in maybe else _TEXT)
            for name in FIELDS
        }
    )


def _authority() -> Schema:
    texts = ("gss", "url", "name", "short_name", "kind", "nation")
    maybe = ("county", "combined_authority", "website")
    return _object(
        {**dict.fromkeys(texts, _TEXT), "regions": _TEXTS, **dict.fromkeys(maybe, _MAYBE)}
    )


def _problem() -> Schema:
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "errors": _TEXTS,
        },
    }
