"""Force-sensitive resistors and their converter, simulated: pressure -> force -> conductance -> voltage -> counts.

The inverse of ``insole.calibration``: an undisturbed sensel read through the nominal curve gives its pressure back.
Knobs: spec 11.3.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquisition.gait import F8
from acquisition.knobs import Knobs
from acquisition.walk import random_stream
from insole.calibration import NOMINAL_K, NOMINAL_N

STUCK_SHARE: Final = 0.25
"""A stuck channel reads this share of the converter's range: a plausible load, never 0."""


class FsrArray:
    """All sensels of one insole, with their gains, and the converter's noise."""

    def __init__(self, knobs: Knobs) -> None:
        """Gains and noise follow from seed and side."""
        self._knobs = knobs
        self._codes = 1 << knobs.bits
        self._area_mm2 = knobs.layout.area_mm2
        normal = random_stream(knobs.seed, "gain", knobs.side).standard_normal(knobs.layout.n_sensels)
        self.gain = np.exp(knobs.gain_sd * normal)
        self._noise = random_stream(knobs.seed, "noise", knobs.side)

    def conductance_s(self, pressure_kpa: F8, rising: F8, time_s: F8) -> F8:
        """Conductances f8[m, n] of pressures f8[m, n]; ``rising`` f8[m, n] is how fast the load changes.

        ``rising`` is 1 where a load rises as fast as it ever does, -1 where it falls so fast: so the loop of hysteresis
        has no jump at the peak, and being closed leaves the integral of the pressure, and with it the truth, as it is.

        Force on the sensel (with hysteresis) + preload, times its gain and the common drift, through the inverse of the
        nominal power law: G = (F/k)^(1/n).
        """
        k = self._knobs
        force = pressure_kpa * (self._area_mm2 / 1000.0)
        if k.hysteresis:
            force = force * (1.0 + k.hysteresis * rising)
        if k.preload_n:
            force = force + k.preload_n
        if k.gain_sd:
            force = force * self.gain
        if k.gain_drift_per_h:
            drift = np.maximum(1.0 + k.gain_drift_per_h / 100.0 * time_s / 3600.0, 0.0)
            force = force * drift[:, None]
        return (force / NOMINAL_K) ** (1.0 / NOMINAL_N)

    def counts(self, pressure_kpa: F8, rising: F8, time_s: F8) -> NDArray[np.uint16]:
        """Counts u2[m, n] in **channel** order for pressures f8[m, n] in sensel order at times f8[m].

        Every call draws the noise of its m scans, so scans must be asked for in order and once.
        """
        k = self._knobs
        loaded = self._loaded(pressure_kpa, rising, time_s)
        codes = self._noisy(loaded)
        np.floor(codes, out=codes)
        np.clip(codes, 0, self._codes - 1, out=codes)
        if k.saturation:
            codes[loaded >= 1.0 - k.saturation] = self._codes - 1 if k.circuit == "fsr_high" else 0
        counts = np.empty(codes.shape, dtype=np.uint16)
        counts[:, k.layout.channel] = codes
        if k.stuck is not None:
            channel, from_s = k.stuck
            counts[time_s >= from_s, channel] = int(STUCK_SHARE * self._codes)
        return counts

    def voltages(self, pressure_kpa: F8, rising: F8, time_s: F8) -> F8:
        """What the dividers give to a converter, f8[m, n] in **channel** order: shares of the supply, 0 to 1.

        Arguments and noise as for ``counts``, but nothing is rounded. Failures of a converter or a channel (knobs
        saturation and stuck) are no matter of the voltage.
        """
        codes = self._noisy(self._loaded(pressure_kpa, rising, time_s))
        shares = np.empty(codes.shape)
        shares[:, self._knobs.layout.channel] = np.clip(codes / self._codes, 0.0, 1.0)
        return shares

    def _loaded(self, pressure_kpa: F8, rising: F8, time_s: F8) -> F8:
        """Share of the supply that lies across the measuring resistor, f8[m, n] in sensel order."""
        ratio = self.conductance_s(pressure_kpa, rising, time_s) * self._knobs.r_m_ohm
        return ratio / (1.0 + ratio)

    def _noisy(self, loaded: F8) -> F8:
        """What the converter sees, in codes with fractions."""
        k = self._knobs
        codes = (loaded if k.circuit == "fsr_high" else 1.0 - loaded) * self._codes
        if k.noise_lsb:
            codes += k.noise_lsb * self._noise.standard_normal(codes.shape)
        return codes
