"""The low-pass of the analysis signal as one loop over rows (spec 3)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F8 = NDArray[np.float64]
PAD = 9


@njit(cache=True, nogil=True)
def forward_backward(block: F8, m: int, b: F8, a: F8) -> None:
    """Run a second-order section forwards and backwards over the first m rows of `block` (rows, s), in place.

    `b`, `a` (3,) with a[0] = 1 and gain 1 at 0 Hz. Equals scipy's `filtfilt(b, a, x, padtype="constant", padlen=9)`.
    A section at rest on the first value stays at rest through the padding before it, so only the padding behind the
    last row is run: once there, once back.
    """
    s = block.shape[1]
    # State of the transposed direct form II at rest on the constant 1.
    rest_1 = 1.0 - b[0]
    rest_2 = b[2] - a[2]
    z1 = np.empty(s)
    z2 = np.empty(s)
    last = np.empty(s)
    tail = np.empty((PAD, s))
    for i in range(s):
        z1[i] = rest_1 * block[0, i]
        z2[i] = rest_2 * block[0, i]
        last[i] = block[m - 1, i]
    for j in range(m + PAD):
        for i in range(s):
            x = block[j, i] if j < m else last[i]
            y = b[0] * x + z1[i]
            z1[i] = b[1] * x - a[1] * y + z2[i]
            z2[i] = b[2] * x - a[2] * y
            if j < m:
                block[j, i] = y
            else:
                tail[j - m, i] = y
    for i in range(s):
        z1[i] = rest_1 * tail[PAD - 1, i]
        z2[i] = rest_2 * tail[PAD - 1, i]
    for j in range(m + PAD - 1, -1, -1):
        for i in range(s):
            x = block[j, i] if j < m else tail[j - m, i]
            y = b[0] * x + z1[i]
            z1[i] = b[1] * x - a[1] * y + z2[i]
            z2[i] = b[2] * x - a[2] * y
            if j < m:
                block[j, i] = y
