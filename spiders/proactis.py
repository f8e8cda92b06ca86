"""Public Contracts Scotland and Sell2Wales: two portals on one platform."""

from collections.abc import Iterator
from urllib.parse import urlencode

from crawler.items import Window
from crawler.sources import Source
from spiders.ocds import OcdsSpider


class Proactis(OcdsSpider):
    """
    Publisher
        Scottish Government; Welsh Government
    Covers
        Public bodies in Scotland; in Wales
    API
        https://api.publiccontractsscotland.gov.uk/v1, https://api.sell2wales.gov.wales/v1
    Caveats
        By month and notice type, no paging, megabytes at once. Releases may lack an id. NUTS is
        often only UK, UKM or UKL. Blanks stand inside words and field names, line ends arrive as
        ``rn``. What type 101 and 102 mean is disputed, so all types are asked for.
    """

    name = platform = "proactis"

    def addresses(self, source: Source, window: Window) -> Iterator[str]:
        """One answer for each notice type of the window's month."""
        for kind in source.notice_types:
            query = {"dateFrom": f"{window.start:%m-%Y}", "noticeType": kind, "outputType": 0}
            if source.locale is not None:
                query["locale"] = source.locale
            yield f"{source.base_url}/v1/Notices?{urlencode(query)}"
