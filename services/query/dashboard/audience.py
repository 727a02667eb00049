"""*Publikum*: who comes, told apart one way at a time, one's own share beside a group's."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from kudos.breakdowns import UNKNOWN
from services.query.answer import Cell
from services.query.dashboard import formats, saying
from services.query.dashboard.against import Two, pairs
from services.query.dashboard.drawing import draw
from services.query.dashboard.labels import label
from services.query.dashboard.picture import Picture, Table, table
from services.query.dashboard.sides import Sides
from services.query.dashboard.style import Size
from services.query.dashboard.withheld import SIGN, is_withheld
from services.query.dashboard.wording import Texts
from services.query.figures import order
from services.query.vocabulary import VOCABULARY

#: More rows than this say less; all are in the table.
_MOST = 9
_WIDE, _NARROW = Size(480, 0), Size(276, 0)
#: Of fewer persons a share is written in whole per cents.
_WHOLE_PER_CENTS_BELOW = 1000


class Row(Struct, frozen=True):
    """One value of a breakdown: its cells; None: nobody is in it."""

    value: str
    name: str
    mine: Cell | None
    theirs: Cell | None
    index: Cell | None


class Card(Struct, frozen=True):
    """What the page shows of one breakdown; *hints* say what is not known."""

    by: str
    title: str
    sentence: str
    picture: Picture | None
    table: Table | None
    hints: tuple[str, ...]
    cells: tuple[Cell, ...]


def rows(texts: Texts, sides: Sides) -> list[Row]:
    """Return the values that either has, in their own order; places the largest first."""
    by = sides.by
    found: list[Mapping[str, Cell]] = [
        {cell.by[by]: cell for cell in answer.cells if by in cell.by} if answer else {}
        for answer in (sides.mine, sides.theirs, sides.index)
    ]
    mine, theirs, index = found
    key = order((by,))
    values = sorted({*mine, *theirs}, key=lambda value: key((value, "")))
    if not VOCABULARY[by].values:
        values.sort(key=lambda value: (value == UNKNOWN, *(-_value(s.get(value)) for s in found)))
    return [Row(v, label(texts, by, v), mine.get(v), theirs.get(v), index.get(v)) for v in values]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _value(cell: Cell | None) -> float:
    return 0.0 if cell is None or cell.value is None else float(cell.value)


def card(texts: Texts, sides: Sides, names: tuple[str, str], *, large: bool = False) -> Card:
    """Return what is shown of *sides*; *names* are one's own and the group's."""
    found = rows(texts, sides)
    title = VOCABULARY[sides.by].name[texts.language]
    shares = _Shares(texts, sides)
    known = [row for row in found if row.value != UNKNOWN]
    some = any(shares.of(0, row.mine) or shares.of(1, row.theirs) for row in known)
    told = table(*_table(texts, sides, found, shares, names)) if known else None
    key = "nothing" if not found else "nobody_known" if not known else ""
    sentence = texts(f"audience.{key}") if key else _sentence(texts, known, shares, names[1])
    picture = None
    if some and told:
        drawn = [_two(texts, row, shares) for row in (found if large else found[:_MOST])]
        drawn = _named(drawn, names)
        picture = Picture(
            id=f"{sides.by}-beside",
            title=title,
            sentence=sentence,
            wide=draw(pairs(drawn, _WIDE), texts.language),
            narrow=draw(pairs(drawn, _NARROW), texts.language),
            table=told,
        )
    return Card(
        by=sides.by,
        title=title,
        sentence=sentence,
        picture=picture,
        table=told,
        hints=tuple(_hints(texts, sides, found, shares, names)),
        cells=tuple(sides.cells),
    )


class _Shares:
    """Writes shares of both sides, as exactly as there are persons for."""

    def __init__(self, texts: Texts, sides: Sides) -> None:
        self._texts = texts
        self._wholes = tuple(cell.value if cell else None for cell in sides.wholes)
        self._why = tuple(cell.why if cell else None for cell in sides.wholes)
        self._missing = tuple(side is None for side in (sides.mine, sides.theirs))

    def of(self, side: int, cell: Cell | None) -> float | None:
        """Return the share of *cell* on *side* (0: mine); None where it is not known."""
        whole = self._wholes[side]
        if not whole or (cell is not None and cell.value is None) or self._missing[side]:
            return None
        return _value(cell) / whole

    def written(self, side: int, cell: Cell | None) -> str:
        """Write the share; where there is none, ``:`` and why."""
        share = self.of(side, cell)
        if share is not None:
            # as the smaller of the two is, so that both are read alike
            least = min(whole for whole in self._wholes if whole)
            digits = 0 if least < _WHOLE_PER_CENTS_BELOW else 1
            return formats.percent(share, self._texts.language, digits)
        if self._missing[side]:
            return ""
        # what it would be a share of may be withheld too
        why = cell.why if cell is not None and is_withheld(cell.why) else self._why[side]
        return f"{SIGN} {self._texts(f'why.{why}')}" if is_withheld(why) else SIGN


def _two(texts: Texts, row: Row, shares: _Shares) -> Two:
    ours, theirs = shares.of(0, row.mine), shares.of(1, row.theirs)
    labels = shares.written(0, row.mine), shares.written(1, row.theirs)
    if row.value != UNKNOWN and row.index and row.index.value is not None and _sure(row.index):
        index = texts("audience.index_label", n=formats.number(row.index.value, texts.language))
        labels = f"{labels[0]}  {index}", labels[1]
    return Two(row.name, ours, labels[0], theirs, labels[1])


def _named(drawn: Sequence[Two], names: tuple[str, str]) -> list[Two]:
    """Return *drawn* with whose the first bar of each side is: labels in the place of a legend."""
    found = list(drawn)
    for side, name in zip(("ours", "theirs"), names, strict=True):
        at = next((n for n, two in enumerate(found) if getattr(two, side)), None)
        if at is not None:
            label = f"{getattr(found[at], f'{side}_label')}  {name}"
            found[at] = replace(found[at], **{f"{side}_label": label})
    return found


def _sure(index: Cell) -> bool:
    """Tell whether all of an index's interval is on one side of 100."""
    low, high = index.interval or (0.0, 200.0)
    return low > 100 or high < 100


def _sentence(texts: Texts, found: Sequence[Row], shares: _Shares, group: str) -> str:
    """Say which value is largest, and where the difference is certain."""
    known = [row for row in found if shares.of(0, row.mine)]
    if not known:
        others = [row for row in found if shares.of(1, row.theirs)]
        if not others:
            return texts("audience.withheld")
        top = max(others, key=lambda row: shares.of(1, row.theirs) or 0)
        share = shares.written(1, top.theirs)
        return _capital(texts("audience.theirs_alone", name=top.name, share=share, group=group))
    top = max(known, key=lambda row: shares.of(0, row.mine) or 0)
    mine, theirs = shares.written(0, top.mine), shares.written(1, top.theirs)
    if shares.of(1, top.theirs) is None:
        said = texts("audience.top_alone", name=top.name, share=mine)
    else:
        said = texts("audience.top", name=top.name, share=mine, theirs=theirs, group=group)
    said = _capital(said)
    sure = [r for r in known if r.index and r.index.value is not None and _sure(r.index)]
    for how, most in (("over", max), ("under", min)):
        if sure:
            one = most(sure, key=lambda row: _value(row.index))
            value = _value(one.index)
            if (value > 100) == (how == "over"):
                n = formats.number(value, texts.language)
                said += " " + texts(f"audience.{how}", name=one.name, n=n)
    return said


def _hints(
    texts: Texts,
    sides: Sides,
    found: Sequence[Row],
    shares: _Shares,
    names: tuple[str, str],
) -> Iterable[str]:
    """Say what is not known, and of how many."""
    if sides.mine is None:
        yield texts("audience.not_in_shared_words")
    unknown = next((row for row in found if row.value == UNKNOWN), None)
    if unknown is not None:
        told = [
            texts("audience.unknown_of", share=shares.written(side, cell), whose=name)
            for side, (cell, name) in enumerate(
                zip((unknown.mine, unknown.theirs), names, strict=True)
            )
            if shares.of(side, cell)
        ]
        if told:
            yield texts("audience.unknown", told=", ".join(told))


def _table(
    texts: Texts,
    sides: Sides,
    found: Sequence[Row],
    shares: _Shares,
    names: tuple[str, str],
) -> tuple[list[str], list[list[str]]]:
    unit = (sides.theirs or sides.mine).unit if sides.theirs or sides.mine else "persons"  # type: ignore[union-attr]  # one of them
    head = [VOCABULARY[sides.by].name[texts.language]]
    for name in names:
        head += [name, texts("audience.share_of", whose=name)]
    if sides.index is not None:
        head += [texts("audience.index"), texts("audience.interval")]
    body = []
    for row in found:
        line = [row.name]
        for side, cell in enumerate((row.mine, row.theirs)):
            line += [_counted(texts, unit, cell, missing=(sides.mine, sides.theirs)[side] is None)]
            line += [shares.written(side, cell)]
        if sides.index is not None:
            line += _indexed(texts, row.index)
        body.append(line)
    return head, body


def _counted(texts: Texts, unit: str, cell: Cell | None, *, missing: bool) -> str:
    if missing:
        return ""
    return "0" if cell is None else saying.value(texts, unit, cell)


def _indexed(texts: Texts, cell: Cell | None) -> list[str]:
    if cell is None or cell.value is None:
        return [SIGN, ""]
    low, high = (formats.number(end, texts.language) for end in cell.interval or (0, 0))
    return [formats.number(cell.value, texts.language), f"{low}\u2013{high}"]
