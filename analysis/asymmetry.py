"""Right against left, step by step (spec 7.2).

Only the plain difference is formed: medial loading crosses zero, where ratios of right to left mean nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def step_differences(
    right_s: ArrayLike, right_values: ArrayLike, left_s: ArrayLike, left_values: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each right contact's value minus that of the left contact just before it: ``(times_s, d)``, both (k,).

    ``right_s`` (n,) and ``left_s`` (m,) are the initial contacts in s, increasing, of *all* contacts of the foot;
    values of invalid steps are NaN. A pair in which either value is NaN is left out, and so is a right contact without
    a left one since the right contact before it: a stride with a lost contact is not bridged. ``times_s`` are the
    right contacts'.
    """
    times, right = np.asarray(right_s, dtype=np.float64), np.asarray(right_values, dtype=np.float64)
    before, left = np.asarray(left_s, dtype=np.float64), np.asarray(left_values, dtype=np.float64)
    if len(times) != len(right) or len(before) != len(left):
        raise ValueError("times and values of a foot must be equally many")
    if len(times) == 0 or len(before) == 0:
        return np.empty(0), np.empty(0)
    index = np.searchsorted(before, times, side="left") - 1
    has_left = index >= 0
    since = np.concatenate([[-np.inf], times[:-1]])
    has_left &= before[np.maximum(index, 0)] > since
    difference = np.where(has_left, right - left[np.maximum(index, 0)], np.nan)
    kept = np.isfinite(difference)
    return times[kept], difference[kept]
