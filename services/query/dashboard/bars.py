"""Bars, columns and heat maps as Vega-Lite specifications: ours in the one accent, bars on 0."""

from collections.abc import Sequence

from msgspec import Struct, to_builtins

from services.query.dashboard.style import CONFIG, FLUSH, MUTED, OURS, Size, Spec, named


class Bar(Struct, frozen=True):
    """One bar, with what stands over it and at its end."""

    name: str
    value: float
    label: str
    color: str = OURS


def bars(rows: Sequence[Bar], size: Size) -> Spec:
    """Return bars on 0."""
    values = [{"n": i, "end": max(bar.value, 0), **to_builtins(bar)} for i, bar in enumerate(rows)]
    y = {"field": "n", "type": "ordinal", "axis": None}
    top = max((abs(bar.value) for bar in rows), default=1) or 1
    # what stands behind the longest bar needs room: a letter is some 8 pixels wide
    room = 8 * max((len(bar.label) for bar in rows), default=0) + 8
    most = top * size.width / max(size.width - room, size.width / 4)
    x = {
        "field": "value",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [min([0.0, *(bar.value for bar in rows)]), most]},
    }
    text: Spec = {"type": "text", "limit": size.width, "baseline": "middle"}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": 10, "yOffset": 9},
            "encoding": {"x": x, "color": {"field": "color", "scale": None}},
        },
        {
            "mark": text | {"align": "left", "dy": -8, "fontSize": 13, "x": 0},
            "encoding": {"text": {"field": "name"}},
        },
        {
            "mark": text | {"align": "left", "dx": 6, "dy": 9, "fontSize": 13, "fontWeight": 600},
            "encoding": {"x": x | {"field": "end"}, "text": {"field": "label"}},
        },
    ]
    shape = {"width": size.width, "height": {"step": 40}, "data": {"values": values}}
    return shape | FLUSH | {"encoding": {"y": y}, "layer": layers, "config": CONFIG}


def columns(values: Sequence[tuple[str, float]], size: Size) -> Spec:
    """Return columns on 0 in the order given, each with its value over it and its name below."""
    rows = [
        {"n": i, "name": n, "y": v, "label": f"{v:g}" if v else ""}
        for i, (n, v) in enumerate(values)
    ]
    names = {i: name for i, (name, _) in enumerate(values)}
    x = {
        "field": "n",
        "type": "ordinal",
        "scale": {"paddingInner": 0.25},
        "axis": {"labelExpr": named(names), "labelAngle": 0, "labelOverlap": True},
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, max(1.0, *(v for _, v in values)) * 1.2]},
    }
    layers: list[Spec] = [
        {"mark": {"type": "bar", "color": OURS}},
        {
            "mark": {"type": "text", "baseline": "bottom", "dy": -3},
            "encoding": {"text": {"field": "label"}},
        },
        {
            "mark": {"type": "rule", "color": MUTED},
            "encoding": {"x": {"value": 0}, "x2": {"value": size.width}, "y": {"datum": 0}},
        },
    ]
    shape = {"width": size.width, "height": size.height, "data": {"values": rows}}
    return shape | FLUSH | {"encoding": {"x": x, "y": y}, "layer": layers, "config": CONFIG}


def heat(
    cells: Sequence[tuple[int, int, float]], weekdays: Sequence[str], hours: range, size: Size
) -> Spec:
    """Return weekday by hour, darker where more is sold; weekdays count from 0."""
    most = max((value for *_, value in cells), default=1) or 1
    rows = [
        # the square root: area is read better than shade, and small values must show
        {"day": day, "hour": hour, "shade": (max(value, 0) / most) ** 0.5}
        for day, hour, value in cells
    ]
    x = {
        "field": "hour",
        "type": "ordinal",
        "scale": {"domain": list(hours)},
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6, "orient": "top"},
    }
    y = {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": list(range(7))},
        "axis": {"labelExpr": named(dict(enumerate(weekdays)))},
    }
    shade = {
        "field": "shade",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, 1], "range": [0.06, 1]},
    }
    mark = {"type": "rect", "color": OURS, "stroke": "var(--card)", "strokeWidth": 2}
    shape = {"width": size.width, "height": size.height, "data": {"values": rows}, "mark": mark}
    return shape | {"encoding": {"x": x, "y": y, "opacity": shade}, "config": CONFIG}
