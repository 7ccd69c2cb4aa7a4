"""Medial-lateral indices and load shares from the integrals of one step (spec 1.4, 6.1, 6.2, 6.5).

Sign: + is medial on both feet. Everything here is medial loading (pronation-related), a proxy, never an angle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insole.layout import REGIONS, Layout

F8 = NDArray[np.float64]

MLI_MEDIAL: Final = ("HM", "M1", "M2")
MLI_LATERAL: Final = ("HL", "M4", "M5")
METATARSALS: Final = ("M1", "M2", "M3", "M4", "M5")
REGIONS_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "mli": MLI_MEDIAL + MLI_LATERAL,
    "foot_balance": ("HM", "HL", *METATARSALS),
    "forefoot_balance": METATARSALS,
    "rearfoot_balance": ("HM", "HL"),
    "mt34": METATARSALS,
    "mt1_share": METATARSALS,
    "mt2_share": METATARSALS,
    "mt3_share": METATARSALS,
    "mt4_share": METATARSALS,
    "mt5_share": METATARSALS,
}


@dataclass(frozen=True, eq=False)
class RegionMeans:
    """How sensel values become region mean pressures for one set of healthy sensels (spec 1.4).

    `kpa` (11, s): p_r = kpa @ values, rows in the order of `REGIONS`, 0 for absent regions; `reasons` (11) says why
    a region has no pressure: `region_absent:<r>`, `area_absent`, or None.
    """

    kpa: F8
    reasons: tuple[str | None, ...]

    def reason(self, index: str) -> str | None:
        """Why an index of `REGIONS_NEEDED` is null, None if it can be computed."""
        for region in REGIONS_NEEDED[index]:
            why = self.reasons[REGIONS.index(region)]
            if why is not None:
                return why
        return None

    def summed(self, regions: Sequence[str]) -> F8 | None:
        """(s,) kPa per unit of value, the sum of some region means; None if one of them is absent."""
        rows = [REGIONS.index(region) for region in regions]
        if any(self.reasons[row] is not None for row in rows):
            return None
        return np.asarray(self.kpa[rows].sum(axis=0), dtype=np.float64)


def region_means(layout: Layout, kpa_per_value: F8, healthy: NDArray[np.bool_], in_force: bool) -> RegionMeans:
    """Averaging weights p_r = sum(w_ri A_i p_i) / sum(w_ri A_i) over healthy sensels.

    `kpa_per_value` (s,): 1 for pressures, 1000/a_i for forces, NaN where the area is unknown; `healthy` (s,);
    `in_force` True for kind force_n. A_i is the tributary area for pressures, and the active area for forces, where
    A_i p_i is the sensel's force (spec 1.5). A layout of pressures without areas averages plainly.
    """
    area = 1000.0 / kpa_per_value if in_force else _known_area(layout)
    weight = layout.region_weight.T * healthy
    kpa = np.zeros_like(weight)
    reasons: list[str | None] = []
    for row, region in enumerate(REGIONS):
        mapped = weight[row] > 0
        if not mapped.any():
            reasons.append(f"region_absent:{region}")
        elif np.isnan(area[mapped]).any():
            reasons.append("area_absent")
        else:
            share = weight[row, mapped] * area[mapped]
            kpa[row, mapped] = share / share.sum() * kpa_per_value[mapped]
            reasons.append(None)
    return RegionMeans(kpa, tuple(reasons))


def no_regions(n_sensels: int) -> RegionMeans:
    """For a total force: it has no regions."""
    return RegionMeans(np.zeros((len(REGIONS), n_sensels)), tuple(f"region_absent:{region}" for region in REGIONS))


def pressure_indices(pti: F8) -> dict[str, F8]:
    """Indices of region pressure-time integrals, by column of the step table, each (k,) in %.

    `pti` (k, 11) in kPa·s (any common unit), columns `REGIONS`, NaN = absent. Formulas of 6.1 and 6.5; a denominator
    of 0 gives NaN.
    """

    def total(*regions: str) -> F8:
        return np.asarray(pti[:, [REGIONS.index(r) for r in regions]].sum(axis=1), dtype=np.float64)

    metatarsal = total(*METATARSALS)
    indices = {
        "mli": balance(total(*MLI_MEDIAL), total(*MLI_LATERAL)),
        "foot_balance": balance(total("M1", "M2", "HM"), total("M3", "M4", "M5", "HL")),
        "forefoot_balance": balance(total("M1", "M2"), total("M3", "M4", "M5")),
        "rearfoot_balance": balance(total("HM"), total("HL")),
        "mt34": percent(total("M3", "M4"), metatarsal),
    }
    for number, region in enumerate(METATARSALS, start=1):
        indices[f"mt{number}_share"] = percent(total(region), metatarsal)
    return indices


def axis_index(fti: F8, x_mm: F8) -> F8:
    """AMI (k,) in %: force-time integrals (k, s) medial of the foot axis minus lateral, of all (spec 6.1)."""
    # Row by row, not as a matrix product: a step alone gives the same last digit as among others.
    return percent((fti * np.sign(x_mm)).sum(axis=1), fti.sum(axis=1))


def mean_cop_index(mean_x: F8, half_width: float) -> F8:
    """XM (k,) in % of the half-width, from the force-weighted mean CoP x (k,) in the same unit."""
    return np.asarray(100.0 * mean_x / half_width, dtype=np.float64)


def calibration_term(pti: F8, sigma_gain: float) -> float | None:
    """u_cal in points (spec 6.2): SD of MLI from independent gain errors of relative SD `sigma_gain`.

    `pti` (11,) mean region integrals of the steps. None if a region is absent or nothing was loaded.
    """
    medial = pti[[REGIONS.index(r) for r in MLI_MEDIAL]]
    lateral = pti[[REGIONS.index(r) for r in MLI_LATERAL]]
    if not (np.isfinite(medial).all() and np.isfinite(lateral).all() and medial.sum() > 0 and lateral.sum() > 0):
        return None
    mli = (medial.sum() - lateral.sum()) / (medial.sum() + lateral.sum())
    shares = np.concatenate([medial / medial.sum(), lateral / lateral.sum()])
    return float(50.0 * (1.0 - mli**2) * sigma_gain * np.sqrt((shares**2).sum()))


def balance(plus: F8, minus: F8) -> F8:
    """100 (plus - minus)/(plus + minus), NaN where the sum is 0."""
    return percent(plus - minus, plus + minus)


def percent(part: F8, whole: F8) -> F8:
    """100 part/whole, NaN where the whole is 0."""
    share = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=share, where=np.asarray(whole) != 0)
    return np.asarray(100.0 * share, dtype=np.float64)


def _known_area(layout: Layout) -> F8:
    area = np.where(np.isfinite(layout.trib_area_mm2), layout.trib_area_mm2, layout.area_mm2)
    return area if np.isfinite(area).all() else np.ones(layout.n_sensels)
