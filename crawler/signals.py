"""Scrapy signals of our own: spiders send them, the run-recording extension hears them."""

from typing import Final

source_refused: Final = object()
"""A portal turned us away. Sent with ``source`` (key) and ``until`` (aware UTC)."""

window_lost: Final = object()
"""Sent with ``source`` when a window that was read could not be stored whole: it is read again."""
