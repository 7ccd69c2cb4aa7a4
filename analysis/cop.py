"""What a centre-of-pressure path says, beyond its picture (spec 5.4, 6.1, 6.5).

Paths are k rows of points equally spaced in time (101 of them) over the CoP window, +x medial, +y to the toes, in the
unit of the layout; NaN rows (no CoP in that step) give NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]

REAR_BELOW = 100.0 / 3.0
MID_BELOW = 200.0 / 3.0


def deviation(x: F8, y: F8, half_width: float) -> F8:
    """DEV (k,) in % of the half-width: mean x along the path, weighted by progress in y (spec 6.1).

    NaN where the path ends at the y where it began.
    """
    area = (0.5 * (x[:, :-1] + x[:, 1:]) * np.diff(y, axis=1)).sum(axis=1)
    progress = y[:, -1] - y[:, 0]
    mean = np.full(len(x), np.nan)
    np.divide(area, progress, out=mean, where=progress != 0)
    return np.asarray(100.0 * mean / half_width, dtype=np.float64)


def lateral_to_medial(x: F8) -> F8:
    """LMD (k,), >= 0, in the unit of x: largest rise of x from an earlier to a later point of the first half."""
    first_half = x[:, : x.shape[1] // 2 + 1]
    lowest = np.minimum.accumulate(first_half, axis=1)
    return np.asarray((first_half - lowest).max(axis=1), dtype=np.float64)


def strike_index(y: F8, length: float) -> F8:
    """SI_f (k,) in % of the insole length: where the path begins (spec 6.5)."""
    return np.asarray(100.0 * y[:, 0] / length, dtype=np.float64)


def strike_class(mean_strike_index: float | None) -> str | None:
    """Rear, mid or fore, by thirds of the insole length (Cavanagh & Lafortune 1980, there of the shoe)."""
    if mean_strike_index is None:
        return None
    if mean_strike_index < REAR_BELOW:
        return "rear"
    return "mid" if mean_strike_index < MID_BELOW else "fore"
