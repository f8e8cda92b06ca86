"""Keeps what was found: tables, migrations, one file of functions per aggregate. The only SQL.

The flow: `releases.keep` stores raw releases and finds whom they concern, `grouping` says which
processes are one opportunity, `folding` makes that opportunity out of its releases.
"""

# Tables stand in the metadata once their module is read, and whoever asks for it wants them all.
from crawler.store import early_tables as early_tables
from crawler.store import evidence_tables as evidence_tables
from crawler.store import impact_tables as impact_tables
from crawler.store import partner_tables as partner_tables
