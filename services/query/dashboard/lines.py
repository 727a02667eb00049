"""Lines as Vega-Lite specifications: ours in the one accent, what it is held against in grey."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

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
    named,
)

#: x, y; no y: a gap.
Line = Sequence[tuple[float, float | None]]
_MINUTES = 1440


class Axes(Struct, frozen=True):
    """How the values of a line chart are written."""

    ticks: Mapping[int, str]  # where on x, and what stands there
    number: str = ",.0f"  # d3-format, in the locale of the language
    open_end: bool = False  # the last point is of a day that is not over


def so_far(
    today: Line,
    label: str,
    band: Sequence[tuple[float, float, float, float]],
    usual: str,
    size: Size,
) -> Spec:
    """Return the day until now as steps, over what is usual: minute, 25, 50 and 75 %."""
    rows = [{"x": x, "low": low, "mid": mid, "high": high} for x, low, mid, high in band]
    layers: list[Spec] = []
    if rows:
        layers.append(
            {
                "data": {"values": rows},
                "mark": {"type": "area", "color": BAND},
                "encoding": {"x": _x(_hours()), "y": _y("low", ",.0f"), "y2": {"field": "high"}},
            }
        )
        layers.append(_line(rows, "mid", USUAL, 1.5, x=_hours(), number=",.0f"))
        layers.append(_label(rows[-1:], "mid", usual, color=MUTED, align="right", dy=-8))
    drawn = [{"x": x, "y": y} for x, y in today]
    layers.append(_line(drawn, "y", OURS, 2.5, x=_hours(), number=",.0f", interpolate="step-after"))
    layers.append(_dot(drawn[-1:]))
    align = "right" if today[-1][0] > _MINUTES * 0.7 else "left"
    layers.append(_label(drawn[-1:], "y", label, color=OURS, align=align, dy=-10, bold=True))
    return _spec(size, layers)


def spark(ours: Line, before: Line, peak: str, size: Size, *, open_end: bool = False) -> Spec:
    """Return a small multiple: ours over the period, the earlier one in grey, the peak named.

    With an *open_end* the last point is of a day that is not over.
    """
    drawn = [{"x": x, "y": y} for x, y in ours]
    known = [row for row in drawn if row["y"] is not None]
    highest = _highest(ours)
    last = max((x for x, _ in [*ours, *before]), default=1)
    align = _towards_the_middle(highest, last)
    top = [row for row in known if row["x"] == highest and row["y"]]
    layers = [
        _base(last, flat=not any(y for _, y in [*ours, *before])),
        _line([{"x": x, "y": y} for x, y in before], "y", USUAL, 1.25),
        *_ours(drawn, 2, open_end=open_end),
        _alone(ours),
        _dot(known[-1:], hollow=open_end),
        _label(top, "y", peak, color=MUTED, align=align, dy=-9),
    ]
    return _spec(size, layers) | FLUSH


def over_time(ours: Line, before: Line, names: tuple[str, str], axes: Axes, size: Size) -> Spec:
    """Return ours step by step, and the earlier period in grey where there is one."""
    x, number = _x(axes.ticks), axes.number
    drawn = [{"x": x_, "y": y} for x_, y in ours]
    grey = [{"x": x_, "y": y} for x_, y in before]
    known = [row for row in drawn if row["y"] is not None]
    known_grey = [row for row in grey if row["y"] is not None]
    layers = []
    if known_grey:
        layers.append(_line(grey, "y", USUAL, 1.5, x=axes.ticks, number=number))
        top = [row for row in known_grey if row["x"] == _highest(before)]
        align = _towards_the_middle(_highest(before), before[-1][0])
        layers.append(_label(top, "y", names[1], color=MUTED, align=align, dy=-9))
    layers += _ours(drawn, 2.5, x=axes.ticks, number=number, open_end=axes.open_end)
    layers += [_alone(ours), _dot(known[-1:], hollow=axes.open_end)]
    if known_grey:
        at, end = _highest(ours), max(ours[-1][0], 1)
        # two peaks side by side would have their names in one place
        if abs(at - _highest(before)) < end * 0.25:
            at = max((x for x, y in ours if y is not None), default=0.0)
        top, align = [row for row in known if row["x"] == at], _towards_the_middle(at, end)
        layers.append(_label(top, "y", names[0], color=OURS, align=align, dy=-12, bold=True))
    layers[0]["encoding"] |= {"x": x}
    return _spec(size, layers)


def _highest(line: Line) -> float:
    """Return where *line* is highest, the last such place; 0 where it has no value."""
    return max(((y, x) for x, y in line if y is not None), default=(0.0, 0.0))[1]


def _towards_the_middle(x: float, last: float) -> str:
    """Return how a label at *x* is aligned, so that it stays within the chart."""
    return "left" if x < last * 0.3 else "right" if x > last * 0.7 else "center"


def _spec(size: Size, layers: list[Spec]) -> Spec:
    return {"width": size.width, "height": size.height, "layer": layers, "config": CONFIG}


def _line(
    rows: Sequence[Mapping[str, Any]],
    field: str,
    color: str,
    width: float,
    *,
    x: Mapping[int, str] | None = None,
    number: str | None = None,
    interpolate: str = "linear",
) -> Spec:
    mark = {"type": "line", "color": color, "strokeWidth": width, "interpolate": interpolate}
    mark |= {"strokeCap": "round", "strokeJoin": "round", "invalid": "break-paths-show-domains"}
    return {
        "data": {"values": list(rows)},
        "mark": mark,
        "encoding": {"x": _x(x), "y": _y(field, number)},
    }


def _ours(
    rows: Sequence[Mapping[str, Any]],
    width: float,
    *,
    x: Mapping[int, str] | None = None,
    number: str | None = None,
    open_end: bool,
) -> list[Spec]:
    """Return our line; the way to a day that is not over is dashed, for it is no fall."""
    if not open_end or len(rows) < 2:
        return [_line(rows, "y", OURS, width, x=x, number=number)]
    last = _line(rows[-2:], "y", OURS, width * 0.7, x=x, number=number)
    last["mark"]["strokeDash"] = [2, 4]
    return [_line(rows[:-1], "y", OURS, width, x=x, number=number), last]


def _alone(line: Line) -> Spec:
    """Return dots for the points between two gaps: they are on no line."""
    values = [None, *(y for _, y in line), None]
    alone = [
        {"x": x, "y": y}
        for (x, y), before, after in zip(line, values, values[2:], strict=False)
        if y is not None and before is None and after is None
    ]
    spec = _dot(alone)
    spec["mark"]["size"] = 14
    return spec


def _dot(rows: Sequence[Mapping[str, Any]], *, hollow: bool = False) -> Spec:
    mark: Spec = {"type": "point", "filled": True, "color": OURS, "size": 50, "opacity": 1}
    if hollow:
        mark |= {"fill": "var(--card)", "stroke": OURS, "strokeWidth": 1.5}
    return {
        "data": {"values": list(rows)},
        "mark": mark,
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }


def _label(
    rows: Sequence[Mapping[str, Any]],
    field: str,
    text: str,
    *,
    color: str,
    align: str,
    dy: int,
    bold: bool = False,
) -> Spec:
    mark: Spec = {"type": "text", "align": align, "dy": dy, "color": color}
    return {
        "data": {"values": list(rows)},
        "mark": mark | {"fontWeight": 600 if bold else 400, "fontSize": 13 if bold else 12},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": field, "type": "quantitative"},
            "text": {"value": text},
        },
    }


def _base(last: float, *, flat: bool) -> Spec:
    """Return the line of 0; a chart that is *flat* stands on it too."""
    scale = {"domain": [0, 1]} if flat else {"zero": True}
    return {
        "data": {"values": [{"x": 0, "to": last}]},
        "mark": {"type": "rule", "color": GRID},
        "encoding": {
            "x": _x(None),
            "x2": {"field": "to"},
            "y": {"datum": 0, "type": "quantitative", "axis": None, "scale": scale},
        },
    }


def _x(ticks: Mapping[int, str] | None) -> Spec:
    scale: Spec = {"nice": False, "zero": False}
    if ticks is None:
        return {"field": "x", "type": "quantitative", "axis": None, "scale": scale}
    axis: Spec = {"values": list(ticks), "labelExpr": named(ticks), "grid": False}
    axis |= {"labelFlush": True, "labelOverlap": True}
    if ticks == _hours():
        scale["domain"] = [0, _MINUTES]
    return {"field": "x", "type": "quantitative", "axis": axis, "scale": scale}


def _y(field: str, number: str | None) -> Spec:
    axis = None if number is None else {"tickCount": 4, "format": number}
    scale = {"zero": True, "nice": number is not None}
    return {"field": field, "type": "quantitative", "axis": axis, "scale": scale}


def _hours() -> dict[int, str]:
    return {hour * 60: f"{hour:02d}:00" for hour in (0, 6, 12, 18, 24)}
