"""Scrapy signals of our own, known to the spiders that send them and the extension that hears them."""

from typing import Final

source_refused: Final = object()
"""A portal turned us away. Sent with ``source`` (key) and ``until`` (aware UTC)."""
