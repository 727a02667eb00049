"""Ours against theirs as Vega-Lite specifications: two bars a value, and a strip of quarters."""

from collections.abc import Sequence

from msgspec import Struct, to_builtins

from services.query.dashboard.style import (
    BAND,
    CONFIG,
    FLUSH,
    GRID,
    MUTED,
    OURS,
    USUAL,
    Size,
    Spec,
)

#: Of the two bars: how far from the middle of their row, how thick, which colour.
_OURS, _THEIRS = (0, 10, OURS), (15, 7, USUAL)
_LETTER = 8  # a letter is some 8 pixels wide


class Two(Struct, frozen=True):
    """One value, ours and theirs; None: not shown, and the label says why."""

    name: str
    ours: float | None
    ours_label: str
    theirs: float | None
    theirs_label: str


class Strip(Struct, frozen=True):
    """Where one's own figure is among others': the middle, the quarters where they are shown."""

    own: float | None
    own_label: str
    median: float | None
    quarters: tuple[float, float] | None
    median_label: str


def pairs(rows: Sequence[Two], size: Size) -> Spec:
    """Return two bars on 0 for each of *rows*: ours in the accent, theirs in grey below it."""
    values = [{"n": n, **to_builtins(row)} for n, row in enumerate(rows)]
    shown = [
        (value, len(label))
        for row in rows
        for value, label in ((row.ours, row.ours_label), (row.theirs, row.theirs_label))
        if value
    ]
    # as long as they can be while what stands behind each of them still fits
    most = max(
        (v * size.width / max(size.width - _LETTER * (n + 1), size.width / 4) for v, n in shown),
        default=1,
    )
    x: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most]}}
    text: Spec = {"type": "text", "limit": size.width, "baseline": "middle", "align": "left"}
    layers: list[Spec] = [
        {
            "mark": text | {"dy": -17, "fontSize": 13, "x": 0},
            "encoding": {"text": {"field": "name"}},
        }
    ]
    for field, (dy, height, color) in (("ours", _OURS), ("theirs", _THEIRS)):
        layers.append(
            {
                "transform": [{"filter": f"isValid(datum.{field})"}],
                "mark": {"type": "bar", "height": height, "yOffset": dy, "color": color},
                "encoding": {"x": x | {"field": field}},
            }
        )
        label = {"text": {"field": f"{field}_label"}}
        mark = text | {"dx": 6, "dy": dy, "fontSize": 13 if field == "ours" else 12}
        bold: Spec = {"fontWeight": 600} if field == "ours" else {"color": MUTED}
        layers.append(
            {
                "transform": [{"filter": f"isValid(datum.{field})"}],
                "mark": mark | bold,
                "encoding": {"x": x | {"field": field}} | label,
            }
        )
        # why there is none is no figure, and does not look like one
        layers.append(
            {
                "transform": [{"filter": f"!isValid(datum.{field})"}],
                "mark": mark | {"dx": 0, "x": 0, "color": MUTED},
                "encoding": label,
            }
        )
    y = {"field": "n", "type": "ordinal", "axis": None}
    shape = {"width": size.width, "height": {"step": 58}, "data": {"values": values}}
    return shape | FLUSH | {"encoding": {"y": y}, "layer": layers, "config": CONFIG}


def strip(found: Strip, size: Size) -> Spec:
    """Return a line from 0 on, the middle half as a box, the median as a mark, ours as a dot."""
    box = found.quarters or ()
    known = [v for v in (found.own, found.median, *box) if v is not None]
    low, top = min([0.0, *known]), max([0.0, *known]) or 1.0
    x: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [low, top * 1.04]}}
    middle = {"value": size.height / 2}

    def mark(kind: Spec, at: float, label: str = "", **more: Spec) -> Spec:
        encoding = {"x": x | {"field": "x"}, "y": middle, **more}
        if label:
            encoding["text"] = {"value": label}
        return {"data": {"values": [{"x": at}]}, "mark": kind, "encoding": encoding}

    whole = {"x": low, "to": top * 1.04}
    layers: list[Spec] = [
        {
            "data": {"values": [whole]},
            "mark": {"type": "rule", "color": GRID, "strokeWidth": 2},
            "encoding": {"x": x | {"field": "x"}, "x2": {"field": "to"}, "y": middle},
        }
    ]
    if found.quarters:
        layers.append(
            {
                "data": {"values": [{"x": found.quarters[0], "to": found.quarters[1]}]},
                "mark": {"type": "bar", "height": 14, "color": BAND},
                "encoding": {"x": x | {"field": "x"}, "x2": {"field": "to"}, "y": middle},
            }
        )
    far = low + (top - low) * 0.6
    if found.median is not None:
        at = found.median
        layers.append(mark({"type": "tick", "color": USUAL, "thickness": 3, "size": 22}, at))
        align = "right" if at > far else "left"
        said: Spec = {"type": "text", "align": align, "baseline": "top", "color": MUTED, "dy": 13}
        layers.append(mark(said, at, found.median_label))
    if found.own is not None:
        at = found.own
        dot: Spec = {"type": "point", "filled": True, "color": OURS, "size": 110, "opacity": 1}
        layers.append(mark(dot, at))
        align = "right" if at > far else "left"
        said = {"type": "text", "align": align, "baseline": "bottom", "color": OURS, "dy": -10}
        layers.append(mark(said | {"fontWeight": 600, "fontSize": 13}, at, found.own_label))
    shape = {"width": size.width, "height": size.height, "layer": layers, "config": CONFIG}
    return shape | FLUSH
