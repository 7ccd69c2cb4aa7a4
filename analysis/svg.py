"""The pieces of a report's figures as SVG text: lines, marks and words in the styles of the conditions.

Numbers come from arrays; every word is escaped. Conditions differ by line, mark and colour, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

TEXT, TEXT2, BORDER, BORDER2, GRID = "#18212B", "#556170", "#AEB8C3", "#C3CCD5", "#EBEFF3"
FOOT = "#F1F4F7"
FONT = "Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Style:
    """How a condition is drawn: colour, dashed or solid, circle or square."""

    colour: str
    dashed: bool
    mark: str  # circle | square | triangle


def swatch(style: Style) -> Markup:
    """A short piece of a condition's line with its mark, for a heading."""
    line = polyline([(1.0, 7.0), (33.0, 7.0)], style, 2.2)
    return svg(34, 14, [line, mark_at(17.0, 7.0, style, 3.6)], "", inline=True)


def path_data(points: Sequence[tuple[float, float]]) -> str:
    """Path data of an open line through points in px."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def polyline(points: Sequence[tuple[float, float]], style: Style, width: float) -> str:
    """A line in the colour and dash of a condition."""
    dash = ' stroke-dasharray="6 4"' if style.dashed else ""
    return (
        f'<path d="{path_data(points)}" fill="none" stroke="{style.colour}" stroke-width="{width:g}" '
        f'stroke-linejoin="round" stroke-linecap="butt"{dash}/>'
    )


def mark_at(x: float, y: float, style: Style, size: float) -> str:
    """The mark of a condition; ``size`` is half its width in px."""
    paint = f'fill="{style.colour}" stroke="#FFFFFF" stroke-width="1"'
    if style.mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" {paint}/>'
    if style.mark == "square":
        return f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:g}" height="{2 * size:g}" {paint}/>'
    corners = [(x, y - 1.2 * size), (x + 1.15 * size, y + size), (x - 1.15 * size, y + size)]
    return f'<path d="{path_data(corners)}Z" {paint}/>'


def text_at(
    x: float, y: float, words: str, size: int, colour: str, anchor: str, bold: bool = False, limit: float = 200.0
) -> str:
    """Words at a place, escaped; more than ``limit`` letters are cut in the middle."""
    if len(words) > limit:  # long names are cut in the middle: beginnings and ends tell trials apart
        half = max(int(limit) // 2 - 1, 1)
        words = f"{words[:half]}…{words[-half:]}"
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def svg(width: float, height: float, parts: Sequence[str], title: str, inline: bool = False) -> Markup:
    """The picture; ``title`` is read aloud, an empty one marks decoration."""
    described = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    shape = f'width="{width:g}" height="{height:g}"' if inline else f'style="width:100%;max-width:{width:g}px"'
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {shape} {described} '
        f'font-family="{FONT}">{"".join(parts)}</svg>'
    )
