"""Raw samples of one foot -> values on a dense grid, ready for events and steps (spec 1.5, 2.1, 2.2, 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class FootSignal:
    """What one insole (or one force signal) said, on a dense uniform grid of n samples and s sensels.

    The grid runs from the first to the last received sample. Values are neither filtered nor baselined.
    Holes up to 10 ms are filled by linear interpolation, longer ones are breaks and hold NaN.
    Arrays that speak of samples are dense: position 0 is `first_index` of the recording.
    """

    side: str
    """left | right | both"""
    kind: str
    """counts | pressure_kpa | force_n | total"""
    sample_rate_hz: float
    first_index: int
    """absolute sample number of position 0"""
    time_s: NDArray[np.float64]
    """(n,) on the trial's time base; holes interpolated"""
    value: NDArray[np.float64]
    """(n, s) in sensel order: kPa (kinds counts, pressure_kpa) or N (force_n); kind total: (n, 1) N"""
    cop_mm: NDArray[np.float64] | None
    """(n, 2), kind total only; NaN where not given"""
    interpolated: NDArray[np.bool_]
    """(n,) filled by interpolation"""
    broken: NDArray[np.bool_]
    """(n,) inside a gap longer than 10 ms"""
    held: NDArray[np.bool_]
    """(n, s) same non-zero count (or value) as in the sample before: what the rule on stuck channels looks at"""
    saturated: NDArray[np.bool_] | None
    """(n, s), counts only"""
    near_saturation: NDArray[np.bool_] | None
    """(s,) the sensel came near saturation at least once, counts only"""
    above_calibration: NDArray[np.bool_] | None
    """(s,) the sensel left its calibrated range at least once, counts only"""
    weight: NDArray[np.float64]
    """(s,) N per unit of value: A_trib/1000, or 1; 0 for missing sensels"""
    kpa_per_value: NDArray[np.float64]
    """(s,) 1 for pressures, 1000/a_i for forces of sensels with a known area, else NaN"""
    sensel_ids: tuple[str, ...]
    missing: tuple[str, ...]
    """ids of the sensels that gave nothing usable in the whole recording"""

    @property
    def n_samples(self) -> int:
        return int(self.value.shape[0])
