"""robots.txt of authorities' sites, as RFC 9309 reads what is no file of rules.

Scrapy takes any answer's body for the rules and lets everything pass when there is no answer. Here
a status of 4xx means that there are no rules (2.3.1.3), and a server that fails, refuses for now or
does not answer closes the whole site until it does (2.3.1.4). Portals are asked through interfaces
that they publish for it: they keep Scrapy's way, since a portal that is down fails by itself.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached


def closes(status: int) -> bool:
    """Whether robots.txt answering with `status` closes its site."""
    return status >= 500 or status == 429


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt; of authorities' sites also when it cannot be had."""

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raises `IgnoreRequest` for what robots.txt closes."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser: RobotParser | None = await self.robot_parser(request)
        if parser is None and "turn" in request.meta:
            site = urlparse_cached(request).netloc
            raise IgnoreRequest(f"closed, since robots.txt of {site} cannot be had")
        self.process_request_2(parser, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if "turn" in request.meta and closes(response.status):
            raise IgnoreRequest(f"robots.txt answers with status {response.status}")
        if "turn" in request.meta and response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
