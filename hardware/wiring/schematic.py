"""Symbols of circuit diagrams as drawing primitives, mm."""

from __future__ import annotations

from insole.drawing import BLACK, WHITE, Anchor, Circle, Item, Label, Path, line, rectangle
from insole.layout import REGIONS, Layout
from insole.template import GROUPS

SUPPLY = "#b3261e"
WIRE = 0.3
GROUP_COLOURS = {"heel": "#cfe3f5", "midfoot": "#d5ecd4", "forefoot": "#fde3c0", "toes": "#ead6ef"}


def group_of(layout: Layout, row: int) -> str:
    """The group of regions that a sensor counts for most."""
    share = {g: sum(layout.region_weight[row, REGIONS.index(r)] for r in names) for g, names in GROUPS.items()}
    return max(share, key=lambda group: float(share[group]))


def wire(*points: tuple[float, float], colour: str = BLACK, dashed: bool = False) -> Path:
    """A wire through points."""
    return Path(points, stroke=colour, width_mm=WIRE, dash_mm=(1.2, 1.0) if dashed else None)


def dot(x: float, y: float) -> Circle:
    """A junction."""
    return Circle(x, y, 0.7, None, fill=BLACK)


def ground(x: float, y: float) -> list[Item]:
    """The sign for ground, hanging at (x, y)."""
    return [line(x - w, y + d, x + w, y + d, width_mm=WIRE) for w, d in ((1.8, 0.0), (1.1, 0.7), (0.5, 1.4))]


def sensor(x: float, y: float, name: str, colour: str = WHITE) -> list[Item]:
    """An FSR, 16 mm long, lying, its left end at (x, y): a resistor that something presses on."""
    return [
        rectangle(x, y - 2.4, 16.0, 4.8, fill=colour),
        line(x + 1.5, y + 4.0, x + 14.5, y - 4.0, stroke="#aaaaaa", width_mm=0.2),
        Path(((x + 12.5, y - 3.6), (x + 14.5, y - 4.0), (x + 13.5, y - 2.3)), stroke="#aaaaaa", width_mm=0.2),
        Label(x + 8.0, y + 1.0, name, 2.8, "middle", True),
    ]


def resistor(x: float, y: float, name: str, size_mm: float = 2.4) -> list[Item]:
    """A resistor, standing, 4.4 mm high, its upper end at (x, y)."""
    return [rectangle(x - 1.1, y, 2.2, 4.4, fill=WHITE), Label(x + 2.0, y + 3.0, name, size_mm)]


def box(x: float, y: float, width: float, height: float, title: str, subtitle: str = "") -> list[Item]:
    """A board or a chip with its name above the lower edge."""
    items: list[Item] = [rectangle(x, y, width, height, fill="#f4f4f4", width_mm=0.4)]
    items.append(Label(x + width / 2.0, y + height + 5.0, title, 3.6, "middle", True))
    if subtitle:
        items.append(Label(x + width / 2.0, y + height + 9.2, subtitle, 2.8, "middle", colour="#333333"))
    return items


def pin(x: float, y: float, name: str, side: str, use: str = "") -> list[Item]:
    """A pin at the edge of a box: its name inside; what it is used for outside. ``side``: left or right edge."""
    inside, outside = (1.6, -1.6) if side == "left" else (-1.6, 1.6)
    anchors: tuple[Anchor, Anchor] = ("start", "end") if side == "left" else ("end", "start")
    items: list[Item] = [Circle(x, y, 0.6, fill=WHITE), Label(x + inside, y + 1.0, name, 2.8, anchors[0], True)]
    if use:
        items.append(Label(x + outside, y + 1.0, use, 2.8, anchors[1]))
    return items
