"""What exists to be read: sources as rows of TOML, and the loader that refuses unknown keys."""

from crawler.sources.registry import Pace, Page, Source, find, is_loopback, load

__all__ = ["Pace", "Page", "Source", "find", "is_loopback", "load"]
