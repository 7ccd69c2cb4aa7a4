from __future__ import annotations

import naive_statistics as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.long_memory import difference_interval, fit_mean, mean_interval, slope_interval

TOLERANCE = 1e-6


def e9a_a() -> np.ndarray:
    i = np.arange(90)
    return 12 + 2 * np.sin(0.05 * i) + 0.6 * ((37 * i % 11) - 5)


def e9a_b() -> np.ndarray:
    i = np.arange(71)
    return 9 + 1.5 * np.cos(0.08 * i) + 0.5 * ((23 * i % 13) - 6)


def grid_index(hurst: float) -> int:
    return round((hurst - 0.5) / 0.025)


def test_e9a_blocks_and_means() -> None:
    a, b = fit_mean(e9a_a()), fit_mean(e9a_b())
    assert a is not None
    assert b is not None
    assert (a.n_blocks, b.n_blocks) == (30, 35)
    assert a.estimate == pytest.approx(12.508881, abs=TOLERANCE)
    assert b.estimate == pytest.approx(8.850025, abs=TOLERANCE)  # q 2 drops the first of 71


def test_e9a_variance_and_weight_of_each_memory() -> None:
    a = fit_mean(e9a_a())
    assert a is not None
    at = {h: grid_index(h) for h in (0.5, 0.7, 0.9)}
    assert a.variance[[at[0.5], at[0.7], at[0.9]]] == pytest.approx([0.071358, 0.195961, 1.251308], abs=TOLERANCE)
    assert a.log_weight[at[0.7]] - a.log_weight[at[0.5]] == pytest.approx(7.618439, abs=TOLERANCE)
    assert a.log_weight[at[0.9]] - a.log_weight[at[0.5]] == pytest.approx(12.028224, abs=TOLERANCE)


def test_e9a_difference() -> None:
    found = difference_interval([e9a_a()], [e9a_b()], predict=True)
    assert found.difference == pytest.approx(3.658856, abs=TOLERANCE)
    assert found.half_width == pytest.approx(2.973648, abs=TOLERANCE)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.685208, 6.632504), abs=TOLERANCE)
    assert found.p == pytest.approx(0.022943, abs=TOLERANCE)
    assert found.h_bars == pytest.approx((0.879512, 0.691943), abs=TOLERANCE)
    assert found.half_width_4n == pytest.approx(2.583056, abs=TOLERANCE)
    assert found.n_blocks == (30, 35)


def test_e9a_one_series() -> None:
    alone, fit = mean_interval(e9a_a()), fit_mean(e9a_a())
    assert fit is not None
    assert alone.half_width == pytest.approx(2.851781, abs=TOLERANCE)
    assert alone.h_bar == pytest.approx(0.902998, abs=TOLERANCE)
    assert fit.within_variance == pytest.approx(1.475947, abs=TOLERANCE)
    assert fit.shrinkage == pytest.approx(0.770972, abs=TOLERANCE)


def test_e8a_slope() -> None:
    i = np.arange(200)
    y = 12 + 0.01 * i + 1.5 * np.sin(0.11 * i) + 0.6 * ((37 * i % 11) - 5)
    found = slope_interval(0.0125 * i, y)
    assert found.n_blocks == 33
    assert found.slope is not None
    assert found.slope * 10 == pytest.approx(7.709338, abs=TOLERANCE)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert (found.ci_low * 10, found.ci_high * 10) == pytest.approx((-4.518935, 19.937612), abs=TOLERANCE)
    assert found.p == pytest.approx(0.199237, abs=TOLERANCE)
    assert found.h_bar == pytest.approx(0.880783, abs=TOLERANCE)


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, n=st.integers(30, 130), scale=st.sampled_from([1e-3, 1.0, 1e4]))
def test_mean_equals_the_naive_twin(seed: int, n: int, scale: float) -> None:
    values = scale * (5 + np.cumsum(np.random.default_rng(seed).standard_normal(n)) * 0.2)
    estimate, half = naive.mean(values.tolist())
    found = mean_interval(values)
    assert found.half_width == pytest.approx(half, rel=1e-7)
    assert found.ci_low == pytest.approx(estimate - half, rel=1e-7, abs=1e-7 * scale)


@settings(max_examples=6, deadline=None)
@given(seed=seeds, n=st.integers(30, 110), m=st.integers(30, 110))
def test_difference_equals_the_naive_twin(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(n), 1 + 2 * naive.arfima(rng, m, 0.3, burn=200)
    difference, half, p = naive.difference([a.tolist()], [b.tolist()])
    found = difference_interval([a], [b])
    assert found.difference == pytest.approx(difference, abs=1e-9)
    assert found.half_width == pytest.approx(half, rel=1e-7)
    assert found.p == pytest.approx(p, rel=1e-6, abs=1e-12)


def test_three_recordings_equal_the_naive_twin() -> None:
    rng = np.random.default_rng(5)
    one, two, three = (naive.arfima(rng, n, 0.2, burn=200) for n in (60, 45, 38))
    difference, half, p = naive.difference([one.tolist()], [two.tolist(), three.tolist()])
    found = difference_interval([one], [two, three])
    assert (found.difference, found.half_width, found.p) == pytest.approx((difference, half, p), rel=1e-6)


@settings(max_examples=6, deadline=None)
@given(seed=seeds, n=st.integers(100, 150))
def test_slope_equals_the_naive_twin(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(0.012 + 0.001 * rng.random(n))
    values = 12 + 0.4 * times + rng.standard_normal(n)
    slope, half, p = naive.slope(times.tolist(), values.tolist())
    found = slope_interval(times, values)
    assert (found.slope, found.half_width, found.p) == pytest.approx((slope, half, p), rel=1e-6)


def test_swapping_sides_turns_the_sign_alone() -> None:
    forward, back = difference_interval([e9a_a()], [e9a_b()]), difference_interval([e9a_b()], [e9a_a()])
    assert back.difference == pytest.approx(-(forward.difference or 0))
    assert back.half_width == pytest.approx(forward.half_width)
    assert back.p == pytest.approx(forward.p)


def test_few_values_have_no_interval() -> None:
    rng = np.random.default_rng(1)
    nineteen, twenty, thirty = (mean_interval(rng.standard_normal(n)) for n in (19, 20, 30))
    assert (nineteen.mean, nineteen.reason) == (None, "too_few_steps")
    assert twenty.mean is not None
    assert (twenty.ci_low, twenty.reason) == (None, "too_few_steps_for_interval")
    assert thirty.ci_low is not None
    assert thirty.reason is None
    assert difference_interval([rng.standard_normal(29)], [e9a_b()]).reason == "too_few_steps_for_interval"
    assert slope_interval(np.arange(99.0), rng.standard_normal(99)).reason == "too_few_steps_for_interval"


def test_nulls_are_left_out() -> None:
    values = e9a_a()
    holes = np.insert(values, [3, 50, 90], np.nan)
    assert mean_interval(holes) == mean_interval(values)


def test_no_variation_has_no_interval() -> None:
    flat = mean_interval(np.full(47, 0.1))
    assert (flat.mean, flat.ci_low, flat.reason) == (pytest.approx(0.1), None, "no_variation")
    assert difference_interval([e9a_a()], [np.full(47, 0.1)]).reason == "no_variation"
    assert slope_interval(np.arange(120.0), 3.0 + 0.1 * np.arange(120.0)).reason == "no_variation"
    assert slope_interval(np.zeros(120), np.arange(120.0)).reason == "no_variation"


def test_coverage_under_long_memory() -> None:
    rng = np.random.default_rng(20261122)
    runs, n = 200, 120
    hits = sum((found := mean_interval(naive.arfima(rng, n, 0.2))).ci_low < 0 < found.ci_high for _ in range(runs))
    assert hits / runs >= 0.93  # .94 to 1.00 in the specification's 2000 runs; block means alone cover .70 to .76


def test_difference_covers_under_long_memory() -> None:
    rng = np.random.default_rng(7)
    runs = 120
    found = [difference_interval([naive.arfima(rng, 100, 0.2)], [naive.arfima(rng, 100, 0.2)]) for _ in range(runs)]
    assert sum(abs(f.difference) < f.half_width for f in found) / runs >= 0.93
