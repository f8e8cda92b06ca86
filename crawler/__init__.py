"""arts-tenders: local tender and partner discovery for arts and cultural organisations."""

__version__ = "0.1.0"
