"""Keeps what was found: tables, migrations, one file of functions per aggregate. The only SQL.

The flow: `releases.keep` stores raw releases and finds whom they concern, `grouping` says which
processes are one opportunity, `folding` makes that opportunity out of its releases.
"""

from crawler.store import partner_tables as partner_tables  # every table belongs to the metadata
