"""``python -m crawler.cli`` is ``tenders``."""

from crawler.cli import main

main()
