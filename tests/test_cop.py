"""Centre of pressure: worked examples E3 and E5, its window, and what must not change it."""

from __future__ import annotations

import naive_steps as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.cop import deviation, lateral_to_medial, strike_class, strike_index
from analysis.kernels_step import step_pass
from insole.layout import reference_layout

LAYOUT = reference_layout(42.0)
E5_X = np.array([[0.0, -6, -9, -4, 2, 12]])
E5_Y = np.array([[30.0, 80, 130, 175, 200, 240]])


def passed(kpa, start=10.0, end=30.0, least=20.0, given_cop=None, broken=None):
    """One step through the kernel, without low-pass and baseline."""
    n, s = kpa.shape
    rows = LAYOUT.trib_area_mm2[None, :s] / 1000.0
    zero = np.zeros((1, s))
    names = ("integral", "peak", "peak_force", "force", "x", "y", "window", "given_x", "mlr")
    out = step_pass(
        kpa, np.zeros(n, np.bool_) if broken is None else broken, np.array([start]), np.array([end]), zero, rows,
        LAYOUT.x_mm[:s], LAYOUT.y_mm[:s], zero, zero, np.zeros((0, 2)) if given_cop is None else given_cop, 5.0,
        np.zeros(0), np.zeros(0), least, 20.0,
    )  # fmt: skip
    return {name: values[0] for name, values in zip(names, out, strict=True)}


def test_e3_centre_of_pressure_and_force():
    load = np.zeros(16)
    for sensel, kpa in {"HP": 60, "HM": 120, "HL": 150, "HC": 40, "M4": 30, "M5": 50}.items():
        load[LAYOUT.index_of(sensel)] = kpa
    step = passed(np.tile(load, (40, 1)))
    assert step["x"] == pytest.approx(np.full(101, -6.283445), abs=1e-6)
    assert step["y"] == pytest.approx(np.full(101, 60.954230), abs=1e-6)
    assert step["force"] == pytest.approx(np.full(101, 475.860), abs=1e-9)


def test_e5_path_metrics():
    assert deviation(E5_X, E5_Y, 48.0) == pytest.approx([-5.580357], abs=1e-6)
    assert strike_index(E5_Y, 275.0) == pytest.approx([10.909091], abs=1e-6)
    assert lateral_to_medial(E5_X) == pytest.approx([5.0])


def test_path_without_progress_has_no_deviation():
    assert np.isnan(deviation(E5_X, np.full_like(E5_Y, 100.0), 48.0)).all()
    assert np.isnan(deviation(np.full((1, 101), np.nan), np.full((1, 101), np.nan), 48.0)).all()
    assert np.isnan(lateral_to_medial(np.full((1, 101), np.nan))).all()


@given(arrays(np.float64, (3, 101), elements=st.floats(-60, 60)))
@settings(max_examples=50, deadline=None)
def test_metrics_equal_their_twins_and_mirror(x):
    y = np.cumsum(np.abs(x) + 0.1, axis=1)
    for row in range(3):
        assert deviation(x, y, 48.0)[row] == pytest.approx(naive.dev(list(x[row]), list(y[row]), 96.0), abs=1e-9)
        assert lateral_to_medial(x)[row] == pytest.approx(naive.lmd(list(x[row])), abs=1e-12)
    assert deviation(-x, y, 48.0) == pytest.approx(-deviation(x, y, 48.0), abs=1e-9)
    assert lateral_to_medial(x + 7.5) == pytest.approx(lateral_to_medial(x), abs=1e-9)
    assert deviation(x + 4.8, y, 48.0) == pytest.approx(deviation(x, y, 48.0) + 10.0, abs=1e-9)


@pytest.mark.parametrize(
    ("mean", "strike"), [(10.9, "rear"), (33.33, "rear"), (33.34, "mid"), (66.6, "mid"), (66.7, "fore"), (None, None)]
)
def test_strike_class_by_thirds(mean, strike):
    assert strike_class(mean) == strike


def test_window_is_the_longest_run_inside_the_contact():
    force = np.array([0, 90, 90, 90, 90, 10, 60, 60, 60, 10, 60, 60, 60, 60, 60, 10, 60, 0, 0, 0.0])
    kpa = np.zeros((20, 1))
    kpa[:, 0] = force / (LAYOUT.trib_area_mm2[0] / 1000.0)
    step = passed(kpa, start=4.0, end=16.5, least=50.0)
    # Samples 1 to 3 lie before the contact: the four of the first hump are not the longest run inside it.
    assert naive.cop_window(force, 4.0, 16.5, 50.0) == (10, 14)
    assert tuple(step["window"]) == (10.0, 14.0)


def test_no_cop_below_its_force():
    step = passed(np.full((40, 16), 1.0), least=100.0)  # 18.8 N
    assert np.isnan(step["x"]).all()
    assert np.isnan(step["window"]).all()
    assert step["peak_force"] == pytest.approx(18.807)


def test_given_cop_is_taken_where_it_is_known():
    """A total force brings its own CoP; outside its known part there is none."""
    given_cop = np.stack([np.linspace(0.0, 39.0, 40), np.linspace(100.0, 139.0, 40)], axis=1)
    given_cop[:15] = np.nan
    step = passed(np.full((40, 1), 100.0), given_cop=given_cop)
    assert tuple(step["window"]) == (15.0, 30.0)
    assert step["x"] == pytest.approx(np.linspace(15.0, 30.0, 101))
    assert step["given_x"] == pytest.approx(22.5)
