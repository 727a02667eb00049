"""The page of the matrix, made from it: what may be asked, live or published."""

from collections.abc import Callable

from services.query.matrix import MATRIX, Row
from services.query.measures import MEASURES
from services.query.periods import FORMS
from services.query.vocabulary import VOCABULARY

_HEAD = """\
# What may be asked

Made by `make docs` from `services/query/matrix.py`; change it there. `/v1/matrix` has the same.

**Live** figures follow sales as they come: one's own, by what one sold. **Published** figures are
computed at a cut (nightly, or `kudos publish`), protected as a whole by disclosure control, and
kept as they were published: everything about groups, cross-use, and everything by a personal
attribute. Every answer says its `kind`. A row stands for every combination of what it names; what
no row has is refused with what may be asked.
"""
_ALSO = """\
## Also published

- `/v1/benchmark`: own value, the middle of a peer group from 5 contributors, quarters and the own
  rank band from 10, of months, quarters, years and seasons. A quantile is the mean of the three
  values nearest to it, so that it is nobody's.
- `/v1/cross-use`: common customers with partners where both agreed; with all others, by industry
  and by region; of months, seasons, years and the 365 days that end with a month.
- `measure=index&by=age_band&base=industry`: each value's share of persons in the scope over its
  share in the base, times 100, with a 95 % interval. `base=population` is everybody who lives in
  the country and `population-region` in the asker's county ([imported](reference.md)), by age band,
  county or municipality; it is held against the persons whose age or place is known, and the answer
  names table, year and place.
"""


def page() -> str:
    """Return the page."""
    parts = [
        _HEAD,
        *map(_row, MATRIX),
        _ALSO,
        "## Breakdowns\n",
        _breakdowns(),
        "## Measures\n",
        _measures(),
    ]
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {"matrix.md": page}


def _row(row: Row) -> str:
    by = ["nothing" if not one else " and ".join(one) for one in row.by]
    told = by if len(by) < 40 else [*by[:1], "one or two of what one sold"]
    windows = f" ({', '.join(map(str, row.windows))} days, at month ends)" if row.windows else ""
    periods = ", ".join(f"{kind} `{FORMS[kind]}`" for kind in row.periods)
    return "\n".join(
        [
            f"## {row.name['en']} ({row.kind})",
            "",
            f"{row.definition['en']} / *{row.name['nb']}: {row.definition['nb']}*",
            "",
            f"- measures: {', '.join(f'`{name}`' for name in row.measures)}",
            f"- scopes: {', '.join(row.scopes)}",
            f"- periods: {periods}{windows}",
            f"- by: {'; '.join(told)}",
            *([f"- index against: {', '.join(row.bases)}"] if row.bases else []),
            "",
        ]
    )


def _breakdowns() -> str:
    rows = [
        f"| `{one.id}` | {one.name['nb']}: {one.definition['nb']} | {one.definition['en']} |\n"
        for one in VOCABULARY.values()
    ]
    return "| breakdown | norsk | English |\n| --- | --- | --- |\n" + "".join(rows)


def _measures() -> str:
    rows = [
        f"| `{one.id}` | {one.name['nb']}: {one.definition['nb']} | {one.definition['en']} |\n"
        for one in MEASURES.values()
    ]
    return "| measure | norsk | English |\n| --- | --- | --- |\n" + "".join(rows)
