"""What holds for every request and answer: sizes, origins, cookies, headers."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from flask_limiter import Limiter
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from crawler.keys import session_key
from crawler.store.users import SESSION_LASTS
from crawler.web.context import Web, here

LONGEST_QUERY = 8_192
LONGEST_PATH = 2_048
LARGEST_BODY = 64 * 1024

# Nothing inline and nothing from elsewhere. A block of JSON-LD is data and never run, so that
# script-src does not concern it (HTML, "prepare the script element").
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "usb",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
}
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def configure(app: Flask, web: Web) -> None:
    """Sessions and limits of one app. Raises `ConfigError` where there is no secret."""
    app.config.update(
        SECRET_KEY=session_key(web.settings),
        SESSION_COOKIE_NAME="__Host-tenders" if web.secure else "tenders",
        SESSION_COOKIE_SECURE=web.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=300,
        # The origin is checked below, for every scheme; a referrer may be missing for good reasons.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600,
    )
    if web.settings.proxies:
        count = web.settings.proxies
        fixed = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = fixed  # type: ignore[method-assign]
    # Browsers keep it for the days that a session may last; the store ends one that is idle. An
    # answer that changed nothing sets no cookie: a picture's, arriving late, would bring back what
    # the session held before the last click.
    app.config["PERMANENT_SESSION_LIFETIME"] = SESSION_LASTS
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.before_request(_refuse_huge)
    app.before_request(_refuse_foreign)
    app.after_request(_with_headers)


def protection(app: Flask) -> CSRFProtect:
    """The check that a form was one of ours, for every route but the one-click stop."""
    return CSRFProtect(app)


def limiter(app: Flask, web: Web) -> Limiter:
    """Counts requests by network in this process's memory."""
    limits = Limiter(
        network,
        app=app,
        application_limits=[f"{web.settings.rate_limit} per minute"],
        headers_enabled=True,
        storage_uri="memory://",
        strategy="moving-window",
    )
    # Mail programs stop mails from few networks for very many people.
    limits.request_filter(lambda: request.endpoint in ("static", "healthz") or _one_click())
    return limits


def network() -> str:
    """The visitor's address, of IPv6 the /64 that one household or office has."""
    text = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _refuse_huge() -> None:
    if len(request.query_string) > LONGEST_QUERY or len(request.path) > LONGEST_PATH:
        abort(414)
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        abort(413)


def _refuse_foreign() -> None:
    """Refuses what another site's page sends in a visitor's name; mail programs send no origin."""
    if request.method not in _CHANGING or _one_click():
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in _own_origins():
        abort(403)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def _one_click() -> bool:
    """Whether this is the one POST that carries a signed token and needs nothing else."""
    return request.endpoint in current_app.config["ONE_CLICK"]


def _own_origins() -> set[str]:
    parts = urlsplit(here().settings.base_url)
    return {
        f"{parts.scheme}://{parts.netloc}".lower(),
        f"{request.scheme}://{request.host}".lower(),
    }


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if here().secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store" if _private() else "no-cache")
    if _private():
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    return response


def _private() -> bool:
    """Whether the address or the answer is one person's."""
    given = request.view_args or {}
    return "token" in given or request.method != "GET" or g.get("user") is not None
