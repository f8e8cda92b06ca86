"""The bands as the classifier's room names them; the thresholds stand in `crawler.bands`."""

from crawler.bands import REVIEW, REVIEW_NEAR, SHOWN, Band, band, band_of, doubt

__all__ = ["REVIEW", "REVIEW_NEAR", "SHOWN", "Band", "band", "band_of", "doubt"]
