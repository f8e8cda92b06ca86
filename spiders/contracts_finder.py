"""Contracts Finder: England's lower-value portal."""

from collections.abc import Iterator
from urllib.parse import urlencode

from crawler.items import Window
from crawler.sources import Source
from spiders.ocds import OcdsSpider, stamp


class ContractsFinder(OcdsSpider):
    """
    Publisher
        UK Cabinet Office
    Covers
        England and UK-wide bodies, from £12,000 (central) or £30,000 (others); mostly awards
    API
        https://www.contractsfinder.service.gov.uk/apidocumentation/Notices/1/GET-Published-Notice-OCDS-Search
    Caveats
        403 means silence for five minutes. Text carries doubled entities and mojibake. Region is a
        name, a postcode or missing; value is missing or 1; the keyword parameter is ignored.
    """

    name = platform = "contracts_finder"

    def addresses(self, source: Source, window: Window) -> Iterator[str]:
        """One cursor of a hundred releases a page."""
        query = {
            "publishedFrom": stamp(window.start),
            "publishedTo": stamp(window.end),
            "limit": 100,
        }
        yield f"{source.base_url}/Published/Notices/OCDS/Search?{urlencode(query)}"
