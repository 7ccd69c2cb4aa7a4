"""A weighted mixture of Student t distributions: what an interval is taken from when a parameter stays unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, stdtr

F8 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of Student t distributions around 0: components of ``variance``, ``nu`` and ``weight``, each (m,)."""

    variance: F8
    nu: F8
    weight: F8

    def tail(self, distance: float) -> float:
        """P(x) of 8.2a: two-sided probability of a distance at least this large."""
        return float(self.weight @ (2.0 * stdtr(self.nu, -abs(distance) / np.sqrt(self.variance))))

    def half_width(self, alpha: float) -> float:
        """The distance h with P(h) = ``alpha`` (8.2a step 4).

        P falls and is convex: a Newton step from anywhere ends left of the root, and from there steps rise to it
        without passing it. A bisection of the same equation ends at the same number after many more evaluations.
        """
        distance = 2.0 * float(np.sqrt(self.weight @ self.variance))
        for _ in range(100):
            step = (self.tail(distance) - alpha) / self._density(distance)
            distance = max(distance + step, 0.0)
            if abs(step) <= 1e-9 * distance:  # the next step would be some 1e-18 of it
                break
        return distance

    def _density(self, distance: float) -> float:
        """-P'(x): twice the weighted densities, per unit of distance."""
        nu, scale = self.nu, np.sqrt(self.variance)
        log_peak = gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * np.log(nu * np.pi)
        log_fall = 0.5 * (nu + 1.0) * np.log1p((distance / scale) ** 2 / nu)
        return float(self.weight @ (2.0 * np.exp(log_peak - log_fall) / scale))


def normalised(log_weight: F8) -> F8:
    """Weights (m,) that sum to 1 from their logarithms (m,) up to a constant."""
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum(), dtype=np.float64)
