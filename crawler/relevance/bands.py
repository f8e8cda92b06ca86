"""The bands as the classifier's room names them; the thresholds stand in `crawler.bands`."""

from crawler.bands import LEAST, REVIEW, REVIEW_NEAR, SHOWN, Band, band, band_of, doubt

__all__ = ["LEAST", "REVIEW", "REVIEW_NEAR", "SHOWN", "Band", "band", "band_of", "doubt"]
