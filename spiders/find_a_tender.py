"""Find a Tender: the UK's central portal since 2021."""

from collections.abc import Iterator
from urllib.parse import urlencode

from crawler.items import Window
from crawler.sources import Source
from spiders.ocds import OcdsSpider, stamp


class FindATender(OcdsSpider):
    """
    Publisher
        UK Cabinet Office
    Covers
        UK notices under the Procurement Act 2023 (UK1…UK17) and above-threshold ones since 2021
    API
        https://www.find-tender.service.gov.uk/apidocumentation/1.0/GET-ocdsReleasePackages
    Caveats
        12 requests in 2 minutes, then 429 with Retry-After. Wide windows silently leave releases
        out, hence six hours. Numbers such as 1e9999 occur. An edited notice gets a new id, the
        process keeps its OCID; tender and award of one process may carry different OCIDs.
    """

    name = platform = "find_a_tender"

    def addresses(self, source: Source, window: Window) -> Iterator[str]:
        """One cursor of a hundred releases a page."""
        query = {"updatedFrom": stamp(window.start), "updatedTo": stamp(window.end), "limit": 100}
        yield f"{source.base_url}/api/1.0/ocdsReleasePackages?{urlencode(query)}"
