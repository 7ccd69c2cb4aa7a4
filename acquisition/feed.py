"""What the sensors give to a simulated board: sixteen voltages over simulated time, as its desk reads them.

Binary (``hardware/simavr/README.md``): "INSFEED1", u32 channels, u32 rows a second, then rows of u16 in 0.1 mV,
little-endian; row k belongs to k/rate seconds after *start*. In between the desk draws straight lines.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from acquisition.fsr import FsrArray
from acquisition.knobs import Knobs
from acquisition.walk import Walk

MAGIC: Final = b"INSFEED1"
HEAD: Final = struct.Struct("<8sII")
ROW_RATE_HZ: Final = 1000
SUPPLY_MV: Final = 5000
STEP_MV: Final = 0.1
_CHUNK_ROWS: Final = 1000


def walk_feed(knobs: Knobs, seconds: float | None) -> Iterator[bytes]:
    """The feed of a walking foot, in pieces: force -> conductance -> divider -> voltage, rounded to 0.1 mV.

    ``seconds``: length of the feed, None for ever. The board converts at a rate of its own choice, so the knobs that
    describe a board (rate, bits, clock) and a line (lose, drop, damage) do nothing here.
    """
    walk, fsr = Walk(knobs), FsrArray(knobs)
    rows = None if seconds is None else int(np.ceil(seconds * ROW_RATE_HZ)) + 1
    yield HEAD.pack(MAGIC, knobs.layout.n_sensels, ROW_RATE_HZ)
    first = 0
    while rows is None or first < rows:
        count = _CHUNK_ROWS if rows is None else min(_CHUNK_ROWS, rows - first)
        # One row more in front shows how the loads change.
        time_s = np.arange(first - 1, first + count) / ROW_RATE_HZ
        pressure = walk.pressure_kpa(time_s)
        volts = fsr.voltages(pressure[1:], walk.rising(pressure, time_s), time_s[1:])
        yield np.rint(volts * (SUPPLY_MV / STEP_MV)).astype("<u2").tobytes()
        first += count
