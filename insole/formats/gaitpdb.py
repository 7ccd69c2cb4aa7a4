"""PhysioNet "Gait in Parkinson's Disease" (gaitpdb): 8 + 8 in-shoe force sensors at 100 Hz, N.

19 columns: time in s, left sensors L1..L8, right sensors R1..R8, left total, right total; tab-separated without a
header, or comma-separated with one. Sensor places are the source's own proxy in arbitrary units, as seen standing
and facing +Y with the origin between the legs; they are not mm.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insole.errors import FormatError
from insole.layout import layout_from_dict
from insole.recording import Recording, holes
from insole.trial import Foot

COLUMNS = 19
SENSORS = 8
SAMPLE_RATE_HZ = 100.0
#: x, y of L1..L8 relative to that heel line; the right foot is the mirror image
_PLACES = ((0, -800), (-200, -400), (200, -400), (-200, 0), (200, 0), (-200, 400), (200, 400), (0, 800))
#: Only these two are named by the source; the rest belong to no region of ours
_REGIONS: dict[int, dict[str, float]] = {0: {"HM": 0.5, "HL": 0.5}, 7: {"T1": 0.5, "T25": 0.5}}


def looks_like(head: str) -> bool:
    """True if the first lines have the 19 columns of the format."""
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines:
        return False
    if lines[0].lower().startswith("time(sec),vgrf_left"):
        return True
    try:
        return len([float(cell) for cell in lines[0].split("\t")]) == COLUMNS
    except ValueError:
        return False


def read(path: Path) -> dict[str, Foot]:
    """Read one walk. Raises FormatError naming what is wrong."""
    table = _table(path)
    time_s, values = table[:, 0], table[:, 1 : 1 + 2 * SENSORS]
    if values.min() < -1.0 or values.max() > 10_000.0:
        raise FormatError(f"{path}: sensor forces run from {values.min():g} to {values.max():g} N; not a gaitpdb walk")
    # The clock runs some 70 ppm off 100 Hz, so samples are counted step by step, not from the start.
    steps = np.diff(time_s) * SAMPLE_RATE_HZ
    if np.any(steps < 0.5) or np.abs(steps - np.rint(steps)).max() > 0.2:
        raise FormatError(f"{path}: the time column does not advance in steps of 0.01 s")
    index = np.concatenate(([0], np.cumsum(np.rint(steps)))).astype(np.int64)
    return {
        side: Foot(
            side=side,
            recording=Recording(
                side=side, kind="force_n", sample_rate_hz=SAMPLE_RATE_HZ, index=index,
                time_s=(time_s - time_s[0]).astype(np.float64),
                values=np.ascontiguousarray(values[:, first : first + SENSORS]), gaps=holes(index),
            ),
            layout=layout_from_dict(_layout(side), side),
        )
        for side, first in (("left", 0), ("right", SENSORS))
    }  # fmt: skip


def _table(path: Path) -> NDArray[np.float64]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            comma = "," in stream.readline()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # numpy's note on an empty file; said better below
            table = np.loadtxt(
                path, delimiter="," if comma else "\t", skiprows=int(comma), ndmin=2, encoding="utf-8-sig"
            )
    except UnicodeDecodeError:
        raise FormatError(f"{path}: is not a text file") from None
    except ValueError as error:
        raise FormatError(f"{path}: not a table of numbers ({str(error).splitlines()[0]})") from None
    if table.shape[0] < 2 or table.shape[1] != COLUMNS:
        rows, columns = table.shape
        raise FormatError(f"{path}: has {rows} rows of {columns} columns; a walk has {COLUMNS} columns")
    if not np.all(np.isfinite(table)):
        raise FormatError(f"{path}: holds values that are no numbers")
    return table


def _layout(side: str) -> dict[str, Any]:
    letter, mirror = ("L", 1) if side == "left" else ("R", -1)
    sensors = [
        {"id": f"{letter}{i + 1}", "channel": i, "x_mm": mirror * x, "y_mm": y, "region": _REGIONS.get(i)}
        for i, (x, y) in enumerate(_PLACES)
    ]
    # As the source draws them: +x to the walker's right on both feet, so the floor's one mirror applies.
    return {
        "schema": "insole-layout/1", "name": "gaitpdb-8", "frame": "right_positive", "units": "arbitrary",
        "sensors": sensors,
    }  # fmt: skip
