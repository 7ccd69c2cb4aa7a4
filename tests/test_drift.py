from __future__ import annotations

import naive_statistics as naive
import numpy as np
import pytest

from analysis.drift import drift_slope


def test_e8a_per_ten_minutes() -> None:
    i = np.arange(200)
    found = drift_slope(0.0125 * i, 12 + 0.01 * i + 1.5 * np.sin(0.11 * i) + 0.6 * ((37 * i % 11) - 5))
    assert found.slope == pytest.approx(7.709338, abs=1e-6)
    assert (found.ci_low, found.ci_high) == pytest.approx((-4.518935, 19.937612), abs=1e-6)
    assert found.p == pytest.approx(0.199237, abs=1e-6)


def test_companions_are_per_ten_minutes_too() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(400) * 0.0125
    found = drift_slope(t, 10 + 2.0 * t + 0.01 * rng.standard_normal(400))
    assert found.slope == pytest.approx(20.0, abs=0.05)
    assert found.newey_west_slope == pytest.approx(20.0, abs=0.05)
    assert found.theil_sen == pytest.approx(20.0, abs=0.05)
    assert found.newey_west_ci_low is not None
    assert found.ci_low is not None
    assert found.ci_low < found.newey_west_ci_low  # long memory can't be ruled out, so the interval is wider


def test_null_steps_are_left_out() -> None:
    rng = np.random.default_rng(4)
    t, y = np.arange(150) * 0.01, rng.standard_normal(150)
    holes = np.insert(y, [10, 80], np.nan)
    assert drift_slope(np.insert(t, [10, 80], [0.095, 0.795]), holes) == drift_slope(t, y)


def test_below_a_hundred_steps_there_is_no_slope() -> None:
    found = drift_slope(np.arange(99.0), np.arange(99.0))
    assert (found.slope, found.n, found.reason) == (None, 99, "too_few_steps_for_interval")


def test_coverage_without_drift() -> None:
    rng = np.random.default_rng(11)
    t, runs = np.arange(200) * 0.0125, 150
    found = [drift_slope(t, naive.arfima(rng, 200, 0.2)) for _ in range(runs)]
    assert sum(f.ci_low < 0 < f.ci_high for f in found) / runs >= 0.93
