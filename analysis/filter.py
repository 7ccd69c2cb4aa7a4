"""The two filters: a triangle for events, a zero-phase low-pass for everything measured in a step (spec 3)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.kernels_filter import forward_backward
from analysis.parameters import DEFAULTS, Parameters

# Two passes of a section whose gain is 2^(-1/4) at f give 2^(-1/2) there: the second-order Butterworth gain
# 1/sqrt(1 + x^4) is that at x = C.
_TWO_PASSES = (math.sqrt(2.0) - 1.0) ** 0.25


def triangle(sample_rate_hz: float, parameters: Parameters = DEFAULTS) -> NDArray[np.float64]:
    """Taps of the event filter: a triangle of odd length next to 9 ms, at least 3, with sum 1.

    Symmetric and non-negative: it delays by (length - 1)/2 samples and never rings.
    """
    length = max(3, 2 * math.floor(parameters.fir_ms * sample_rate_hz / 2000.0 + 1e-9) + 1)
    half = (length + 1) // 2
    ramp: NDArray[np.float64] = half - np.abs(np.arange(1 - half, half, dtype=np.float64))
    ramp /= ramp.sum()
    return ramp


def event_signal(
    force_n: ArrayLike, sample_rate_hz: float, parameters: Parameters = DEFAULTS
) -> NDArray[np.float64]:
    """Force (n,) in N through the event filter, on the samples' own time: no delay, NaN where a tap finds nothing.

    `analysis.events` does the same in its loop, where the baseline may change between two samples.
    """
    force = np.asarray(force_n, dtype=np.float64)
    taps = triangle(sample_rate_hz, parameters)
    out = np.full(force.shape, np.nan)
    if force.size >= taps.size:
        delay = taps.size // 2
        out[delay : force.size - delay] = np.convolve(force, taps, mode="valid")
    return out


def design_cut_off_hz(sample_rate_hz: float, cut_off_hz: float) -> float:
    """Cut-off to design one pass for, so that two passes have their -3 dB at `cut_off_hz` (pre-warped)."""
    return sample_rate_hz / math.pi * math.atan(math.tan(math.pi * cut_off_hz / sample_rate_hz) / _TWO_PASSES)


def low_pass(
    sample_rate_hz: float, parameters: Parameters = DEFAULTS
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Coefficients b, a (3,) of one pass of the analysis low-pass; None below 250 Hz, where a step stays `unfiltered`.

    Second-order Butterworth by the bilinear transform, unity gain at 0 Hz.
    """
    if sample_rate_hz < parameters.low_pass_from_hz:
        return None
    k = math.tan(math.pi * design_cut_off_hz(sample_rate_hz, parameters.low_pass_hz) / sample_rate_hz)
    norm = 1.0 + math.sqrt(2.0) * k + k * k
    b0 = k * k / norm
    a1 = 2.0 * (k * k - 1.0) / norm
    a2 = (1.0 - math.sqrt(2.0) * k + k * k) / norm
    return np.array([b0, 2.0 * b0, b0]), np.array([1.0, a1, a2])


def low_pass_window(
    window: ArrayLike, sample_rate_hz: float, parameters: Parameters = DEFAULTS
) -> NDArray[np.float64]:
    """Low-passed copy of a window (m, s) or (m,) of baselined values; negatives become 0 (spec 3).

    Unchanged but for the negatives below 250 Hz. Equal to scipy's `filtfilt` with 9 constant padding samples.
    """
    given = np.asarray(window, dtype=np.float64)
    block = given.reshape(given.shape[0], -1).copy()
    coefficients = low_pass(sample_rate_hz, parameters)
    if coefficients is not None and block.shape[0] > 0:
        forward_backward(block, block.shape[0], *coefficients)
    return np.maximum(block, 0.0).reshape(given.shape)
