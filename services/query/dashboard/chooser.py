"""The chooser of periods: what it is called, what is before and after it, what else there is."""

from collections.abc import Collection

from services.query.dashboard import formats, saying, spans
from services.query.dashboard.visit import Visit
from services.query.question import Period

#: What else stands in an address and is kept when another period is chosen.
_KEPT = {"figures", "by", "peers"}


def chooser(
    seen: Visit, period: Period | None = None, kinds: Collection[str] | None = None
) -> dict[str, object]:
    """Return what the chooser offers; *period* where a page shows another than was chosen.

    *kinds* are those that the page has; None: all of them, and any range of days.
    """
    shown, today, texts = period or seen.choice.period, seen.today, seen.texts
    before, after = spans.moved(shown, -1), spans.moved(shown, 1)
    choices = [name for name in spans.CHOICES if kinds is None or name in kinds]
    return {
        "name": saying.period(texts, shown),
        "days": formats.days(shown.begins, shown.ends, texts.language),
        "period": shown,
        "unfinished": spans.unfinished(shown, today),
        "earlier": seen.same(period=before.id) if before else None,
        "later": seen.same(period=after.id) if after and after.begins <= today else None,
        "short_cuts": [
            (texts(f"period.{name}"), seen.same(period=found.id), found.id == shown.id)
            for name, found in spans.short_cuts(today)
            if kinds is None or found.kind in kinds
        ],
        "choices": [(name, texts(f"period.{name}")) for name in choices],
        "kept": [
            (name, value)
            for name, value in seen.request.query_params.multi_items()
            if name in _KEPT
        ],
        "choice": shown.id.partition("@")[0] if shown.kind == "rolling" else shown.kind,
        "day": min(shown.ends, max(today, shown.begins)),
        "any_days": kinds is None,
        "instead_of": None
        if shown == seen.choice.period or not seen.choice.period_given
        else saying.period(texts, seen.choice.period),
    }
