"""The filters against the printed numbers of the specification and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from analysis.filter import design_cut_off_hz, event_signal, low_pass, low_pass_window, triangle
from analysis.kernels_filter import forward_backward


def test_taps_at_1_khz() -> None:
    np.testing.assert_allclose(triangle(1000.0), np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25.0, rtol=1e-15)


@pytest.mark.parametrize(("rate", "length"), [(62.5, 3), (100, 3), (300, 3), (500, 5), (1000, 9), (1500, 13)])
def test_taps_have_the_odd_length_next_to_9_ms(rate: float, length: int) -> None:
    taps = triangle(rate)
    assert taps.size == length
    assert taps.sum() == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_array_equal(taps, taps[::-1])
    assert np.all(np.diff(taps[: length // 2 + 1]) > 0)


def test_event_filter_has_its_3_db_at_65_hz_and_a_zero_at_200_hz() -> None:
    _, gain = signal.freqz(triangle(1000.0), worN=[65.0, 200.0], fs=1000.0)
    assert abs(gain[0]) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert abs(gain[1]) < 1e-12


def test_event_signal_sits_on_its_samples() -> None:
    force = np.zeros(40)
    force[20] = 25.0
    out = event_signal(force, 1000.0)
    assert np.isnan(out[:4]).all()
    assert np.isnan(out[-4:]).all()
    np.testing.assert_allclose(out[16:25], [1, 2, 3, 4, 5, 4, 3, 2, 1])
    assert np.isnan(event_signal(np.ones(8), 1000.0)).all()


def test_printed_coefficients() -> None:
    coefficients = low_pass(1000.0)
    assert coefficients is not None
    b, a = coefficients
    assert design_cut_off_hz(1000.0, 50.0) == pytest.approx(62.04504, abs=5e-6)
    np.testing.assert_allclose(b, [0.02956907, 0.05913815, 0.02956907], atol=5e-9)
    np.testing.assert_allclose(a, [1.0, -1.45810386, 0.57638016], atol=5e-9)


@pytest.mark.parametrize("rate", [250.0, 300.0, 500.0, 1000.0, 2000.0])
def test_two_passes_have_their_3_db_at_50_hz(rate: float) -> None:
    coefficients = low_pass(rate)
    assert coefficients is not None
    reference = signal.butter(2, design_cut_off_hz(rate, 50.0), fs=rate)
    np.testing.assert_allclose(coefficients, reference, atol=1e-12)
    _, gain = signal.freqz(*coefficients, worN=[50.0], fs=rate)
    assert abs(gain[0]) ** 2 == pytest.approx(0.707107, abs=5e-7)


@pytest.mark.parametrize("rows", [10, 11, 61, 500])
def test_window_equals_filtfilt_with_constant_padding(rows: int) -> None:
    rng = np.random.default_rng(rows)
    window = np.cumsum(rng.normal(0.0, 20.0, (rows, 16)), axis=0) + 5.0
    b, a = low_pass(1000.0) or (np.empty(0), np.empty(0))
    expected = signal.filtfilt(b, a, window, axis=0, padtype="constant", padlen=9)
    block = np.vstack([window, np.full((7, 16), 1e9)])  # rows behind the window are not looked at
    forward_backward(block, rows, b, a)
    np.testing.assert_allclose(block[:rows], expected, atol=1e-10, rtol=1e-10)
    assert np.all(block[rows:] == 1e9)
    np.testing.assert_allclose(low_pass_window(window, 1000.0), np.maximum(expected, 0.0), atol=1e-10, rtol=1e-10)


def test_window_of_one_sample_and_below_250_hz() -> None:
    np.testing.assert_allclose(low_pass_window([3.0], 1000.0), [3.0], rtol=1e-12)
    assert low_pass(249.0) is None
    np.testing.assert_array_equal(low_pass_window([1.0, -2.0, 5.0], 100.0), [1.0, 0.0, 5.0])
