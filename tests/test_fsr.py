"""The simulated sensors are the inverse of the nominal calibration, and their faults do what the knobs say."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.fsr import FsrArray
from acquisition.knobs import parse_knobs
from insole.calibration import Electronics, nominal_calibration
from insole.trial import Spans


def array(query):
    knobs = parse_knobs(f"sim://left?{query}", "left", Spans())
    return FsrArray(knobs), knobs


def read(query, pressure, time_s=0.0, rising=0.0):
    fsr, knobs = array(query)
    m = len(pressure)
    grid = np.repeat(np.asarray(pressure, dtype=float)[:, None], 16, axis=1)
    counts = fsr.counts(grid, np.full(grid.shape, rising), np.full(m, time_s))
    return counts, knobs


@pytest.mark.parametrize("circuit", ["fsr_high", "fsr_low"])
@pytest.mark.parametrize(("bits", "r_m"), [(10, 470), (10, 1000), (12, 1000), (16, 1000), (10, 10000)])
def test_round_trip_through_the_nominal_curve_is_within_one_count(circuit, bits, r_m):
    pressure = np.linspace(0.5, 500.0, 400)
    counts, knobs = read(f"noise_lsb=0&circuit={circuit}&bits={bits}&r_m_ohm={r_m}", pressure)
    electronics = Electronics(circuit, r_m, bits)
    table = nominal_calibration(16).table_kpa(electronics, knobs.layout.area_mm2)[0]
    code = counts[:, 0].astype(int)
    # The true pressure lies between the centres of the neighbouring codes.
    below, above = np.clip(code - 1, 0, None), np.clip(code + 1, None, 2**bits - 1)
    low, high = np.minimum(table[below], table[above]), np.maximum(table[below], table[above])
    inside = (low <= pressure) & (pressure <= high)
    assert inside[(code > 0) & (code < 2**bits - 1)].all()
    assert (counts == counts[:, :1]).all()


def test_worked_example_of_the_electronics():
    # E1: code 512 at 1000 ohm is 57.243557 N on 126.7 mm².
    counts, _ = read("noise_lsb=0", [57.243557 / 0.1267 * f for f in (0.9999, 1.0, 1.0001)])
    assert (counts == 512).all()


def test_unloaded_is_the_open_code():
    assert (read("noise_lsb=0", [0.0])[0] == 0).all()
    assert (read("noise_lsb=0&circuit=fsr_low", [0.0])[0] == 1023).all()


def test_noise_has_the_asked_size_and_comes_from_the_seed():
    quiet, _ = read("noise_lsb=0&bits=16", np.full(4000, 200.0))
    loud, _ = read("noise_lsb=20&bits=16&seed=3", np.full(4000, 200.0))
    assert np.std(loud.astype(float) - quiet) == pytest.approx(20.0, rel=0.02)
    assert (read("noise_lsb=20&bits=16&seed=3", np.full(4000, 200.0))[0] == loud).all()
    assert (read("noise_lsb=20&bits=16&seed=4", np.full(4000, 200.0))[0] != loud).any()


def forces(query, **keywords):
    """Force that the nominal curve reads in a load of 300 kPa, relative to it, by channel."""
    counts, knobs = read(f"noise_lsb=0&bits=16&{query}", [300.0], **keywords)
    table = nominal_calibration(16).table_kpa(Electronics("fsr_high", 1000.0, 16), knobs.layout.area_mm2)[0]
    return table[counts[0]] / 300.0


def test_gain_drift_and_hysteresis_act_on_the_force():
    assert forces("gain_drift_per_h=10", time_s=1800.0) == pytest.approx(1.05, abs=5e-4)
    assert forces("hysteresis=0.1", rising=1.0) == pytest.approx(1.1, abs=5e-4)
    assert forces("hysteresis=0.1", rising=-1.0) == pytest.approx(0.9, abs=5e-4)
    fsr, _ = array("gain_sd=0.1&seed=5")
    assert forces("gain_sd=0.1&seed=5") == pytest.approx(fsr.gain, abs=1e-3)
    assert 0.05 < np.std(np.log(fsr.gain)) < 0.16


def test_preload_is_there_without_a_step():
    counts, knobs = read("noise_lsb=0&preload_n=0.8&bits=16", [0.0])
    table = nominal_calibration(16).table_kpa(Electronics("fsr_high", 1000.0, 16), knobs.layout.area_mm2)[0]
    assert table[counts[0]] * 0.1267 == pytest.approx(0.8, rel=5e-3)


def test_saturation_reads_the_rail_and_leaves_the_rest_alone():
    pressure = [100.0, 300.0, 400.0, 500.0]
    plain, _ = read("noise_lsb=0", pressure)
    cut, _ = read("noise_lsb=0&saturation=0.55", pressure)
    high = plain >= 0.45 * 1024
    assert high.any()
    assert not high.all()
    assert (cut == np.where(high, 1023, plain)).all()
    assert (read("noise_lsb=0&saturation=0.55&circuit=fsr_low", pressure)[0][high] == 0).all()


def test_stuck_channel_keeps_one_count_that_is_not_zero():
    counts, _ = read("stuck=M3:2", [0.0, 100.0, 300.0], time_s=2.5)
    assert (counts[:, 10] == 256).all()
    assert not (counts[:, 9] == 256).all()
    assert (read("stuck=M3:2", [0.0], time_s=1.5)[0][:, 10] == 0).all()
