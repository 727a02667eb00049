"""Figures of the last cut: from base cells to the measure that was asked for, or why none."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import exp, log, sqrt

from msgspec.structs import replace

from services.query.answer import Answer, Cell
from services.query.cuts.base import OF
from services.query.cuts.holding import Found, Kept
from services.query.cuts.reading import Reader, bases
from services.query.cuts.store import Cut
from services.query.disclosure.model import Rules
from services.query.figures import order
from services.query.measures import MEASURES
from services.query.problems import Refused
from services.query.question import Published

#: Where nobody has configured others.
_DEFAULTS = Rules()
_Z = 1.96  # of a 95 % interval


def ask(
    reader: Reader, question: Published, rules: Rules = _DEFAULTS
) -> tuple[Answer, Cut, tuple[str, ...]]:
    """Return the answer, the cut that it is of, and whom its scope is made of.

    Of *rules* it is only asked how figures of groups are rounded. Raise Refused where nothing has
    been published yet.
    """
    cut = reader.last()
    if cut is None:
        detail = "This is published at cuts, and there has been none yet."
        raise Refused(503, detail, headers={"Retry-After": "3600"})
    if question.measure == "index":
        return _index(reader, question, cut)
    own = question.scope.startswith("organisation:")
    whole = reader.cells(question.scope, question.period.id, ())
    houses = sorted({name for kept in whole.values() for name in kept.houses})
    told = tuple(sorted(question.by))
    found = whole if not told else reader.cells(question.scope, question.period.id, told)
    measure = MEASURES[question.measure]
    if question.scope not in cut.scopes:
        cells = [_withheld("too_few_organisations", _wider(question.scope, cut))]
    else:
        cells = list(_cells(question, found, told, 0 if own else rules.digits))
    shown = any(cell.value is not None for cell in cells)
    answer = Answer(
        definition=f"{measure.id}@{measure.version}",
        scope=question.scope,
        period=question.period,
        as_of=cut.as_of,
        # of what is withheld it is not said how many there are either
        organisations=len(houses) if shown else 0,
        coverage=_coverage(whole) if shown else None,
        unit=measure.unit,
        kind="published",
        cells=tuple(replace(c, as_of=None if c.as_of == cut.as_of else c.as_of) for c in cells),
    )
    return answer, cut, tuple(houses)


def _withheld(why: str, instead: str | None, by: Mapping[str, str] | None = None) -> Cell:
    return Cell(by=by or {}, value=None, why=why, instead=instead or None)


def _coverage(whole: Found) -> float | None:
    """Return the coverage, unless it is of tickets that are withheld."""
    tickets = whole.get(("tickets", ()))
    if tickets is not None and tickets.value is None:
        return None
    return next((k.coverage for k in whole.values() if k.coverage is not None), None)


def _cells(question: Published, found: Found, told: tuple[str, ...], digits: int) -> Iterator[Cell]:
    if question.measure == "coverage":
        kept = found.get(("tickets", ()))
        value = None if kept is None or kept.why else kept.coverage
        why = "undefined" if kept is None else _why(kept)
        yield Cell(by={}, value=value, why=why, instead=(kept and kept.instead) or None)
        return
    names = bases(question.measure)
    values = {values for name, values in found if name in names}
    if not values and not told:
        values = {()}
    rows = [(tuple(v[told.index(name)] for name in question.by), v) for v in values]
    for shown, at in sorted(rows, key=lambda row: order(question.by)((*row[0], ""))):
        by = dict(zip(question.by, shown, strict=True))
        held = {name: found.get((name, at)) for name in names}
        yield _figure(question.measure, held, by, digits)


def _why(kept: Kept) -> str | None:
    return kept.why or ("undefined" if kept.coverage is None else None)


def _figure(
    measure: str, held: Mapping[str, Kept | None], by: Mapping[str, str], digits: int
) -> Cell:
    """Return a measure's cell: shown where all that it is made of is.

    Of groups (*digits* is not 0) money and what is for each of another have so many digits.
    """
    hidden = next((kept for kept in held.values() if kept and kept.value is None), None)
    if hidden is not None:
        return _withheld(hidden.why, hidden.instead, by)
    plus, less, per = OF[measure]
    known = {name: kept.value or 0 if kept else 0 for name, kept in held.items()}
    total = sum(known[n] for n in plus) - sum(known[n] for n in less)
    ages = [kept.as_of for kept in held.values() if kept and kept.as_of]
    of = MEASURES[measure]
    many = sum(known[n] for n in per) if per else 1
    value: int | float | None = None
    if many > 0:
        # what is made of several figures is made of those that are shown, and rounded once more
        figure = Fraction(total, many)
        if digits and (per or of.money):
            figure = _significant(figure, digits)
        value = float(figure) if per and not of.money else round(figure)
    return Cell(
        by=by,
        value=value,
        currency="NOK" if of.money else None,
        why="undefined" if value is None else None,
        as_of=min(ages, default=None),
    )


def _significant(value: Fraction, digits: int) -> Fraction:
    """Round to significant digits, half to even."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return Fraction(context.divide(Decimal(value.numerator), Decimal(value.denominator)))


def _wider(scope: str, cut: Cut) -> str | None:
    """Return the next wider scope that was computed: city, region, industry, network."""
    kind, _, name = scope.partition(":")
    steps = ["network"]
    if kind == "city":
        steps = [f"region:{name[:2]}", "network"]
    elif kind == "industry-region":
        industry, _, region = name.partition("/")
        steps = [f"region:{region}", f"industry:{industry}", "network"]
    return next((step for step in steps if step in cut.scopes and step != scope), None)


def _index(reader: Reader, question: Published, cut: Cut) -> tuple[Answer, Cut, tuple[str, ...]]:
    """Return each value's share in the scope over its share in the base, times 100.

    With the 95 % interval of a ratio of two shares (delta method on its logarithm).
    """
    assert question.base is not None  # noqa: S101 (an index is asked with one)
    persons = replace(question, measure="unique_customers", base=None)
    mine, _, houses = ask(reader, persons)
    theirs, _, _ = ask(reader, replace(persons, scope=question.base))
    whole = [_whole(reader, scope, question) for scope in (question.scope, question.base)]
    beside = {tuple(sorted(cell.by.items())): cell for cell in theirs.cells}
    cells = []
    for cell in mine.cells:
        other = beside.get(tuple(sorted(cell.by.items())))
        if cell.value is None:
            cells.append(cell)
        elif other is None or other.value is None or None in whole:
            why = (other.why if other else None) or "undefined"
            cells.append(_withheld(why, other.instead if other else None, cell.by))
        else:
            cells.append(_compared((cell, other), (whole[0] or 0, whole[1] or 0)))
    answer = replace(mine, definition="index@1", unit="index", cells=tuple(cells))
    return answer, cut, houses


def _whole(reader: Reader, scope: str, question: Published) -> int | None:
    kept = reader.cells(scope, question.period.id, ()).get(("customers", ()))
    return None if kept is None else kept.value


def _compared(cells: tuple[Cell, Cell], whole: tuple[int, int]) -> Cell:
    (a, b), (n, m) = (float(cell.value or 0) for cell in cells), whole
    if min(a, b, n, m) <= 0:
        return Cell(by=cells[0].by, value=None, why="undefined")
    ratio = (a / n) / (b / m)
    wide = _Z * sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    low, high = (round(100 * exp(log(ratio) + sign * wide), 1) for sign in (-1, 1))
    return Cell(by=cells[0].by, value=round(100 * ratio, 1), interval=(low, high))
