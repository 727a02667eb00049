"""Contrast of what a browser has rendered, as WCAG 2.2 computes it."""

from typing import NamedTuple

from playwright.sync_api import Page

#: The colours of every visible text and of every mark of a chart, and of what is behind it.
_COLOURS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  const visible = (element) => element.getClientRects().length > 0
    && getComputedStyle(element).visibility !== "hidden" && !element.closest(".unseen, .skip");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !visible(element) || element.closest("svg")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const colour = parse(style.color).slice(0, 3);
    found.push([text.slice(0, 30), colour, behind(element), large ? 3 : 4.5]);
  }
  for (const mark of document.querySelectorAll("svg text, svg path, svg line")) {
    if (!visible(mark) || mark.closest("[display=none]")) continue;
    const style = getComputedStyle(mark), box = behind(mark.closest("div"));
    const name = mark.textContent.trim() || mark.getAttribute("d") || "line";
    const isText = mark.tagName === "text", paint = isText ? style.fill
      : style.stroke !== "none" ? style.stroke : style.fill;
    // bands and grids are behind the data, which says what they say; shades are in the table
    const quiet = ["var(--band)", "var(--grid)", "var(--card)"];
    const named = mark.getAttribute(isText || style.stroke === "none" ? "fill" : "stroke");
    if (paint === "none" || quiet.includes(named) || mark.getAttribute("opacity")) continue;
    found.push([name.slice(0, 30), parse(paint).slice(0, 3), box, isText ? 4.5 : 3]);
  }
  return found;
}"""


class Pair(NamedTuple):
    """One colour on another; *needed* is what AA asks of it."""

    what: str
    ratio: float
    needed: float


def measured(page: Page) -> list[Pair]:
    """Return the contrast of everything on *page*."""
    return [
        Pair(what, round(ratio(front, back), 2), needed)
        for what, front, back, needed in page.evaluate(_COLOURS)
    ]


def ratio(front: list[float], back: list[float]) -> float:
    """Return the contrast of two colours of sRGB, by relative luminance."""
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[float]) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
