"""Flat drawings in millimetres, and their two writers: SVG and PDF, both 1:1.

A drawing is a list of primitives on a page, x to the right and **y down** from the upper left corner, mm. The same
drawing gives the same bytes: neither writer puts a date, a name or a place of this machine into the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from fpdf import FPDF

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
BLACK: Final = "#000000"
GREY: Final = "#777777"
WHITE: Final = "#ffffff"
MM_PER_POINT: Final = 25.4 / 72.0


@dataclass(frozen=True)
class Path:
    """A line through points (mm), ``closed`` to a polygon or not; colours ``#rrggbb``, None draws nothing.

    ``dash_mm``: lengths of dash and space.
    """

    points: tuple[Point, ...]
    closed: bool = False
    stroke: str | None = BLACK
    width_mm: float = 0.25
    fill: str | None = None
    dash_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class Circle:
    """A circle about a centre, mm."""

    x_mm: float
    y_mm: float
    radius_mm: float
    stroke: str | None = BLACK
    width_mm: float = 0.25
    fill: str | None = None
    dash_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class Label:
    """One line of text: (x, y) is the start, middle or end of its base line; ``size_mm`` is the size of the type.

    ``upward``: written from bottom to top.
    """

    x_mm: float
    y_mm: float
    text: str
    size_mm: float = 3.0
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = BLACK
    upward: bool = False


Item = Path | Circle | Label


@dataclass(frozen=True)
class Page:
    """A sheet: its size in mm and what is drawn on it, the first item lowest."""

    width_mm: float
    height_mm: float
    items: tuple[Item, ...]


def line(x0: float, y0: float, x1: float, y1: float, **style: Any) -> Path:
    """A straight line from (x0, y0) to (x1, y1), mm; ``style`` as in ``Path``."""
    return Path(((x0, y0), (x1, y1)), **style)


def rectangle(
    x: float, y: float, width: float, height: float, *, fill: str | None = None, stroke: str | None = BLACK,
    width_mm: float = 0.25, dash_mm: tuple[float, float] | None = None,
) -> Path:  # fmt: skip
    """A rectangle with its upper left corner at (x, y), mm."""
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return Path(corners, True, stroke, width_mm, fill, dash_mm)


# --- SVG ---------------------------------------------------------------------------------------------------------


def svg(page: Page, title: str) -> str:
    """The page as SVG; its user unit is the millimetre."""
    size = f'width="{_n(page.width_mm)}mm" height="{_n(page.height_mm)}mm"'
    box = f'viewBox="0 0 {_n(page.width_mm)} {_n(page.height_mm)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} font-family="Helvetica, Arial, sans-serif">',
        f"<title>{_xml(title)}</title>",
        f'<rect width="{_n(page.width_mm)}" height="{_n(page.height_mm)}" fill="#ffffff"/>',
        *(_svg_item(item) for item in page.items),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _svg_item(item: Item) -> str:
    if isinstance(item, Label):
        place = f'x="{_n(item.x_mm)}" y="{_n(item.y_mm)}"'
        if item.upward:
            place += f' transform="rotate(-90 {_n(item.x_mm)} {_n(item.y_mm)})"'
        style = f'font-size="{_n(item.size_mm)}" fill="{item.colour}"'
        style += "" if item.anchor == "start" else f' text-anchor="{item.anchor}"'
        style += ' font-weight="bold"' if item.bold else ""
        return f"<text {place} {style}>{_xml(item.text)}</text>"
    style = f'fill="{item.fill or "none"}"'
    if item.stroke is not None:
        style += f' stroke="{item.stroke}" stroke-width="{_n(item.width_mm)}" stroke-linejoin="round"'
        if item.dash_mm is not None:
            style += f' stroke-dasharray="{_n(item.dash_mm[0])} {_n(item.dash_mm[1])}"'
    if isinstance(item, Circle):
        return f'<circle cx="{_n(item.x_mm)}" cy="{_n(item.y_mm)}" r="{_n(item.radius_mm)}" {style}/>'
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in item.points)
    return f'<{"polygon" if item.closed else "polyline"} points="{points}" {style}/>'


def _n(value: float) -> str:
    """A number with at most three decimals (1 µm), without trailing zeros or a minus in front of zero."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _xml(text: str) -> str:
    """A text without characters that XML does not know."""
    return escape("".join(c if c.isprintable() else " " for c in text))


# --- PDF ---------------------------------------------------------------------------------------------------------


def pdf(pages: Sequence[Page], title: str) -> bytes:
    """The pages as a PDF that asks to be printed without scaling.

    The built-in Helvetica is used; letters that it lacks (beyond Latin-1) become question marks.
    """
    from fpdf import FPDF
    from fpdf.prefs import ViewerPreferences

    document = FPDF(unit="mm")
    document.set_auto_page_break(False)
    document.set_margin(0.0)
    document.set_compression(False)  # a few dozen kB, and bytes that depend on no version of a compressor
    # The format wants a date: always the same one, so that the same sheet gives the same bytes.
    document.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
    document.set_title(_latin(title))
    document.set_creator("insole")
    document.viewer_preferences = ViewerPreferences(display_doc_title=True, print_scaling="None")
    for page in pages:
        document.add_page(format=(page.width_mm, page.height_mm))
        for item in page.items:
            if isinstance(item, Label):
                _pdf_label(document, item)
            else:
                _pdf_shape(document, item)
    return bytes(document.output())


def _pdf_label(document: FPDF, label: Label) -> None:
    document.set_font("Helvetica", style="B" if label.bold else "", size=label.size_mm / MM_PER_POINT)
    document.set_text_color(*_rgb(label.colour))
    text = _latin(label.text)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    back = share * document.get_string_width(text)
    if label.upward:
        with document.rotation(90.0, label.x_mm, label.y_mm):
            document.text(label.x_mm - back, label.y_mm, text)
    else:
        document.text(label.x_mm - back, label.y_mm, text)


def _pdf_shape(document: FPDF, item: Path | Circle) -> None:
    style = ("D" if item.stroke else "") + ("F" if item.fill else "")
    if not style:
        return
    if item.stroke:
        document.set_draw_color(*_rgb(item.stroke))
        document.set_line_width(item.width_mm)
        dash, space = item.dash_mm or (0.0, 0.0)
        document.set_dash_pattern(dash=dash, gap=space)
    if item.fill:
        document.set_fill_color(*_rgb(item.fill))
    if isinstance(item, Circle):
        r = item.radius_mm
        document.ellipse(item.x_mm - r, item.y_mm - r, 2.0 * r, 2.0 * r, style=style)
    else:
        document.polyline(item.points, polygon=item.closed, style=style)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _latin(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.encode("latin-1", errors="replace").decode("latin-1")
