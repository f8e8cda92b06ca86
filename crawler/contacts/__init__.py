"""Whom to talk to: contacts read off authorities' pages as evidence. Knowledge without a database.

`extract` reads one page; `choosing` says which pages of a site matter; `roles` says which outcome
a role serves.
"""

from __future__ import annotations

from crawler.contacts.extracting import extract

__all__ = ["extract"]
