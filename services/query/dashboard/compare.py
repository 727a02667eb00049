"""*Sammenlign*: one's own figure beside the middle and the quarters of a group's organisations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from services.query.answer import Cell
from services.query.dashboard import formats, saying
from services.query.dashboard.against import Strip, strip
from services.query.dashboard.drawing import draw
from services.query.dashboard.picture import Picture, Table, table
from services.query.dashboard.style import Size
from services.query.dashboard.withheld import SIGN, is_withheld
from services.query.dashboard.wording import Texts
from services.query.measures import MEASURES

_SMALL, _WIDE, _NARROW = Size(264, 66), Size(500, 74), Size(276, 70)
_QUARTERS = 4
Benchmark = Mapping[str, Any]  # as /v1/benchmark answers it


class Tile(Struct, frozen=True):
    """One measure: one's own figure, in which quarter it is, and where that is among others'."""

    measure: str
    name: str
    written: str
    why: str | None
    sentence: str
    chart: Markup | None
    withheld: bool


class Compare(Struct, frozen=True):
    """What the page shows."""

    sentence: str
    tiles: tuple[Tile, ...]
    table: Table


def cell(found: Benchmark) -> Cell:
    """Return the group's side of a benchmark as a cell: its median, or why there is none."""
    return Cell({}, found["median"], found["currency"], found["why"], found["try"])


def page(texts: Texts, found: Sequence[Benchmark], names: tuple[str, str]) -> Compare:
    """Return the page of every measure's benchmark; *names* are one's own and the group's."""
    return Compare(
        _sentence(texts, found, names[1]),
        tuple(_tile(texts, one, names[1]) for one in found),
        table(*_table(texts, found)),
    )


def picture(texts: Texts, found: Benchmark, names: tuple[str, str]) -> Picture | None:
    """Draw one measure's benchmark; None where there is nothing to draw."""
    if found["own"] is None and found["median"] is None:
        return None
    drawn = _strip(texts, found, names[0])
    return Picture(
        id=f"benchmark-{_id(found)}",
        title=MEASURES[_id(found)].name[texts.language],
        sentence=sentence(texts, found, names[1]),
        wide=draw(strip(drawn, _WIDE), texts.language),
        narrow=draw(strip(drawn, _NARROW), texts.language),
        table=table(*_table(texts, [found])),
    )


def sentence(texts: Texts, found: Benchmark, group: str) -> str:
    """Say in which quarter one's own figure is, and what the middle is."""
    many = formats.number(found["organisations"], texts.language)
    if is_withheld(found["why"]):
        return texts("compare_page.withheld", group=group, why=texts(f"why.{found['why']}"))
    if found["median"] is None:
        return texts("compare_page.nothing", group=group)
    middle = written(texts, found, found["median"])
    said = texts("compare_page.median", group=group, median=middle, many=many)
    if found["quartiles"]:
        low, high = (written(texts, found, end) for end in found["quartiles"])
        said += " " + texts("compare_page.half", low=low, high=high)
    if found["rank_band"]:
        return texts(f"compare_page.quarter_{found['rank_band']}") + " " + said
    if found["own"] is not None:
        how = "over" if found["own"] > found["median"] else "under"
        how = "at" if found["own"] == found["median"] else how
        return texts(f"compare_page.{how}_median") + " " + said
    return said


def written(texts: Texts, found: Benchmark, value: float | None) -> str:
    """Write *value* in the benchmark's unit; ``:`` where there is none."""
    if value is None:
        return SIGN
    whole = MEASURES[_id(found)].per is None or found["currency"] is not None
    return saying.amount(texts, found["unit"], round(value) if whole else value, found["currency"])


def _id(found: Benchmark) -> str:
    measure: str = found["definition"].partition("@")[0]
    return measure


def _tile(texts: Texts, found: Benchmark, group: str) -> Tile:
    drawn = found["own"] is not None or found["median"] is not None
    chart = draw(strip(_strip(texts, found, ""), _SMALL), texts.language) if drawn else None
    return Tile(
        measure=_id(found),
        name=MEASURES[_id(found)].name[texts.language],
        written=written(texts, found, found["own"]),
        why=texts("compare_page.no_own") if found["own"] is None else None,
        sentence=sentence(texts, found, group),
        chart=chart,
        withheld=is_withheld(found["why"]),
    )


def _strip(texts: Texts, found: Benchmark, own: str) -> Strip:
    quartiles = found["quartiles"]
    return Strip(
        own=found["own"],
        own_label=f"{own} {written(texts, found, found['own'])}".strip(),
        median=found["median"],
        quarters=(quartiles[0], quartiles[1]) if quartiles else None,
        median_label=texts("compare_page.mark", median=written(texts, found, found["median"])),
    )


def _sentence(texts: Texts, found: Sequence[Benchmark], group: str) -> str:
    """Say on how many measures one's own figure is in the upper half."""
    known = [one for one in found if one["median"] is not None and one["own"] is not None]
    if not known:
        hidden = any(is_withheld(one["why"]) for one in found)
        return texts("compare_page.all_withheld" if hidden else "compare_page.nothing", group=group)
    over = sum(one["own"] > one["median"] for one in known)
    most = max(one["organisations"] for one in known)
    numbers = [formats.number(n, texts.language) for n in (over, len(known), most)]
    said = texts(
        "compare_page.sentence", over=numbers[0], known=numbers[1], group=group, many=numbers[2]
    )
    top = [_id(one) for one in known if one["rank_band"] == _QUARTERS]
    if top:
        named = ", ".join(MEASURES[one].name[texts.language].lower() for one in top[:3])
        said += " " + texts("compare_page.top", measures=named)
    return said


def _table(texts: Texts, found: Iterable[Benchmark]) -> tuple[list[str], list[list[str]]]:
    names = ("measure", "own", "lower", "median", "upper", "quarter", "organisations")
    body = []
    for one in found:
        ends = one["quartiles"] or (None, None)
        quarter = f"{one['rank_band']} / {_QUARTERS}" if one["rank_band"] else SIGN
        values = (one["own"], ends[0], one["median"], ends[1])
        body.append(
            [
                MEASURES[_id(one)].name[texts.language],
                *(written(texts, one, value) for value in values),
                quarter,
                formats.number(one["organisations"], texts.language)
                if one["organisations"]
                else SIGN,
            ]
        )
    return [texts(f"compare_page.head_{name}") for name in names], body
