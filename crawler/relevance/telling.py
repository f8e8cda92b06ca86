"""A report on the classifier as text: what `tenders evaluate` prints and MODEL.md quotes."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.items import RELEVANCES
from crawler.relevance import bands
from crawler.relevance.evaluation import Report


def tell(report: Report) -> str:
    """The whole report, for a terminal or a file."""
    return "\n".join(
        [
            *_precision(report),
            *_bands(report),
            *_confusion(report),
            *_tags(report),
            *_misses(report),
        ]
    )


def _precision(report: Report) -> Iterator[str]:
    yield f"{report.notices} labelled notices; each judged by models that never saw its group"
    yield ""
    yield "average precision (95 % interval)             unweighted         weighted"
    for name, found in report.precision.items():
        yield f"  {name:<34}{found!s:>22}{report.weighted_precision[name]:>12.3f}"
    for name, value in report.baselines.items():
        yield f"  {'arts by ' + name:<40}{value:.3f}"
    yield f"recall of arts or commissionable at precision 0.90: {report.recall_at_90}"
    yield (
        f"expected calibration error: {report.error:.3f} unweighted, "
        f"{report.weighted_error:.3f} weighted"
    )


def _bands(report: Report) -> Iterator[str]:
    yield ""
    yield f"arts or commissionable at the working thresholds ({bands.SHOWN}, {bands.REVIEW})"
    for name, (precision, recall, count) in report.bands.items():
        yield f"  {name:<18} precision {precision:.3f}  recall {recall:.3f}  notices {count}"


def _confusion(report: Report) -> Iterator[str]:
    yield ""
    yield f"{'labelled, judged':<18}" + "".join(f"{name:>16}" for name in RELEVANCES)
    for name, counts in zip(RELEVANCES, report.confusion, strict=True):
        yield f"{name:<18}" + "".join(f"{int(count):>16}" for count in counts)


def _tags(report: Report) -> Iterator[str]:
    yield ""
    micro = ", ".join(f"{name} {value:.3f}" for name, value in report.micro.items())
    yield f"tags among notices that are not none, F1: {micro} (micro)"
    for tag, (value, count) in report.tags.items():
        yield f"  {tag:<24} {value:.3f}  ({count} notices)"


def _misses(report: Report) -> Iterator[str]:
    yield ""
    yield "worst misses"
    for miss in report.misses:
        judged = miss.judgement
        said = f"{judged.relevance} {judged.scores[judged.relevance]:.2f}"
        yield f"  {miss.truth}, judged {said}: {miss.title[:90]}"
        for reason in judged.reasons[:3]:
            yield f"      {reason.weight:+.2f} {reason.field}: {reason.text[:80]}"
