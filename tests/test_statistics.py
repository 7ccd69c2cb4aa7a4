from __future__ import annotations

import naive_statistics as naive
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.statistics import (
    cliffs_delta,
    hedges_g,
    holm,
    lag1_correlation,
    newey_west_difference,
    newey_west_mean,
    newey_west_slope,
    theil_sen,
)

E8 = [10.2, 11.0, 10.6, 11.9, 12.4, 11.8, 12.9, 13.1, 12.2, 13.8, 13.5, 14.4]
TOLERANCE = 1e-6


def test_e8_short_memory_companions() -> None:
    slope, mean = newey_west_slope(range(12), E8), newey_west_mean(E8)
    assert slope.lag == 2
    assert slope.estimate == pytest.approx(0.334965, abs=TOLERANCE)
    assert slope.standard_error == pytest.approx(0.023125, abs=TOLERANCE)
    assert (slope.ci_low, slope.ci_high) == pytest.approx((0.283440, 0.386490), abs=TOLERANCE)
    assert mean.standard_error == pytest.approx(0.528540, abs=TOLERANCE)
    assert lag1_correlation(E8) == pytest.approx(0.529058, abs=TOLERANCE)


def test_e9_effect_sizes() -> None:
    i, j = np.arange(43), np.arange(30)
    a = 12 + 0.6 * ((37 * i % 11) - 5)
    b = 9 + 0.5 * ((23 * j % 13) - 6)
    assert hedges_g(a, b) == pytest.approx(1.556230, abs=TOLERANCE)
    assert cliffs_delta(a, b) == pytest.approx(0.708527, abs=TOLERANCE)


def test_e11_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_leaves_absent_tests_out() -> None:
    assert holm([0.02, None, 0.04]) == (0.04, None, 0.04)
    assert holm([None, None]) == (None, None)
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_equals_statsmodels(p: list[float]) -> None:
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(12, 400))
def test_newey_west_equals_statsmodels(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.random(n) + 0.1)
    y = 3 + 0.1 * t + naive.arfima(rng, n, 0.2, burn=50)
    options = {"maxlags": int(4 * (n / 100) ** (2 / 9)), "use_correction": True}
    for found, design in (
        (newey_west_slope(t, y), np.column_stack([np.ones(n), t])),
        (newey_west_mean(y), np.ones((n, 1))),
    ):
        fit = sm.OLS(y, design).fit(cov_type="HAC", cov_kwds=options, use_t=True)
        assert found.estimate == pytest.approx(fit.params[-1])
        assert found.standard_error == pytest.approx(fit.bse[-1])
        assert (found.ci_low, found.ci_high) == pytest.approx(tuple(fit.conf_int()[-1]))


def test_newey_west_difference_adds_variances() -> None:
    a, b = newey_west_mean(E8), newey_west_mean(E8[:8])
    found = newey_west_difference(E8, E8[:8])
    assert found.estimate == pytest.approx(a.estimate - b.estimate)
    assert found.standard_error == pytest.approx(np.hypot(a.standard_error, b.standard_error))
    assert 7 <= found.df <= 18


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_cliffs_delta_counts_pairs(a: list[int], b: list[int]) -> None:
    assert cliffs_delta(a, b) == pytest.approx(naive.cliff(a, b))


def test_effect_sizes_without_spread_or_values() -> None:
    assert hedges_g([1.0, 1.0], [2.0, 2.0]) is None
    assert hedges_g([1.0], [2.0, 3.0]) is None
    assert cliffs_delta([], [1.0]) is None
    assert lag1_correlation([2.0, 2.0, 2.0]) is None


def test_theil_sen_shrugs_at_an_outlier() -> None:
    t = np.arange(20.0)
    y = 2 * t
    y[7] = 500.0
    assert theil_sen(t, y) == pytest.approx(2.0)
    assert theil_sen([1.0, 1.0], [1.0, 2.0]) is None
