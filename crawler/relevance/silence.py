"""Words that are never a reason alone: they carry no meaning a person would believe."""

from __future__ import annotations

STOP = frozenset((
    "a", "about", "above", "after", "all", "also", "an", "and", "any", "approx", "are", "as",
    "at", "award", "awarded", "based", "be", "been", "being", "between", "bidder", "bidders",
    "both", "but", "by", "can", "category", "click", "contract", "could", "council",
    "current", "currently", "different", "dps", "e", "each", "eg", "ensure", "etc", "following",
    "for", "from", "g", "get", "gets", "greater", "had", "has", "have", "here", "hereafter",
    "high", "how", "i", "ie", "if", "in", "including", "interest", "interested", "into", "is",
    "it", "its", "itt", "keyword", "keywords", "link", "links", "listed", "lot", "lots", "low",
    "ltd", "made", "make", "max", "may", "min", "month", "months", "more", "must", "n", "need",
    "needs", "new", "no", "not", "notice", "number", "of", "on", "one", "or", "other", "our",
    "out", "over", "page", "per", "please", "procure", "procurement", "programme", "project",
    "provide", "provider", "providers", "provision", "pseudo", "r", "ref", "required",
    "requirement", "rfq", "s", "see", "separate", "service", "services", "shall", "should",
    "so", "some", "spot", "submission", "submissions", "successful", "such", "supplier",
    "suppliers", "support", "t", "take", "tender", "than", "that", "the", "their", "them",
    "there", "these", "they", "this", "those", "three", "through", "title", "to", "two",
    "under", "up", "upon", "use", "used", "using", "various", "via", "was", "we", "website",
    "well", "were", "what", "when", "where", "which", "while", "who", "will", "with", "within",
    "would", "x", "y", "year", "years", "you", "your",
))  # fmt: skip
