"""The errors that cross room borders. Each says who raises it and when.

Every message tells a person what happened, to what, and what to do next; the command line prints
it without a traceback.
"""

from __future__ import annotations


class TendersError(Exception):
    """The root: something a person can act on. Raised only through its children."""


class ConfigError(TendersError):
    """Raised by `crawler.config` and the registry when a setting or TOML row is wrong."""


class UsageError(TendersError):
    """Raised by the command line and jobs when an argument cannot be meant as given."""


class SourceError(TendersError):
    """Raised by spiders when a source cannot be read."""


class SourceChanged(SourceError):  # noqa: N818
    """Raised by spiders when a successful answer is not what the source should say.

    It is retried like a server fault and fails the window; it never counts as zero items.
    """


class ReleaseError(TendersError):
    """Raised by `crawler.ocds` when nothing can be made of one release; the rest go on."""


class StoreError(TendersError):
    """Raised by the store when the database is missing, newer, older or unwritable."""


class ModelError(TendersError):
    """Raised by `crawler.relevance` when a model file is missing, damaged or refused."""


class DeliveryError(TendersError):
    """Raised by mailers when a message could not be handed over."""


class MailRefused(DeliveryError):  # noqa: N818
    """Raised by mailers when the server answered one message with a refusal.

    `at` is the step that was refused: ``sender``, ``recipient`` or ``data``; `code` the reply's
    three digits; `status` its RFC 3463 code such as ``5.1.1``, where it gave one; `words` its text.
    """

    def __init__(self, message: str, *, at: str, code: int, status: str | None, words: str) -> None:
        super().__init__(message)
        self.at = at
        self.code = code
        self.status = status
        self.words = words

    @property
    def passing(self) -> bool:
        """Whether the server asks to be tried again later (4yz, RFC 5321 section 4.2.1)."""
        return self.code < 500


class MailLost(DeliveryError):  # noqa: N818
    """Raised by mailers when the connection broke during a message: it may have arrived or not."""


class MailServerError(DeliveryError):
    """Raised by mailers when the server, or the folder, cannot be used for any message."""
