"""Relevance of a notice to arts and cultural organisations, with reasons.

`judge` is the way in: notices to judgements by the model that ships with the package, or by one
that `tenders train` made. Pure knowledge: no database, no settings, no network. MODEL.md tells
what the model is and how well it does.
"""

from crawler.relevance.bands import band
from crawler.relevance.cautions import cautions
from crawler.relevance.shipped import in_force, judge, load

__all__ = ["band", "cautions", "in_force", "judge", "load"]
