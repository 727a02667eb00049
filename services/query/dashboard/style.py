"""How every chart looks: colours as CSS variables, so one picture serves light and dark."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Spec = dict[str, Any]

OURS, USUAL, BAND = "var(--ours)", "var(--usual)", "var(--band)"
INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--grid)"
CONFIG: Spec = {
    "aria": False,
    "background": None,
    "font": "system-ui, sans-serif",
    "padding": {"left": 6, "right": 4, "top": 2, "bottom": 2},
    "view": {"stroke": None},
    # a halo in the colour behind, so that a label stays readable where a line runs through it
    "text": {"color": INK, "fontSize": 12, "stroke": "var(--card)", "strokeWidth": 3},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 12,
        "title": None,
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelPadding": 6,
    },
}
#: Without labels at its left, a chart begins where the text above it does.
FLUSH: Spec = {"padding": {"left": 0, "right": 0, "top": 2, "bottom": 2}}


class Size(Struct, frozen=True):
    """How large a chart is drawn, in CSS pixels, without its labels."""

    width: int
    height: int


def named(names: Mapping[int, str]) -> str:
    """Return the Vega expression that names a tick."""
    quoted = ",".join(f'"{at}":"{_quoted(name)}"' for at, name in names.items())
    return f"{{{quoted}}}[datum.value]"


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
