"""Does an index drift over a trial (spec 7.3)? Slope per 10 min, with the interval that allows for long memory.

A resolved slope says that the trend exceeds what stationary long memory produces in this trial. Whether the runner or
the sensor moved is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.long_memory import slope_interval
from analysis.parameters import DEFAULTS, Parameters
from analysis.statistics import newey_west_slope, theil_sen

MINUTES = 10.0


@dataclass(frozen=True)
class DriftSlope:
    """Slopes in units per 10 min; ``ci_low`` and ``ci_high`` are those of 8.2a, None below 100 steps with a reason.

    ``newey_west_*`` and ``theil_sen`` are companions that assume short memory; they support no statement.
    """

    slope: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    h_bar: float | None
    n: int
    n_blocks: int | None
    reason: str | None
    newey_west_slope: float | None = None
    newey_west_ci_low: float | None = None
    newey_west_ci_high: float | None = None
    theil_sen: float | None = None


def drift_slope(times_min: ArrayLike, values: ArrayLike, parameters: Parameters = DEFAULTS) -> DriftSlope:
    """Slope of a per-step index (n,) on the time of its steps in min (n,), per 10 min; null values are left out."""
    t, y = np.asarray(times_min, dtype=np.float64), np.asarray(values, dtype=np.float64)
    finite = np.isfinite(t) & np.isfinite(y)
    t, y = t[finite], y[finite]
    main = slope_interval(t, y, parameters)
    if main.slope is None:
        return DriftSlope(None, None, None, None, None, main.n, main.n_blocks, main.reason)
    short = newey_west_slope(t, y, parameters.alpha)
    median = theil_sen(t, y)
    return DriftSlope(
        slope=main.slope * MINUTES,
        ci_low=None if main.ci_low is None else main.ci_low * MINUTES,
        ci_high=None if main.ci_high is None else main.ci_high * MINUTES,
        p=main.p,
        h_bar=main.h_bar,
        n=main.n,
        n_blocks=main.n_blocks,
        reason=main.reason,
        newey_west_slope=short.estimate * MINUTES,
        newey_west_ci_low=short.ci_low * MINUTES,
        newey_west_ci_high=short.ci_high * MINUTES,
        theil_sen=None if median is None else median * MINUTES,
    )
