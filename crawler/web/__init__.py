"""The web app: pages for everyone, for subscribers by signed link, and an open API.

`create_app` is the factory; one module per concern, each with a table `ROUTES` of the pages it
answers and the role each needs. The way of a request: `security` (sizes, origin, headers), `access`
(role), a view (reads the store, asks the rooms that know), a template.
"""

from __future__ import annotations

from crawler.web.app import create_app

__all__ = ["create_app"]
