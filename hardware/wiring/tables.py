"""The tables of hardware/README.md that follow from the layout, the calibration and the firmware's settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from pins import pins, selects

from insole.calibration import NOMINAL_AREA_MM2, NOMINAL_MAX_N, Electronics, nominal_calibration
from insole.layout import Layout
from insole.template import REGION_NAMES, region_words

RESISTORS_OHM = (470, 1000, 1500, 2200, 3300, 4700, 10_000)
FORCES_N = (1.0, 10.0, 40.0, NOMINAL_MAX_N)
SUPPLY_V = 5.0
LIMIT_MA_PER_CM2 = 1.0  # the sensor's maker: current through an FSR against the area that is pressed
SETTLING_S = 2e-6  # longest R·C that a channel may have, to settle before it is held
BOARD_PF = 60.0  # pin, multiplexer and tracks
CABLE_PF_PER_M = 100.0
NEAR_SATURATION = 971  # 10-bit count from which a step is flagged


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def channels(layout: Layout) -> str:
    """Channel by channel: sensor, region, place, and its pin on either board."""
    rows = []
    for channel in range(layout.n_sensels):
        row = int(np.flatnonzero(layout.channel == channel)[0])
        regions = region_words(layout, row)
        words = " and ".join(REGION_NAMES[r] for r in REGION_NAMES if r in regions.split())
        place = [f"{v:.0f}".replace("-", "−") for v in (layout.x_mm[row], layout.y_mm[row])]
        rows.append([str(channel), layout.ids[row], words, *place, f"A{channel}", f"C{channel}"])
    return table(["channel", "sensor", "region", "x, mm", "y, mm", "Mega", "4067"], rows)


def other_pins() -> str:
    """What else is wired, on both boards."""
    named = pins()
    rows = [
        ["belt pulse", named["BELT"], "input with pull-up; rising edges are counted", "one board"],
        ["sync in", named["SYNC_IN"], "input with pull-up; both edges are stamped", "both boards"],
        ["sync out", named["SYNC_OUT"], "output, low; high for the time the host asks for", "left board only"],
        ["S0, S1, S2, S3 of the 4067", ", ".join(selects()), "outputs", "Uno or Nano"],
        ["SIG of the 4067", "A0", "analog input", "Uno or Nano"],
        ["serial line", "D0, D1", "taken by the USB converter: leave them free", "both boards"],
    ]
    return table(["signal", "pin", "what it is", "wired on"], rows)


def conductance_s(force_n: float) -> float:
    """Conductance in S of the nominal sensor at a force in N: the calibration's curve, inverted on a fine grid."""
    grid = np.geomspace(1e-8, 1e-1, 200_001)
    return float(np.interp(force_n, nominal_calibration(1).responses[0].force_n(grid), grid))


def divider_row(r_m_ohm: float) -> list[str]:
    """What a measuring resistor means: counts, resolution, current, cable."""
    electronics, response = Electronics("fsr_high", r_m_ohm, 10), nominal_calibration(1).responses[0]
    codes = np.arange(electronics.n_codes)
    force = response.force_n(electronics.conductance_s(codes))
    cells = [f"{r_m_ohm / 1000:g} kΩ"]
    steps = []
    for wanted in FORCES_N:
        loaded = conductance_s(wanted) * r_m_ohm
        code = int(electronics.n_codes * loaded / (1.0 + loaded))
        cells.append(str(code))
        steps.append(f"{(force[code + 1] - force[code]) / wanted:.1%}".replace("%", " %"))
    cells += steps
    near = force[NEAR_SATURATION]
    cells.append(f"{near:.0f} N" if near < 1000.0 else "> 1 kN")
    limit_ma = LIMIT_MA_PER_CM2 * NOMINAL_AREA_MM2 / 100.0
    cells.append(f"{1000.0 * SUPPLY_V / (r_m_ohm + 1.0 / conductance_s(NOMINAL_MAX_N)):.2f} mA")
    slack_ohm = 1000.0 * SUPPLY_V / limit_ma - r_m_ohm
    at_limit = float(response.force_n(np.array([1.0 / slack_ohm]))[0]) if slack_ohm > 0 else np.inf
    cells.append(f"{at_limit:.0f} N" if at_limit < 1000.0 else "never")
    cable_m = (SETTLING_S / r_m_ohm * 1e12 - BOARD_PF) / CABLE_PF_PER_M
    cells.append(f"{cable_m:.1f} m" if cable_m < 5.0 else "5 m and more")
    return cells


def divider() -> str:
    """Range against resolution for the usual resistors."""
    head = ["R_M", *(f"count at {f:g} N" for f in FORCES_N), *(f"step at {f:g} N" for f in FORCES_N)]
    head += [f"count {NEAR_SATURATION} at", f"current at {NOMINAL_MAX_N:g} N", "limit of current at", "cable up to"]
    return table(head, [divider_row(float(r)) for r in RESISTORS_OHM])


def with_tables(text: str, layout: Layout) -> str:
    """The page with each block between ``<!-- table: name -->`` and ``<!-- end -->`` written anew."""
    blocks = {"channels": channels(layout), "pins": other_pins(), "divider": divider()}
    for name, block in blocks.items():
        pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, n = pattern.subn(lambda found, block=block: f"{found[1]}\n{block}\n\n{found[2]}", text)
        if n != 1:
            raise SystemExit(f"hardware/README.md: there must be one block '<!-- table: {name} -->', there are {n}")
    return text
