"""Medial-lateral indices: worked example E4, identities, symmetries, absent regions, the calibration term."""

from __future__ import annotations

from dataclasses import replace

import naive_steps as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.indices import axis_index, calibration_term, mean_cop_index, pressure_indices, region_means
from insole.layout import REGIONS, reference_layout

LAYOUT = reference_layout(42.0)
ONES = np.ones(16)
ALL = np.ones(16, dtype=np.bool_)
E4 = np.array([14.0, 18, 20, 12, 9, 11, 4, 5, 32, 41, 37, 26, 18, 30, 12, 8])
pti = arrays(np.float64, (16,), elements=st.floats(0.01, 300.0))


def region_pti(sensel_pti, healthy=ALL):
    means = region_means(LAYOUT, ONES, healthy, in_force=False)
    return np.where([why is None for why in means.reasons], means.kpa @ sensel_pti, np.nan)


def by_region(values):
    return dict(zip(REGIONS, values, strict=True))


def test_e4_regions():
    regions = by_region(region_pti(E4))
    expected = {"HM": 15.235031, "HL": 16.179065, "MM": 4.394271, "ML": 8.6, "T25": 10.056190, "T1": 30, "M3": 37}
    assert {name: regions[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_e4_indices():
    found = {name: float(values[0]) for name, values in pressure_indices(region_pti(E4)[None, :]).items()}
    assert found["mli"] == pytest.approx(18.903842, abs=1e-6)
    assert found["foot_balance"] == pytest.approx(-4.823815, abs=1e-6)
    assert found["forefoot_balance"] == pytest.approx(-5.194805, abs=1e-6)
    assert found["rearfoot_balance"] == pytest.approx(-3.005126, abs=1e-6)
    assert found["mt34"] == pytest.approx(40.909091, abs=1e-6)
    assert sum(found[f"mt{k}_share"] for k in range(1, 6)) == pytest.approx(100.0)
    assert found["mt3_share"] + found["mt4_share"] == pytest.approx(found["mt34"])
    fti = (LAYOUT.trib_area_mm2 * E4 / 1000.0)[None, :]
    assert axis_index(fti, LAYOUT.x_mm) == pytest.approx([8.380136], abs=1e-6)
    assert calibration_term(region_pti(E4), 0.10) == pytest.approx(4.107088, abs=1e-6)


def test_uniform_pressure():
    found = pressure_indices(region_pti(np.full(16, 55.0))[None, :])
    expected = {"mli": 0.0, "foot_balance": -100 / 7, "forefoot_balance": -20.0, "rearfoot_balance": 0.0, "mt34": 40.0}
    assert {name: float(found[name][0]) for name in expected} == pytest.approx(expected, abs=1e-12)
    assert float(found["mt5_share"][0]) == pytest.approx(20.0)


@given(pti, st.floats(0.01, 100.0))
@settings(max_examples=100, deadline=None)
def test_twins_scale_and_mirror(values, factor):
    regions = region_pti(values)
    area = list(LAYOUT.trib_area_mm2)
    assert regions == pytest.approx(naive.region_integrals(values, LAYOUT.region_weight, area), rel=1e-12)
    found = pressure_indices(regions[None, :])
    assert found["mli"][0] == pytest.approx(naive.mli(by_region(regions)), abs=1e-9)
    assert -100.0 <= found["mli"][0] <= 100.0
    scaled = pressure_indices(factor * regions[None, :])
    for name, value in found.items():
        assert scaled[name] == pytest.approx(value, abs=1e-9), name
    # The foot seen in a mirror: medial and lateral regions change places.
    swap = {"HM": "HL", "HL": "HM", "M1": "M5", "M5": "M1", "M2": "M4", "M4": "M2", "MM": "ML", "ML": "MM"}
    mirrored = np.array([by_region(regions)[swap.get(name, name)] for name in REGIONS])
    seen = pressure_indices(mirrored[None, :])
    assert seen["mli"] == pytest.approx(-found["mli"], abs=1e-9)
    assert seen["rearfoot_balance"] == pytest.approx(-found["rearfoot_balance"], abs=1e-9)
    assert axis_index(values[None, :], -LAYOUT.x_mm) == pytest.approx(-axis_index(values[None, :], LAYOUT.x_mm))


def test_nothing_loaded_is_null_not_zero():
    found = pressure_indices(np.zeros((1, 11)))
    assert all(np.isnan(values[0]) for values in found.values())
    assert np.isnan(axis_index(np.zeros((1, 16)), LAYOUT.x_mm)[0])
    assert calibration_term(np.zeros(11), 0.1) is None


def test_failed_sensel_is_left_out_of_both_sums():
    healthy = ALL.copy()
    healthy[LAYOUT.index_of("HM")] = False
    regions = by_region(region_pti(E4, healthy))
    # HP and HC at half weight are left in HM: (491 x 14 + 704 x 12) / (491 + 704).
    assert regions["HM"] == pytest.approx((491 * 14 + 704 * 12) / 1195)
    assert regions["HL"] == pytest.approx(16.179065, abs=1e-6)


def test_region_without_a_healthy_sensel_is_absent():
    healthy = ALL.copy()
    healthy[LAYOUT.index_of("M1")] = False
    means = region_means(LAYOUT, ONES, healthy, in_force=False)
    assert means.reason("mli") == "region_absent:M1"
    assert means.reason("rearfoot_balance") is None
    found = pressure_indices(region_pti(E4, healthy)[None, :])
    assert [np.isnan(found[name][0]) for name in ("mli", "foot_balance", "mt34", "mt2_share")] == [True] * 4
    assert found["rearfoot_balance"][0] == pytest.approx(-3.005126, abs=1e-6)
    assert means.summed(("HM", "M1")) is None


def test_forces_need_areas_for_pressures():
    """Sensor forces: p = 1000 F/a, and a region's mean weighs with the active area (spec 1.5)."""
    area = np.full(16, 126.7)
    force_pti = E4 * area / 1000.0
    means = region_means(LAYOUT, 1000.0 / area, ALL, in_force=True)
    # Equal active areas: HM of HP/2, HM, HC/2 is a plain weighted mean, no longer one by tributary areas.
    assert by_region(means.kpa @ force_pti)["HM"] == pytest.approx((7 + 18 + 6) / 2)
    unknown = region_means(LAYOUT, np.full(16, np.nan), ALL, in_force=True)
    assert unknown.reason("mli") == "area_absent"


def test_pressures_without_areas_average_plainly():
    bare = replace(LAYOUT, trib_area_mm2=np.full(16, np.nan), area_mm2=np.full(16, np.nan))
    means = region_means(bare, ONES, ALL, in_force=False)
    assert by_region(means.kpa @ E4)["HM"] == pytest.approx((7 + 18 + 6) / 2)


def test_mean_cop_index_is_a_share_of_the_half_width():
    assert mean_cop_index(np.array([4.8, -12.0]), 48.0) == pytest.approx([10.0, -25.0])


def test_calibration_term_against_random_gains():
    rng = np.random.default_rng(11)
    regions = region_pti(E4)
    gains = rng.normal(1.0, 0.10, size=(40_000, 11))
    spread = pressure_indices(gains * regions)["mli"].std(ddof=1)
    assert calibration_term(regions, 0.10) == pytest.approx(spread, rel=0.03)
