"""Draws the wiring diagrams and writes the tables of hardware/README.md, from the layout and the firmware's settings.

``python hardware/wiring/draw.py`` rewrites ``hardware/wiring/*.svg`` and the tables in place; with a folder as
argument it writes both there, so that a test can compare.
"""

from __future__ import annotations

import sys
from pathlib import Path as FilePath

import numpy as np
from pins import pins, selects
from schematic import GROUP_COLOURS, SUPPLY, box, dot, ground, group_of, pin, resistor, sensor, wire
from tables import with_tables

from insole.drawing import GREY, Circle, Item, Label, Page, Path, line, rectangle, svg
from insole.layout import Layout, reference_layout

HERE = FilePath(__file__).resolve().parent
PITCH = 12.0  # between the rows of two channels
TOP = 36.0  # of the first row


def foot_map(layout: Layout, x: float, y: float, scale: float) -> list[Item]:
    """The left foot from above, its box's upper left corner at (x, y)."""
    low, high = layout.outline_mm.min(axis=0), layout.outline_mm.max(axis=0)

    def at(x_mm: float, y_mm: float) -> tuple[float, float]:
        return x + scale * (x_mm - float(low[0])), y + scale * (float(high[1]) - y_mm)

    items: list[Item] = [Path(tuple(at(float(a), float(b)) for a, b in layout.outline_mm), True, width_mm=0.4)]
    for row in range(layout.n_sensels):
        cx, cy = at(float(layout.x_mm[row]), float(layout.y_mm[row]))
        items.append(Circle(cx, cy, 9.15 * scale, width_mm=0.2, fill=GROUP_COLOURS[group_of(layout, row)]))
        items.append(Label(cx, cy + 0.6, str(int(layout.channel[row])), 4.2, "middle", True))
        items.append(Label(cx, cy + 4.0, layout.ids[row], 2.6, "middle"))
    width, height = (float(v) * scale for v in high - low)
    items += [
        Label(x, y + height + 4.0, "lateral", 2.8), Label(x + width, y + height + 4.0, "medial", 2.8, "end"),
        Label(x + width / 2.0, y - 3.0, "toes", 2.8, "middle"),
        Label(x + width / 2.0, y + height + 4.0, "heel", 2.8, "middle"),
    ]  # fmt: skip
    for k, (name, colour) in enumerate(GROUP_COLOURS.items()):
        top = y + height + 9.0 + 5.0 * k
        items += [rectangle(x, top, 5.0, 3.6, fill=colour, width_mm=0.2), Label(x + 7.0, top + 2.8, name, 2.8)]
    top = y + height + 34.0
    items += [
        Label(x, top, "Left foot from above.", 2.8), Label(x, top + 4.0, "The right one is its mirror", 2.8),
        Label(x, top + 8.0, "image, with the same numbers.", 2.8),
    ]  # fmt: skip
    return items


def dividers(layout: Layout, rail: float, into: float) -> list[Item]:
    """A row for every channel: supply rail, sensor, cable, node with R_M to ground, and on to the pin at ``into``."""
    n = layout.n_sensels
    bottom = TOP + PITCH * (n - 1)
    items: list[Item] = [wire((rail, TOP - 12.0), (rail, bottom), colour=SUPPLY)]
    for x, words in ((rail + 24.0, "at the foot"), (rail + 38.0, "at the board")):
        items.append(Label(x, TOP - 7.0, words, 2.8, "end" if "foot" in words else "start", colour="#333333"))
    cut = rail + 31.0
    items.append(line(cut, TOP - 10.0, cut, bottom + 8.0, stroke=GREY, width_mm=0.2, dash_mm=(2.0, 2.0)))
    items.append(Label(cut, bottom + 12.0, f"cable: {n} wires and +5 V", 2.8, "middle", colour="#333333"))
    for channel in range(n):
        row = int(np.flatnonzero(layout.channel == channel)[0])
        y, node = TOP + PITCH * channel, rail + 44.0
        items += [
            Label(rail - 2.5, y + 1.2, str(channel), 3.6, "end", True), dot(rail, y),
            wire((rail, y), (rail + 8.0, y), colour=SUPPLY), wire((rail + 24.0, y), (into, y)), dot(node, y),
            wire((node, y), (node, y + 1.6)), *resistor(node, y + 1.6, "R_M"), wire((node, y + 6.0), (node, y + 7.2)),
            *ground(node, y + 7.2), *sensor(rail + 8.0, y, layout.ids[row], GROUP_COLOURS[group_of(layout, row)]),
        ]  # fmt: skip
    return items


def supply(rail: float, right: float, y: float) -> list[Item]:
    """The supply's way from a pin on the right edge of a board, at (right, y), over everything to the rail."""
    over = TOP - 18.0
    return [
        wire((rail, TOP - 12.0), (rail, over), (right + 22.0, over), (right + 22.0, y), (right, y), colour=SUPPLY),
        Label(rail + 40.0, over - 1.5, "+5 V, the reference of the converter too", 2.8, colour=SUPPLY),
    ]


def title(words: str, more: str) -> list[Item]:
    """The heading of a diagram."""
    return [Label(8.0, 10.0, words, 5.0, bold=True), Label(8.0, 15.5, more, 3.0, colour="#333333")]


def inputs(right: float, y: float) -> list[Item]:
    """The pins for belt and sync on the right edge of a board."""
    named = pins()
    items: list[Item] = []
    for k, (key, use) in enumerate((("BELT", "belt pulse"), ("SYNC_IN", "sync in"), ("SYNC_OUT", "sync out"))):
        items += pin(right, y + 8.0 * k, named[key], "right", use)
    items.append(Label(right + 1.6, y + 23.0, "see sync-belt.svg", 2.6, colour="#333333"))
    return items


def mega(layout: Layout) -> Page:
    """Arduino Mega 2560: every channel on an analog pin of its own."""
    rail, left, width = 92.0, 166.0, 44.0
    right, height = left + width, PITCH * layout.n_sensels + 8.0
    items = title("One foot on an Arduino Mega 2560", f"Layout {layout.name}; channel n is read on pin An.")
    items += foot_map(layout, 8.0, TOP, 0.62) + dividers(layout, rail, left)
    items += box(left, TOP - 8.0, width, height, "Arduino Mega 2560", "USB to the computer")
    for channel in range(layout.n_sensels):
        items += pin(left, TOP + PITCH * channel, f"A{channel}", "left")
    items += supply(rail, right, TOP) + pin(right, TOP, "5V", "right")
    items += [wire((right, TOP + 12.0), (right + 8.0, TOP + 12.0), (right + 8.0, TOP + 14.0))]
    items += ground(right + 8.0, TOP + 14.0) + pin(right, TOP + 12.0, "GND", "right")
    items += inputs(right, TOP + 36.0)
    return Page(250.0, TOP + height + 18.0, tuple(items))


def uno(layout: Layout) -> Page:
    """Arduino Uno or Nano: the channels come one after the other through a 74HC4067."""
    rail, left, width = 92.0, 160.0, 26.0
    right, height = left + width, PITCH * layout.n_sensels + 8.0
    board, board_width = 214.0, 34.0
    edge = board + board_width
    heading = "One foot on an Arduino Uno or Nano"
    items = title(heading, f"Layout {layout.name}; channel n is input Cn of the CD74HC4067.")
    items += foot_map(layout, 8.0, TOP, 0.62) + dividers(layout, rail, left)
    items += box(left, TOP - 8.0, width, height, "CD74HC4067", "16 to 1")
    for channel in range(layout.n_sensels):
        items += pin(left, TOP + PITCH * channel, f"C{channel}", "left")
    items += box(board, TOP - 8.0, board_width, 128.0, "Arduino Uno or Nano", "USB to the computer")
    rows = [("SIG", "A0"), *((f"S{k}", at) for k, at in enumerate(selects()))]
    for k, (chip_pin, board_pin) in enumerate(rows):
        y = TOP + 24.0 + 8.0 * k
        items += [wire((right, y), (board, y)), *pin(right, y, chip_pin, "right"), *pin(board, y, board_pin, "left")]
    y = TOP + 80.0
    for chip_pin in ("EN", "GND"):
        items += [wire((right, y), (right + 8.0, y), (right + 8.0, y + 2.0)), *ground(right + 8.0, y + 2.0)]
        items += pin(right, y, chip_pin, "right")
        y += 10.0
    items += [wire((right, TOP), (right + 12.0, TOP), (right + 12.0, TOP - 18.0), colour=SUPPLY)]
    items += [dot(right + 12.0, TOP - 18.0), *pin(right, TOP, "VCC", "right")]
    items += supply(rail, edge, TOP) + pin(edge, TOP, "5V", "right")
    items += [wire((edge, TOP + 12.0), (edge + 8.0, TOP + 12.0), (edge + 8.0, TOP + 14.0))]
    items += ground(edge + 8.0, TOP + 14.0) + pin(edge, TOP + 12.0, "GND", "right")
    items += inputs(edge, TOP + 36.0)
    notes = (
        "100 nF from VCC to GND,", "close to the chip.", "",
        "SIG to A0: as short as it goes.", "Its capacitance, with R_M,", "sets how fast a channel settles.",
    )  # fmt: skip
    items += [Label(right + 10.0, TOP + 148.0 + 4.0 * k, words, 2.8) for k, words in enumerate(notes) if words]
    return Page(286.0, TOP + height + 18.0, tuple(items))


def divider() -> Page:
    """One channel, in both circuits that the firmware can be told of."""
    items = title("The divider of one channel", "The converter measures ρ = V / V_cc, so V_cc cancels. G = 1 / R_FSR.")
    for x, upper, name, formula in (
        (20.0, "FSR", "fsr_high (as drawn everywhere else)", "G = ρ / ((1 − ρ) · R_M): more load, more counts"),
        (135.0, "R_M", "fsr_low", "G = (1 − ρ) / (ρ · R_M): more load, fewer counts"),
    ):
        items += [Label(x, 25.0, name, 3.4, bold=True), Label(x, 30.0, formula, 2.8)]
        items += [Label(x + 14.0, 38.0, "+5 V", 3.0)]
        items += [wire((x + 12.0, 36.0), (x + 12.0, 46.0), colour=SUPPLY), wire((x + 12.0, 50.0), (x + 12.0, 74.0))]
        for y, part in ((46.0, upper), (70.0, "R_M" if upper == "FSR" else "FSR")):
            items += [rectangle(x + 9.0, y, 6.0, 12.0, fill="#fde3c0" if part == "FSR" else "#ffffff")]
            items += [Label(x + 7.0, y + 7.0, part, 3.0, "end", True)]
            if part == "FSR":
                items += [line(x + 6.5, y + 11.0, x + 17.5, y + 1.0, stroke=GREY, width_mm=0.2)]
        items += [wire((x + 12.0, 82.0), (x + 12.0, 86.0)), *ground(x + 12.0, 86.0), dot(x + 12.0, 64.0)]
        items += [wire((x + 12.0, 64.0), (x + 62.0, 64.0)), *pin(x + 62.0, 64.0, "", "left")]
        items += [Label(x + 64.5, 65.0, "analog pin or C0 to C15", 2.8)]
        cable = x + 36.0
        items += [wire((cable, 64.0), (cable, 70.0), dashed=True), wire((cable, 71.6), (cable, 78.0), dashed=True)]
        items += [line(cable - 2.5, 70.0, cable + 2.5, 70.0), line(cable - 2.5, 71.6, cable + 2.5, 71.6)]
        items += [*ground(cable, 78.0), Label(cable + 4.0, 72.0, "cable and chip,", 2.6, colour="#333333")]
        items += [Label(cable + 4.0, 75.6, "R_M · C ≤ 2 µs", 2.6, colour="#333333")]
    return Page(250.0, 96.0, tuple(items))


def sync_belt() -> Page:
    """Two boards: one sync wire, one belt sensor."""
    named = pins()
    items = title(
        "Sync wire and belt sensor",
        f"The left board's sync output drives both sync inputs; {named['SYNC_OUT']} of the right board stays open.",
    )
    boards = {"left": (30.0, 28.0), "right": (170.0, 28.0)}
    for side, (x, y) in boards.items():
        items += box(x, y, 40.0, 60.0, f"Board of the {side} foot", "Mega, Uno or Nano: the same pins")
    x, y = boards["left"][0] + 40.0, boards["left"][1]
    right = boards["right"][0]
    out, both, earth = y + 12.0, y + 26.0, y + 48.0
    items += [wire((x, out), (x + 14.0, out)), rectangle(x + 14.0, out - 1.4, 9.0, 2.8, fill="#ffffff")]
    items += [Label(x + 18.5, out - 3.0, "1 kΩ", 2.8, "middle")]
    items += [wire((x + 23.0, out), (x + 34.0, out), (x + 34.0, both)), dot(x + 34.0, both)]
    items += [wire((x, both), (right, both)), Label(x + 64.0, both - 2.0, "sync wire, twisted with", 2.8)]
    items += [wire((x, earth), (right, earth)), Label(x + 64.0, earth - 2.0, "its ground", 2.8)]
    for at, name in ((out, named["SYNC_OUT"]), (both, named["SYNC_IN"]), (earth, "GND")):
        items += pin(x, at, name, "right")
    items += pin(right, both, named["SYNC_IN"], "left") + pin(right, earth, "GND", "left")
    items += pin(right, out, named["SYNC_OUT"], "left", "open")
    # The belt sensor hangs below, on the left board alone.
    by, left = 114.0, boards["left"][0]
    items += [rectangle(70.0, by, 52.0, 30.0, fill="#fde3c0", width_mm=0.4)]
    for k, words in enumerate(("Reflective switch at the belt's edge,", "or Hall switch at a roller")):
        items.append(Label(96.0, by + 35.0 + 4.2 * k, words, 3.0, "middle", k == 0))
    for k, (name, use, at) in enumerate(
        (("+5 V", "5V", y + 8.0), ("OUT", named["BELT"], y + 26.0), ("GND", "GND", y + 44.0))
    ):
        px, colour = left - 6.0 - 5.0 * k, SUPPLY if k == 0 else "#000000"
        items += [wire((left, at), (px, at), (px, by + 7.0 + 8.0 * k), (70.0, by + 7.0 + 8.0 * k), colour=colour)]
        items += pin(left, at, use, "left") + pin(70.0, by + 7.0 + 8.0 * k, name, "left")
    notes = (
        "Open-collector output: it pulls the pin to ground, the board's",
        "own pull-up lifts it again. The rising edge is counted.",
        "One mark a turn: belt speed = belt length × pulses / time.", "Fix the cable away from belt and feet.",
    )  # fmt: skip
    items += [Label(134.0, by + 6.0 + 4.6 * k, words, 2.8) for k, words in enumerate(notes)]
    return Page(250.0, 162.0, tuple(items))


def main(folder: FilePath | None = None) -> None:
    """Write the diagrams and the page with its tables."""
    layout = reference_layout(42.0)
    pages = {
        "mega": (mega(layout), "Wiring of one foot, Arduino Mega 2560"),
        "uno": (uno(layout), "Wiring of one foot, Arduino Uno or Nano with CD74HC4067"),
        "divider": (divider(), "Divider of one channel"),
        "sync-belt": (sync_belt(), "Sync wire and belt sensor"),
    }
    for name, (page, words) in pages.items():
        ((folder or HERE) / f"{name}.svg").write_text(svg(page, words), encoding="utf-8")
    page_file = HERE.parent / "README.md"
    text = with_tables(page_file.read_text(encoding="utf-8"), layout)
    (page_file if folder is None else folder / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(FilePath(sys.argv[1]) if len(sys.argv) > 1 else None)
