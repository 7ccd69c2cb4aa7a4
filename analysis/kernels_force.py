"""Counts to pressures: one pass over the received frames (spec 2.1, 2.2)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]
U1 = NDArray[np.uint8]

SATURATED, NEAR_SATURATION, ABOVE_CALIBRATION, OPEN = 1, 2, 4, 8


@njit(cache=True, nogil=True)
def look_up(
    counts: NDArray[np.uint16],
    place: I8,
    channel: I8,
    table: F8,
    marks: U1,
    shift: F8,
    reach: int,
    value: F8,
    held: B1,
    saturated: B1,
    seen: U1,
) -> None:
    """Write the frames `counts` (m, channels) as pressures into rows `place` (m,) of a dense grid.

    `channel` (s,): column of each sensel; `table` (s, codes) kPa; `marks` (s, codes) what a code means, bits as above;
    `shift` (s,): scan offset in sample intervals. A sensel scanned late is brought back to the time of its frame by
    linear interpolation with the frame before, if that is at most `reach` samples earlier.
    Outputs: `value`, `held` (same count as in the frame before, and not that of an open sensel), `saturated`, all
    (rows, s); `seen` (s,) all marks ever met.
    """
    m = counts.shape[0]
    s = channel.shape[0]
    top = table.shape[1] - 1
    for r in range(m):
        at = place[r]
        step = at - place[r - 1] if r > 0 else reach + 1
        for i in range(s):
            count = min(int(counts[r, channel[i]]), top)
            p = table[i, count]
            mark = marks[i, count]
            held[at, i] = False
            if step <= reach:
                before = min(int(counts[r - 1, channel[i]]), top)
                held[at, i] = count == before and mark & OPEN == 0
                if shift[i] > 0.0:
                    p += (table[i, before] - p) * (shift[i] / step)
            value[at, i] = p
            saturated[at, i] = mark & SATURATED != 0
            seen[i] |= mark
