"""The early signs in one opportunity: contracts that end, and meetings before a tender. Pure."""

from __future__ import annotations

from crawler.bands import shown_as
from crawler.coming import Signs
from crawler.opportunity import Opportunity
from crawler.partners.endings import contracts
from crawler.partners.meetings import gatherings


def signs(one: Opportunity) -> Signs:
    """What an opportunity says of what comes next; nothing where nobody would be shown it.

    Most notices are none for arts organisations, and reading terms out of them would take a third
    as long as all else that is done with them.
    """
    judged = one.judgement
    if judged is None or shown_as(judged.relevance, judged.scores) == "none":
        return Signs()
    return Signs(relets=contracts(one), gatherings=gatherings(one))
