"""What happens under a walking or running foot: pressures in closed form, so that truth is known (spec section 11).

Generator A gives every sensel a smooth bump over the stance; its pressure-time integrals, and with them MLI, foot
balance and MT34, have closed forms. Generator B moves the centre of pressure along a given path; its pressures have
exactly that centre. Both know a single stance only: *when* contacts happen is the business of ``acquisition.walk``.

A phase is ``u = (t - foot contact) / contact time``, 0 to 1 inside a stance. All coordinates are in the foot frame.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from insole.layout import Layout

F8 = NDArray[np.float64]

SENSELS: Final = ("HP", "HM", "HL", "HC", "LP", "LD", "MD", "CD", "M1", "M2", "M3", "M4", "M5", "T1", "T23", "T45")
_HEEL: Final = ("HP", "HM", "HL", "HC")
_MEDIAL: Final = ("HM", "M1", "M2")
_LATERAL: Final = ("HL", "M4", "M5")

# Spec 11.1, a row a sensel: peak pressure P (kPa), begin a and end b (phase), exponents alpha and gamma.
_RUN: Final = (
    (180, 0.00, 0.45, 1, 2), (210, 0.00, 0.55, 1, 2), (220, 0.00, 0.55, 1, 2), (120, 0.02, 0.62, 1, 2),
    (70, 0.04, 0.80, 2, 3), (80, 0.05, 0.85, 2, 2), (35, 0.08, 0.75, 2, 2), (40, 0.06, 0.85, 2, 2),
    (260, 0.13, 0.96, 2, 2), (300, 0.09, 0.98, 2, 2), (280, 0.06, 0.97, 2, 2), (220, 0.04, 0.95, 2, 2),
    (170, 0.02, 0.92, 2, 2), (240, 0.20, 1.00, 3, 2), (110, 0.20, 1.00, 3, 2), (60, 0.18, 0.98, 3, 2),
)  # fmt: skip
_WALK: Final = (
    (270, 0.00, 0.50, 1, 2), (280, 0.00, 0.62, 1, 2), (280, 0.00, 0.62, 1, 2), (170, 0.02, 0.66, 1, 2),
    (60, 0.05, 0.78, 2, 2), (70, 0.06, 0.82, 2, 2), (25, 0.10, 0.72, 2, 2), (30, 0.08, 0.80, 2, 2),
    (190, 0.06, 0.95, 3, 1), (250, 0.04, 0.97, 3, 1), (225, 0.03, 0.96, 3, 1), (140, 0.02, 0.94, 2, 1),
    (90, 0.01, 0.91, 2, 1), (250, 0.25, 1.00, 4, 1), (90, 0.25, 1.00, 4, 1), (50, 0.25, 0.98, 4, 1),
)  # fmt: skip


class Generator(Protocol):
    """One stance of one foot. ``medial`` is the knob delta of spec 11.1: 0.1 loads the medial side 10 % more."""

    def pressure_kpa(self, phase: F8, medial: F8) -> F8:
        """Pressures f8[m, n_sensels] in kPa at phases f8[m] strictly inside (0, 1), with delta f8[m]."""

    def impulse_n_s(self, contact_s: float, medial: float) -> float:
        """Integral of sum(A_trib p)/1000 over one stance of that length, N·s: before the force scale kappa."""


class GeneratorA:
    """Closed-form sensel bumps (spec 11.1): p = P·beta((u − a)/(b − a)), beta(s) = s^alpha (1 − s)^gamma / N.

    ``gait`` is "run" or "walk"; ``heel_factor`` multiplies the peaks of HP, HM, HL and HC (spec 11.3).
    """

    def __init__(self, layout: Layout, gait: str, heel_factor: float = 1.0) -> None:
        """ValueError for another gait; LayoutError if a sensel of the reference layout is missing."""
        if gait not in ("run", "walk"):
            raise ValueError(f"generator A has no shapes for the gait {gait!r}")
        rows = np.array([layout.index_of(sensel) for sensel in SENSELS])
        table = np.empty((layout.n_sensels, 5))
        table[rows] = _RUN if gait == "run" else _WALK
        self.trib_area_mm2: F8 = layout.trib_area_mm2
        self.peak_kpa, self._begin, self._end, self._alpha, self._gamma = table.T.copy()
        self.peak_kpa[[layout.index_of(s) for s in _HEEL]] *= heel_factor
        self.medial_sign = np.zeros(layout.n_sensels)
        self.medial_sign[[layout.index_of(s) for s in _MEDIAL]] = 1.0
        self.medial_sign[[layout.index_of(s) for s in _LATERAL]] = -1.0
        total = self._alpha + self._gamma
        self._norm = self._alpha**self._alpha * self._gamma**self._gamma / total**total
        beta = [
            math.gamma(a + 1) * math.gamma(g + 1) / math.gamma(a + g + 2) for a, g in zip(*table.T[3:], strict=True)
        ]
        self._area: F8 = (self._end - self._begin) * np.array(beta) / self._norm

    def pressure_kpa(self, phase: F8, medial: F8) -> F8:
        """See ``Generator``."""
        s = np.clip((phase[:, None] - self._begin) / (self._end - self._begin), 0.0, 1.0)
        shape = s**self._alpha * (1.0 - s) ** self._gamma / self._norm
        return shape * (self.peak_kpa * (1.0 + self.medial_sign * medial[:, None]))

    def pti_kpa_s(self, contact_s: float, medial: float) -> F8:
        """Integral of every sensel's pressure over the stance, kPa·s, f8[n_sensels]: P(b − a)·T_c·I(alpha, gamma)."""
        peak: F8 = self.peak_kpa * (1.0 + self.medial_sign * medial)
        pti: F8 = peak * (self._area * contact_s)
        return pti

    def impulse_n_s(self, contact_s: float, medial: float) -> float:
        """See ``Generator``."""
        return float(self.trib_area_mm2 @ self.pti_kpa_s(contact_s, medial)) / 1000.0


# Spec 11.2: path y = 30 + 206 s, x = -2 + 16 s - 4 C s (1 - s), s = phase; widths of the share's bell.
PATH_Y0_MM: Final = 30.0
PATH_DY_MM: Final = 206.0
PATH_X0_MM: Final = -2.0
PATH_DX_MM: Final = 16.0
PATH_C_MM: Final = 12.0
PEAK_BW: Final = 2.0
_SIGMA_X_MM: Final = 20.0
_SIGMA_Y_MM: Final = 30.0
_TABLE: Final = 1001
_MOMENT_TOLERANCE_MM: Final = 1e-9


def path_mm(phase: F8, medial: F8) -> F8:
    """Centre of pressure of generator B at phases f8[m], f8[m, 2] mm. ``medial`` straightens it: C = 12·(1 − delta)."""
    c = PATH_C_MM * (1.0 - medial)
    x = PATH_X0_MM + PATH_DX_MM * phase - 4.0 * c * phase * (1.0 - phase)
    return np.stack([x, PATH_Y0_MM + PATH_DY_MM * phase], axis=1)


class GeneratorB:
    """Pressures with an exactly known centre of pressure (spec 11.2), F(t) = F_pk·sin(pi u), F_pk = 2 body weights.

    The shares of the sensels are a bell around the path, tilted by exp(lambda·distance); Newton's method finds the
    lambda whose first moments are the path. The path is given in mm for EU 42 and is not scaled with the size. There
    are no heel peaks, so the heel factors of speed, incline and footwear do not touch it.
    """

    def __init__(self, layout: Layout, body_weight_n: float, medial: float = 0.0) -> None:
        """ValueError if the path leaves the area that the sensels of this layout span (small sizes)."""
        self.peak_n = PEAK_BW * body_weight_n
        self._area: F8 = layout.trib_area_mm2
        self._xy = np.stack([layout.x_mm, layout.y_mm], axis=1)
        grid = np.linspace(0.0, 1.0, _TABLE)
        self._table = self._tilt(path_mm(grid, np.full(_TABLE, medial)), np.zeros((_TABLE, 2)))

    def _weights(self, away: F8, tilt: F8) -> F8:
        """Shares f8[m, n] for sensel distances ``away`` f8[m, n, 2] from the path and tilts f8[m, 2] per mm."""
        x, y = away[:, :, 0], away[:, :, 1]
        exponent = tilt[:, :1] * x + tilt[:, 1:] * y - x * x / (2.0 * _SIGMA_X_MM**2) - y * y / (2.0 * _SIGMA_Y_MM**2)
        exponent -= exponent.max(axis=1, keepdims=True)
        share: F8 = self._area * np.exp(exponent)
        share /= share.sum(axis=1, keepdims=True)
        return share

    def _tilt(self, path: F8, tilt: F8) -> F8:
        """Newton's method on the tilts f8[m, 2]. The step is limited, because far from the solution it overshoots."""
        away = self._xy - path[:, None, :]
        for _ in range(200):
            share = self._weights(away, tilt)
            moment = np.einsum("mn,mnk->mk", share, away)
            if not moment.size or float(np.abs(moment).max()) < _MOMENT_TOLERANCE_MM:
                return tilt
            x, y = away[:, :, 0] - moment[:, :1], away[:, :, 1] - moment[:, 1:]
            xx, xy, yy = ((share * product).sum(axis=1) for product in (x * x, x * y, y * y))
            determinant = xx * yy - xy * xy
            if float(determinant.min()) < 1e-6:
                break
            step = np.stack([yy * moment[:, 0] - xy * moment[:, 1], xx * moment[:, 1] - xy * moment[:, 0]], axis=1)
            step /= determinant[:, None]
            tilt = tilt - step * np.minimum(1.0, 0.05 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        raise ValueError("the path of generator B leaves the area that the sensels of this layout span")

    def pressure_kpa(self, phase: F8, medial: F8) -> F8:
        """See ``Generator``; p_i = 1000·F·w_i/A_i."""
        path = path_mm(phase, medial)
        at = phase * (_TABLE - 1)
        near = np.minimum(at.astype(np.int64), _TABLE - 2)
        rest = (at - near)[:, None]
        tilt = self._tilt(path, self._table[near] * (1.0 - rest) + self._table[near + 1] * rest)
        share = self._weights(self._xy - path[:, None, :], tilt)
        return 1000.0 * self.force_n(phase)[:, None] * share / self._area

    def force_n(self, phase: F8) -> F8:
        """Force at phases f8[m], N."""
        return self.peak_n * np.sin(np.pi * phase)

    def impulse_n_s(self, contact_s: float, medial: float) -> float:
        """See ``Generator``: F_pk·T_c·2/pi, whatever ``medial`` is."""
        return self.peak_n * contact_s * 2.0 / math.pi


def standing_kpa(layout: Layout, load_n: float, medial: float) -> F8:
    """Quiet stance (spec 11.3), f8[n_sensels]: in proportion to the walk's integrals of p; sum(A p)/1000 = load_n."""
    pti = GeneratorA(layout, "walk").pti_kpa_s(1.0, medial)
    return pti * (1000.0 * load_n / float(layout.trib_area_mm2 @ pti))
