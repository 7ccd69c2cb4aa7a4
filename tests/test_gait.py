"""Generators A and B against the printed truth of the specification (11.1, 11.2; oracle E14)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquisition.gait import SENSELS, GeneratorA, GeneratorB, path_mm, standing_kpa
from acquisition.truth import (
    foot_balance,
    generator_kappa,
    mli,
    mt34,
    path_cpei,
    path_length_mm,
    path_start_phase,
    path_strike_index,
    region_means,
    threshold_events_s,
    total_force_n,
)
from insole.layout import reference_layout

LAYOUT = reference_layout(42.0)
BW_70 = 70 * 9.80665
T_LO = 0.03 * BW_70
TIMES = {"run": (0.30, 0.75), "walk": (0.50, 0.86)}

TABLE = [  # gait, delta, MLI, FB, MT34, PTI of HM and M1 (spec 11.1)
    ("run", 0.0, 12.222318, -9.902843, 41.712505, 15.904235, 34.528000),
    ("run", 0.1, 21.143729, -2.508484, 39.408929, 16.812578, 37.980800),
    ("run", 0.2, 29.852481, 4.743699, 37.158822, 17.720922, 41.433600),
    ("walk", 0.0, 15.346114, -4.710836, 42.112298, 40.710246, 40.082963),
    ("walk", 0.1, 23.464989, 2.264643, 39.631113, 42.985692, 44.091259),
]


@pytest.mark.parametrize(("gait", "delta", "index", "balance", "share", "heel", "head"), TABLE)
def test_truth_of_generator_a_to_the_printed_digits(gait, delta, index, balance, share, heel, head):
    region = region_means(LAYOUT, GeneratorA(LAYOUT, gait).pti_kpa_s(TIMES[gait][0], delta))
    found = mli(region), foot_balance(region), mt34(region), region["HM"], region["M1"]
    assert found == pytest.approx((index, balance, share, heel, head), abs=5.1e-7)


@pytest.mark.parametrize("gait", ["run", "walk"])
def test_rendered_pressure_integrates_to_the_closed_form(gait):
    generator, contact_s = GeneratorA(LAYOUT, gait), TIMES[gait][0]
    phase = (np.arange(20000) + 0.5) / 20000
    numeric = generator.pressure_kpa(phase, np.full(phase.size, 0.2)).mean(axis=0) * contact_s
    np.testing.assert_allclose(numeric, generator.pti_kpa_s(contact_s, 0.2), rtol=1e-6)
    rising = generator.pressure_kpa(phase, np.zeros(phase.size))
    np.testing.assert_allclose(rising.max(axis=0), generator.peak_kpa, rtol=1e-6)


@pytest.mark.parametrize(
    ("gait", "kappa", "own", "unit"),
    [("run", 0.7465, (1.03, -11.65), (0.76, -10.19)), ("walk", 0.5767, (1.82, -2.85), (1.04, -1.62))],
)
def test_threshold_truth_of_the_table(gait, kappa, own, unit):
    generator, (contact_s, stride_s) = GeneratorA(LAYOUT, gait), TIMES[gait]
    scale = generator_kappa(generator, BW_70, contact_s, stride_s, 0.1)
    assert scale == pytest.approx(kappa, abs=5e-5)
    for used, printed in ((scale, own), (1.0, unit)):
        contact, off = threshold_events_s(generator, LAYOUT, contact_s, T_LO, used, 0.1)
        assert (1e3 * contact, 1e3 * (off - contact_s)) == pytest.approx(printed, abs=0.0051)
        force = used * total_force_n(generator, LAYOUT, np.array([contact, off]) / contact_s, 0.1)
        np.testing.assert_allclose(force, T_LO, rtol=1e-6)


@pytest.mark.parametrize(
    ("gait", "contact_s", "peak"), [("run", 0.30, 2.05), ("run", 0.33, 1.86), ("walk", 0.50, 1.11)]
)
def test_force_peaks_in_body_weights(gait, contact_s, peak):
    generator, stride_s = GeneratorA(LAYOUT, gait), TIMES[gait][1]
    force = total_force_n(generator, LAYOUT, np.linspace(0, 1, 2001), 0.0) / BW_70
    force *= generator_kappa(generator, BW_70, contact_s, stride_s)
    assert force.max() == pytest.approx(peak, abs=0.01)  # the text says "about"
    assert force.mean() * contact_s == pytest.approx(stride_s / 2, rel=1e-3)
    if gait == "walk":
        assert force[800:1200].min() == pytest.approx(0.91, abs=0.006)
        assert force[1200:].max() == pytest.approx(1.07, abs=0.006)


def test_incline_takes_its_cosine_from_the_force_scale():
    generator = GeneratorA(LAYOUT, "run")
    level = generator_kappa(generator, BW_70, 0.3, 0.75)
    assert generator_kappa(generator, BW_70, 0.3, 0.75, 0.0, 0.999200959) / level == pytest.approx(0.999200959)


def test_heel_factor_leaves_rearfoot_and_forefoot_balance():
    plain, heel = GeneratorA(LAYOUT, "run"), GeneratorA(LAYOUT, "run", heel_factor=0.8)
    a, b = (region_means(LAYOUT, g.pti_kpa_s(0.3, 0.1)) for g in (plain, heel))
    assert b["HM"] / a["HM"] == pytest.approx(0.8)
    assert (b["HM"] - b["HL"]) / (b["HM"] + b["HL"]) == pytest.approx((a["HM"] - a["HL"]) / (a["HM"] + a["HL"]))
    assert [b[f"M{k}"] for k in range(1, 6)] == [a[f"M{k}"] for k in range(1, 6)]


def test_generator_b_printed_values():
    start = path_start_phase(0.1, 2.0)
    assert start == pytest.approx(0.015922, abs=5e-7)
    assert path_cpei(LAYOUT) == pytest.approx(10.100462, abs=5e-7)
    assert path_cpei(LAYOUT, start, 1.0 - start) == pytest.approx(9.268825, abs=5e-7)
    assert path_length_mm() == pytest.approx(208.453513, abs=5e-7)
    assert path_strike_index(LAYOUT) == pytest.approx(10.909091, abs=5e-7)


def test_path_length_is_the_length_of_the_drawn_path():
    for medial, span in ((0.3, (0.1, 0.8)), (1.0, (0.0, 0.5))):
        phase = np.linspace(*span, 4001)
        drawn = np.hypot(*np.diff(path_mm(phase, np.full(phase.size, medial)), axis=0).T).sum()
        assert path_length_mm(*span, medial) == pytest.approx(drawn, rel=1e-7)


@pytest.mark.parametrize("size", [41.0, 42.0, 44.0, 50.0])
def test_generator_b_has_exactly_its_path_and_force(size):
    layout = reference_layout(size)
    generator = GeneratorB(layout, BW_70)
    rng = np.random.default_rng(3)
    phase = np.sort(np.concatenate([[1e-6, 1 - 1e-6], rng.uniform(0.0, 1.0, 400)]))
    medial = rng.uniform(-0.9, 0.9, phase.size)
    pressure = generator.pressure_kpa(phase, medial)
    assert pressure.min() >= 0.0
    weight = pressure * layout.trib_area_mm2
    total = weight.sum(axis=1)
    np.testing.assert_allclose(total / 1000.0, 2 * BW_70 * np.sin(np.pi * phase), rtol=1e-12)
    centre = np.stack([weight @ layout.x_mm, weight @ layout.y_mm], axis=1) / total[:, None]
    c = 12.0 * (1.0 - medial)
    np.testing.assert_allclose(centre[:, 0], -2 + 16 * phase - 4 * c * phase * (1 - phase), atol=2e-9)
    np.testing.assert_allclose(centre[:, 1], 30 + 206 * phase, atol=2e-9)


def test_generator_b_refuses_a_foot_shorter_than_its_path():
    with pytest.raises(ValueError, match="leaves the area"):
        GeneratorB(reference_layout(38.0), BW_70)


def test_standing_has_the_walks_proportions_and_the_load():
    pressure = standing_kpa(LAYOUT, 300.0, 0.1)
    assert float(LAYOUT.trib_area_mm2 @ pressure) / 1000.0 == pytest.approx(300.0)
    assert mli(region_means(LAYOUT, pressure)) == pytest.approx(23.464989, abs=5e-7)


def test_table_names_every_sensel_of_the_reference_layout():
    assert LAYOUT.ids == SENSELS
    with pytest.raises(ValueError, match="no shapes"):
        GeneratorA(LAYOUT, "hop")


def test_threshold_that_is_never_reached_is_said():
    with pytest.raises(ValueError, match="never reaches"):
        threshold_events_s(GeneratorB(LAYOUT, 10.0), LAYOUT, 0.3, 100.0)
    assert math.isclose(GeneratorB(LAYOUT, 10.0).impulse_n_s(0.3, 0.0), 20.0 * 0.3 * 2 / math.pi)
