"""Pipelines judge what spiders read: one step a file around a pure function; only `keep` writes."""
