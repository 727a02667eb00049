"""A chart as a page shows it: a sentence, the drawing, and the same numbers as a table."""

from collections.abc import Callable, Sequence

from markupsafe import Markup
from msgspec import Struct

from services.query.dashboard.drawing import draw
from services.query.dashboard.formats import Language
from services.query.dashboard.style import Size, Spec

#: Beside another chart on a desk, alone on a telephone.
WIDE, NARROW = Size(500, 210), Size(240, 170)


class Table(Struct, frozen=True):
    """Rows of written values; the first column names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(Struct, frozen=True):
    """One chart; *narrow* is drawn anew for a telephone, where letters must not shrink."""

    id: str
    title: str
    sentence: str
    wide: Markup
    narrow: Markup | None
    table: Table
    note: str | None = None


def both(spec: Callable[[Size], Spec], language: Language) -> tuple[Markup, Markup]:
    """Draw *spec* wide and narrow."""
    return draw(spec(WIDE), language), draw(spec(NARROW), language)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of *rows*."""
    return Table(tuple(head), tuple(tuple(row) for row in rows))
