"""Charts: drawn here, on 0, and of nothing that a page must not hold."""

import re
from xml.etree import ElementTree as ET

import pytest

from services.query.dashboard.bars import Bar, bars, columns, heat
from services.query.dashboard.drawing import draw
from services.query.dashboard.lines import Axes, Line, over_time, so_far, spark
from services.query.dashboard.style import USUAL, Size, Spec

SIZE = Size(300, 120)
DAY = [(0.0, 0.0), (600.0, 5.0), (845.0, 11.0)]
BAND = [(0.0, 0.0, 0.0, 0.0), (1440.0, 10.0, 20.0, 30.0)]
GAP = [(0.0, 1.0), (1.0, None), (2.0, 3.0)]
CHARTS: dict[str, Spec] = {
    "so_far": so_far(DAY, "i dag 11", BAND, "vanlig tirsdag", SIZE),
    "so_far_alone": so_far(DAY, "i dag 11", [], "", SIZE),
    "nothing_yet": so_far([(0.0, 0.0), (5.0, 0.0)], "i dag 0", [], "", SIZE),
    "spark": spark(GAP, [], "3", SIZE, open_end=True),
    "flat": spark([(0.0, 0.0), (1.0, 0.0)], [], "0", SIZE),
    "one_point": spark([(0.0, 4.0)], [], "4", SIZE, open_end=True),
    "over_time": over_time(GAP, DAY[:2], ("nå", "før"), Axes({0: "1. mai", 2: '"3'}, ",.0f"), SIZE),
    "bars": bars([Bar("A & <b>", 3.0, "3"), Bar("B", -1.0, "\u22121", USUAL)], SIZE),
    "no_bars": bars([Bar("A", 0.0, "0")], SIZE),
    "columns": columns([("13:15", 2.0), ("", 0.0)], SIZE),
    "heat": heat([(0, 18, 3.0), (6, 20, 0.0)], ["man"] * 7, range(18, 21), SIZE),
}


@pytest.mark.parametrize("name", CHARTS)
def test_is_whole_and_brings_nothing_along(name: str) -> None:
    svg = draw(CHARTS[name], "nb")
    ET.fromstring(svg)  # noqa: S314 (our own)
    assert not re.search(r"style=|<script|<style|href|@import|url\(|\bid=|NaN|undefined|null", svg)
    # every colour follows the page's
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) - {"none"}
    assert all(colour.startswith("var(--") for colour in colours)
    assert colours


def numbers(svg: str) -> set[str]:
    """Return the texts of *svg*."""
    return set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_numbers_follow_the_language() -> None:
    large = so_far([(0.0, 0.0), (600.0, 4000.0)], "", [], "", SIZE)
    assert "2\u00a0000" in numbers(draw(large, "nb"))
    assert "2,000" in numbers(draw(large, "en"))


def test_a_line_stands_on_zero() -> None:
    high = over_time([(0.0, 990.0), (1.0, 1000.0)], [], ("", ""), Axes({0: "a"}), SIZE)
    assert "0" in numbers(draw(high, "nb"))


def named(ours: Line, before: Line) -> dict[str, tuple[float, float | None]]:
    """Return where the names of the lines stand."""
    spec = over_time(ours, before, ("nå", "før"), Axes({0: "a"}), SIZE)
    labels = [layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    return {
        label["encoding"]["text"]["value"]: (row["x"], row["y"])
        for label in labels
        for row in label["data"]["values"]
    }


def test_each_line_is_named_where_it_is_highest() -> None:
    ours: Line = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 9.0), (4.0, 4.0)]
    before: Line = [(0.0, 5.0), (1.0, 7.0), (2.0, 3.0), (3.0, 1.0), (4.0, 1.0)]
    assert {"nå": (3.0, 9.0), "før": (1.0, 7.0)} == named(ours, before)


def test_two_peaks_side_by_side_do_not_share_a_place() -> None:
    ours: Line = [(0.0, 9.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, None)]
    before: Line = [(0.0, 7.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)]
    assert {"nå": (3.0, 4.0), "før": (0.0, 7.0)} == named(ours, before)


def test_bars_are_as_long_as_their_values() -> None:
    svg = draw(bars([Bar("a", 30.0, "30"), Bar("b", 10.0, "10")], SIZE), "nb")
    first, second = map(float, re.findall(r'd="M0,[\d.]+h([\d.]+)v[^"]*" fill="var', svg))
    assert first == pytest.approx(3 * second)


def test_a_gap_is_no_zero() -> None:
    svg = draw(spark(GAP, [], "3", SIZE), "nb")
    (line,) = re.findall(r'd="([^"]+)" stroke="var\(--ours\)" stroke-width="2"', svg)
    assert line.count("M") == 2


def test_a_day_between_two_gaps_is_seen() -> None:
    line = [(0.0, None), (1.0, 5.0), (2.0, None), (3.0, 1.0), (4.0, 2.0)]
    dots = re.findall(
        r'<path transform="translate\(([\d.]+),', draw(spark(line, [], "5", SIZE), "nb")
    )
    assert ["75", "300"] == dots  # the one alone, and the last
