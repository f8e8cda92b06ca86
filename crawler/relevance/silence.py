"""Words that are never a reason alone: they carry no meaning a person would believe."""

from __future__ import annotations

STOP = frozenset((
    "a", "about", "above", "after", "all", "also", "an", "and", "any", "are", "as", "at",
    "award", "awarded", "be", "been", "being", "between", "both", "but", "by", "can",
    "contract", "could", "council", "e", "eg", "etc", "for", "from", "g", "had", "has", "have",
    "how", "i", "ie", "if", "in", "including", "into", "is", "it", "its", "lot", "lots", "ltd",
    "may", "month", "months", "more", "must", "n", "new", "no", "not", "notice", "of", "on",
    "one", "or", "other", "our", "out", "over", "per", "please", "programme", "project",
    "provide", "provider", "providers", "provision", "r", "ref", "required", "requirement", "s",
    "see", "service", "services", "shall", "should", "so", "some", "such", "support", "t",
    "tender", "than", "that", "the", "their", "them", "there", "these", "they", "this", "those",
    "three", "through", "to", "two", "under", "up", "upon", "was", "we", "were", "what", "when",
    "where", "which", "while", "who", "will", "with", "within", "would", "x", "y", "year",
    "years", "you", "your",
))  # fmt: skip
