"""Every colour of the windows, in two themes; hexadecimal text, so that it can be read and tested without Qt.

The data carry the only strong colours. Sides and conditions never share a plot by colour: where conditions are
compared, the side is the panel and the colour is the condition. Worst pairs under full protan, deutan and tritan
vision stay apart by CIEDE2000 17.8 (barefoot and shod 1) and 13.7 (shod 1 and shod 2); ok, warn and err come closer
and therefore always carry an icon and a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ConditionStyle:
    """How one condition is drawn wherever conditions share a plot: colour, line and mark say the same thing."""

    colour: str
    dashed: bool
    mark: str  # circle | square | triangle


@dataclass(frozen=True)
class Palette:
    """One theme; each field is a role, never a place."""

    name: str
    bg: str  # window
    surface: str  # cards, side panels, bars, plots
    inset: str  # progress tracks, information banner
    hover: str
    sel: str  # selected row
    border: str  # card edges, rules
    border2: str  # axes, zero line
    ctl: str  # edges of inputs, buttons, check boxes
    grid: str  # horizontal plot lines only
    text: str
    text2: str  # labels
    text3: str  # excluded, hollow rows
    ink: str  # primary button, ticked box
    on_ink: str
    focus: str
    left: str
    right: str
    barefoot: str
    shod1: str
    shod2: str
    ok: str
    ok_ground: str
    warn: str
    warn_ground: str
    warn_edge: str
    err: str
    err_ground: str
    rec: str
    foot: str  # unloaded insole
    foot_line: str  # its outline

    @property
    def barefoot_style(self) -> ConditionStyle:
        """Dashed, with circles."""
        return ConditionStyle(self.barefoot, True, "circle")

    @property
    def shod_styles(self) -> tuple[ConditionStyle, ConditionStyle]:
        """First and second shoe: solid, with squares or triangles."""
        return ConditionStyle(self.shod1, False, "square"), ConditionStyle(self.shod2, False, "triangle")

    def condition_styles(self, conditions: Sequence[str | None]) -> tuple[ConditionStyle, ...]:
        """One style for each of at most three conditions (`barefoot`, `shod` or None), all different.

        Barefoot, or a baseline of unknown footwear, is the dark dashed one; the others take what is free, in order.
        """
        if len(conditions) > 3:
            raise ValueError("at most three conditions are drawn at once")
        bare = next((i for i, c in enumerate(conditions) if c == "barefoot" or (c is None and i == 0)), None)
        others = iter((*self.shod_styles, self.barefoot_style))
        return tuple(self.barefoot_style if i == bare else next(others) for i in range(len(conditions)))


LIGHT: Final = Palette(
    name="light",
    bg="#F3F5F7",
    surface="#FFFFFF",
    inset="#F1F4F7",
    hover="#E9EDF1",
    sel="#E6EBF1",
    border="#DDE3E9",
    border2="#C3CCD5",
    ctl="#8793A0",
    grid="#EBEFF3",
    text="#18212B",
    text2="#556170",
    text3="#64707E",
    ink="#1F2B38",
    on_ink="#FFFFFF",
    focus="#2563EB",
    left="#0072B2",
    right="#BD5008",
    barefoot="#36414D",
    shod1="#A63A9B",
    shod2="#0C8577",
    ok="#177544",
    ok_ground="#E6F4EC",
    warn="#9A5B00",
    warn_ground="#FFF5E0",
    warn_edge="#EBCB8B",
    err="#BE2A2A",
    err_ground="#FCEBEB",
    rec="#C62F2F",
    foot="#E8ECF0",
    foot_line="#AEB8C3",
)

DARK: Final = Palette(
    name="dark",
    bg="#0E1318",
    surface="#161C23",
    inset="#1D242C",
    hover="#242D36",
    sel="#26303A",
    border="#28313B",
    border2="#3B4754",
    ctl="#687585",
    grid="#222A33",
    text="#E7ECF1",
    text2="#A4B0BD",
    text3="#8391A0",
    ink="#E3E9EF",
    on_ink="#12181E",
    focus="#6EA8FE",
    left="#56B4E9",
    right="#F2934E",
    barefoot="#D3DBE3",
    shod1="#D97FD4",
    shod2="#2FAE95",
    ok="#5BD19A",
    ok_ground="#14291F",
    warn="#F0B74A",
    warn_ground="#2B2312",
    warn_edge="#5C4A1E",
    err="#F4757A",
    err_ground="#31191B",
    rec="#DB3B41",
    foot="#222A33",
    foot_line="#4A5765",
)

THEMES: Final = {"light": LIGHT, "dark": DARK}
