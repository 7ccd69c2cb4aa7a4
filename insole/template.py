"""The printed template of an insole, 1:1: outline, sensor bodies and numbers, drawn from the layout.

Both feet lie on one sheet where it is wide enough, left on the left, toes up, seen from above (the side that the foot
stands on); else a sheet a foot; and a foot that is too long for the sheet is cut into pieces that overlap. Every sheet
carries two check bars of 50 mm, because what a printer does to the scale can only be measured on paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from insole.calibration import NOMINAL_AREA_MM2
from insole.drawing import GREY, WHITE, Anchor, Circle, Item, Label, Page, Path, line
from insole.errors import LayoutError
from insole.layout import MIN_SPACING_MM, REGIONS, Layout, inside

PAPERS: Final[dict[str, tuple[float, float]]] = {"a3": (297.0, 420.0), "a4": (210.0, 297.0)}
"""Width and height in mm, upright."""
BODY_MM: Final = MIN_SPACING_MM
"""Diameter of a sensor's body."""
BAR_MM: Final = 50.0
LENGTHS_MM: Final = (50.0, 500.0)
"""Outlines that can be an insole."""
REGION_NAMES: Final[dict[str, str]] = {
    "T1": "hallux", "T25": "toes 2 to 5", "M1": "metatarsal head 1", "M2": "metatarsal head 2",
    "M3": "metatarsal head 3", "M4": "metatarsal head 4", "M5": "metatarsal head 5", "MM": "medial midfoot",
    "ML": "lateral midfoot", "HM": "medial heel", "HL": "lateral heel",
}  # fmt: skip
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "heel": ("HM", "HL"), "midfoot": ("MM", "ML"), "forefoot": ("M1", "M2", "M3", "M4", "M5"), "toes": ("T1", "T25"),
}  # fmt: skip
"""Groups of regions (spec 1.4)."""

_MARGIN_MM: Final = 12.0  # left and right: printers leave up to 6 mm white, and the names of the groups stand there
_EDGE_MM: Final = 8.0  # above and below
_GAP_MM: Final = 4.0  # between a foot and the column of words
_COLUMN_MM: Final = 54.0  # the bar and the words need this much
_OVERLAP_MM: Final = 30.0
_LIGHT: Final = "#e4e4e4"


def template(layouts: Mapping[str, Layout], paper: str | None = "a3") -> tuple[Page, ...]:
    """The sheets of a template: ``layouts`` of the sides to draw (``left``, ``right`` or both), in their foot frames.

    ``paper``: a name in ``PAPERS``, or None for one sheet as large as both feet need. Raises LayoutError for a layout
    without outline or positions in mm, or of an impossible size.
    """
    feet = [_Foot(side, layouts[side]) for side in ("left", "right") if side in layouts]
    needed = 2.0 * _MARGIN_MM + len(feet) * _GAP_MM + sum(foot.width for foot in feet) + _COLUMN_MM
    tallest = max(foot.height for foot in feet)
    if paper is None:
        return (_sheet(feet, max(PAPERS["a3"][0], needed), max(PAPERS["a3"][1], tallest + 2.0 * _EDGE_MM)),)
    width, height = PAPERS[paper]
    groups = [feet] if needed <= width else [[foot] for foot in feet]
    return tuple(sheet for group in groups for sheet in _cut(group, width, height, max(foot.height for foot in group)))


class _Foot:
    """One foot's layout and its extent, mm."""

    def __init__(self, side: str, layout: Layout) -> None:
        if layout.units != "mm" or not layout.outline_mm.size or not layout.has_positions:
            raise LayoutError(f"layout {layout.name} has no outline and sensor places in mm; a template needs both")
        self.side, self.layout = side, layout
        self.low = layout.outline_mm.min(axis=0)
        self.high = layout.outline_mm.max(axis=0)
        self.width, self.height = (float(v) for v in self.high - self.low)
        shortest, longest = LENGTHS_MM
        if not shortest <= self.height <= longest or self.width > self.height:
            raise LayoutError(
                f"layout {layout.name}: the outline is {self.height:.0f} mm long and {self.width:.0f} mm wide; a "
                f"template is drawn for insoles of {shortest:.0f} to {longest:.0f} mm, longer than wide"
            )
        self.sign = 1.0 if side == "left" else -1.0  # seen from above, medial is to the right on the left foot


def _cut(feet: Sequence[_Foot], width: float, height: float, tallest: float) -> list[Page]:
    """One sheet, or the overlapping pieces of feet that are longer than the paper, the toes first."""
    room = height - 2.0 * _EDGE_MM
    if tallest <= room:
        return [_sheet(feet, width, height)]
    n = math.ceil((tallest - _OVERLAP_MM) / (room - _OVERLAP_MM))
    step = (tallest - room) / (n - 1)
    # Each join lies in the middle of what two pieces share; counted from the top edge of the first sheet.
    joins = {chr(ord("A") + k): _EDGE_MM + (k + 1) * step + (room - step) / 2.0 for k in range(n - 1)}
    return [
        _sheet(
            feet, width, height, top=_EDGE_MM - k * step, piece=f"Piece {k + 1} of {n}",
            joins={letter: y - k * step for letter, y in joins.items() if 0.0 < y - k * step < height},
        )
        for k in range(n)
    ]  # fmt: skip


def _sheet(
    feet: Sequence[_Foot], width: float, height: float, top: float | None = None, piece: str = "",
    joins: Mapping[str, float] = {},
) -> Page:  # fmt: skip
    """A sheet with one foot or two; ``top`` is where the tips of the toes lie (None: centred)."""
    items: list[Item] = []
    left, right = _MARGIN_MM, width - _MARGIN_MM
    for foot in feet:
        y_top = (height - foot.height) / 2.0 if top is None else top
        # The medial edge turns to the column of words in the middle, the lateral edge to the border.
        x0 = left - float(foot.low[0]) if foot.side == "left" else right + float(foot.low[0])
        items += _foot(foot, x0, y_top + float(foot.high[1]))
        for letter, y in joins.items():
            items += _join(y, x0 + foot.sign * float(foot.low[0]), x0 + foot.sign * float(foot.high[0]), letter)
        if foot.side == "left":
            left += foot.width + _GAP_MM
        else:
            right -= foot.width + _GAP_MM
    if len(feet) == 2:
        left += (right - left - _COLUMN_MM) / 2.0
    elif feet[0].side == "right":
        left = max(left, right - _COLUMN_MM - 2.0 * _GAP_MM)
    else:
        left += _GAP_MM
    items += _words(left, feet, piece, tuple(joins))
    return Page(width, height, tuple(items))


def _foot(foot: _Foot, x0: float, y0: float) -> list[Item]:
    """Outline, axis, names and sensors of a foot whose origin lies at (x0, y0) on the page."""
    layout = foot.layout

    def at(x_mm: float, y_mm: float) -> tuple[float, float]:
        return x0 + foot.sign * x_mm, y0 - y_mm

    low, high = (tuple(float(v) for v in corner) for corner in (foot.low, foot.high))
    items: list[Item] = [
        line(*at(0.0, low[1]), *at(0.0, high[1]), stroke=GREY, width_mm=0.1, dash_mm=(4.0, 2.0)),
        Path(tuple(at(float(x), float(y)) for x, y in layout.outline_mm), True, width_mm=0.4),
    ]
    x, y, radius = _largest_gap(foot)
    size = min(10.0, radius)
    items.append(Label(*_shift(at(x, y), 0.35 * size), foot.side.upper(), size, "middle", True, "#9a9a9a"))
    for edge, words in ((low[0], "lateral"), (high[0], "medial")):
        anchor: Anchor = "start" if (words == "lateral") == (foot.side == "left") else "end"
        items.append(Label(*at(edge, low[1] + 2.0), words, 3.0, anchor))
    items += _groups(foot, x0, y0)
    for row in range(layout.n_sensels):
        items += _sensor(layout, row, *at(float(layout.x_mm[row]), float(layout.y_mm[row])))
    return items


def _shift(point: tuple[float, float], down_mm: float) -> tuple[float, float]:
    return point[0], point[1] + down_mm


def _active_mm(layout: Layout, row: int) -> float:
    """Radius of the active area, mm."""
    area = float(layout.area_mm2[row])
    return math.sqrt((area if math.isfinite(area) else NOMINAL_AREA_MM2) / math.pi)


def _sensor(layout: Layout, row: int, x: float, y: float) -> list[Item]:
    """A sensor at (x, y) on the page; its number is its channel."""
    name, regions = layout.ids[row], region_words(layout, row)
    number = str(int(layout.channel[row]))
    return _symbol(x, y, _active_mm(layout, row), number, name, "" if regions == name else regions)


def _symbol(x: float, y: float, active_mm: float, number: str, name: str, regions: str) -> list[Item]:
    """Body, active area, centre and words of a sensor."""
    items: list[Item] = [
        Circle(x, y, max(BODY_MM / 2.0, active_mm), fill=WHITE),
        Circle(x, y, active_mm, None, fill=_LIGHT),
        line(x - 2.0, y, x + 2.0, y, width_mm=0.2),
        line(x, y - 2.0, x, y + 2.0, width_mm=0.2),
        Label(x, y - 2.9, number, 4.6, "middle", True),
        Label(x, y + 4.6, name, 2.4 if len(name) <= 6 else 1.6, "middle"),
    ]
    if regions:
        items.append(Label(x, y + 7.0, regions, 1.9, "middle", colour="#333333"))
    return items


def region_words(layout: Layout, row: int) -> str:
    """The regions of a sensor as they are printed: ``M3``, or ``HM ½ HL ½`` for a sensor that counts for two."""
    weights = [(r, float(w)) for r, w in zip(REGIONS, layout.region_weight[row], strict=True) if w > 0]
    if len(weights) == 1:
        return weights[0][0]
    return " ".join(f"{r} ½" if abs(w - 0.5) < 1e-9 else f"{r} {w:.2g}" for r, w in weights)


def _groups(foot: _Foot, x0: float, y0: float) -> list[Item]:
    """Brackets along the lateral edge: heel, midfoot, forefoot, toes."""
    items: list[Item] = []
    layout = foot.layout
    x = x0 + foot.sign * (float(foot.low[0]) - 2.0)
    inward = foot.sign * 1.2
    for name, regions in GROUPS.items():
        share = sum(layout.region_weight[:, REGIONS.index(r)] for r in regions)
        rows = np.flatnonzero(share > 0.5)
        if not rows.size:
            continue
        upper = y0 - float(layout.y_mm[rows].max()) - BODY_MM / 2.0
        lower = y0 - float(layout.y_mm[rows].min()) + BODY_MM / 2.0
        bracket = ((x + inward, upper), (x, upper), (x, lower), (x + inward, lower))
        items.append(Path(bracket, stroke=GREY, width_mm=0.2))
        beside = x - 1.2 if foot.sign > 0 else x + 3.2
        items.append(Label(beside, (upper + lower) / 2.0, name, 3.0, "middle", upward=True))
    return items


def _largest_gap(foot: _Foot) -> tuple[float, float, float]:
    """The point inside the outline that is farthest from every sensor and from the edge, and that distance, mm."""
    layout = foot.layout
    edge = np.concatenate([layout.outline_mm, (layout.outline_mm + np.roll(layout.outline_mm, -1, axis=0)) / 2.0])
    best = (float(layout.x_mm[0]), float(layout.y_mm[0]), 0.0)
    for x in np.linspace(foot.low[0], foot.high[0], 25)[1:-1]:
        for y in np.linspace(foot.low[1], foot.high[1], 49)[1:-1]:
            to_sensor = float(np.hypot(layout.x_mm - x, layout.y_mm - y).min()) - BODY_MM / 2.0
            to_edge = float(np.hypot(edge[:, 0] - x, edge[:, 1] - y).min())
            free = min(to_sensor, to_edge)
            if free > best[2] + 1e-9 and inside(layout.outline_mm, float(x), float(y)):
                best = (float(x), float(y), free)
    return best


def _join(y: float, x_lateral: float, x_medial: float, letter: str) -> list[Item]:
    """The line at which two pieces are laid on each other, with crosses to see that they are not turned."""
    items: list[Item] = [line(x_lateral, y, x_medial, y, stroke=GREY, width_mm=0.15, dash_mm=(2.0, 2.0))]
    for x in (x_lateral, x_medial):
        items += [line(x - 2.0, y, x + 2.0, y, width_mm=0.2), line(x, y - 4.0, x, y + 4.0, width_mm=0.2)]
    items.append(Label(x_medial, y - 5.0, letter, 3.6, "middle", True))
    return items


def _words(x: float, feet: Sequence[_Foot], piece: str, joins: Sequence[str]) -> list[Item]:
    """The column of words and the two check bars, from the left edge ``x`` down."""
    layout = feet[0].layout
    size = "" if layout.size_eu is None else f"EU {layout.size_eu:g}, "
    which = "both feet" if len(feet) == 2 else f"{feet[0].side} foot"
    # A long name of a layout is written smaller, not cut.
    small = min(5.0, 90.0 / len(layout.name))
    items: list[Item] = [
        Label(x, 32.0, "Insole template 1:1", 5.0, bold=True), Label(x, 40.0, layout.name, small, bold=True)
    ]  # fmt: skip
    words = [
        f"{size}{feet[0].height:.1f} mm × {feet[0].width:.1f} mm", f"{layout.n_sensels} sensors, {which}",
        "seen from above, toes up", "",
        "Print at 100 % (actual size), without", "'fit to page'. Both bars must measure", "50 mm on paper.",
    ]  # fmt: skip
    if piece:
        lines = " and ".join(joins)
        words += ["", f"{piece}. Cut one sheet along", f"line {lines}, lay it on the same line", "of the next sheet."]
    items += _lines(x, 46.0, words, 3.0)
    y = 46.0 + 4.4 * len(words)
    items += _bars(x + 1.0, y)
    return items + _legend(x, y + BAR_MM + 7.0, layout)


def _lines(x: float, y: float, words: Sequence[str], size_mm: float) -> list[Item]:
    return [Label(x, y + 4.4 * k, text, size_mm) for k, text in enumerate(words) if text]


def _bars(x: float, y: float) -> list[Item]:
    """Two bars of 50 mm at a right angle, a tick every 10 mm: a printer may stretch one direction alone."""
    items: list[Item] = [line(x, y, x + BAR_MM, y, width_mm=0.3), line(x, y, x, y + BAR_MM, width_mm=0.3)]
    for k in range(6):
        tick, at = (3.0 if k in (0, 5) else 1.5), 10.0 * k
        items += [line(x + at, y, x + at, y + tick, width_mm=0.2), line(x, y + at, x + tick, y + at, width_mm=0.2)]
    middle = BAR_MM / 2.0
    return [
        *items, Label(x + middle, y + 6.5, "50 mm", 3.2, "middle", True),
        Label(x + 6.5, y + middle, "50 mm", 3.2, "middle", True, upward=True),
    ]  # fmt: skip


def _legend(x: float, y: float, layout: Layout) -> list[Item]:
    """What the marks mean, and the names of the regions that this layout has."""
    used = [r for r, weight in zip(REGIONS, layout.region_weight.sum(axis=0), strict=True) if weight > 0]
    ring = BODY_MM / 2.0
    marks = ("ring: sensor body", "grey: active area", "cross: centre", "n: channel of the board")
    items = _symbol(x + ring, y + ring, _active_mm(layout, 0), "n", "name", "")
    items += _lines(x + BODY_MM + 3.0, y + 3.6, marks, 2.8)
    y += BODY_MM + 6.0
    if used:
        items += _lines(x, y, ("Under the name: its region, if that is", "another. Regions:"), 2.8)
        for k, region in enumerate(used):
            items.append(Label(x, y + 9.0 + 4.0 * k, region, 2.8, bold=True))
            items.append(Label(x + 9.0, y + 9.0 + 4.0 * k, REGION_NAMES[region], 2.8))
        y += 11.0 + 4.0 * len(used)
    items.append(Label(x, y, "Dashed axis: heel centre to 2nd toe.", 2.8))
    return items
