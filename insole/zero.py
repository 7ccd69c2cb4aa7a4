"""Where zero and the force scale come from before the first event (spec 2.3 start value, 2.4 kappa_event).

Shared by the recorder, which stores kappa_event in the trial file, and by the analysis, so that both start from
the same numbers; numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insole.trial import Foot, KappaEvent, Spans, TrialInfo

START_PERCENTILE = 2.0
START_WINDOW_S = 3.0
MIN_UNLOADED_S = 2.0
START_LIMIT_BW = 0.2
START_LIMIT_UNKNOWN_N = 150.0
MIN_STANDING_S = 1.0


@dataclass(frozen=True, eq=False)
class StartBaseline:
    """``value`` f8[n_sensels] in kPa (N for kinds in force), None if every window was loaded; known from ``valid_from``
    (a position in the array it was found in)."""

    value: NDArray[np.float64] | None
    valid_from: int


def start_limit_n(info: TrialInfo) -> float:
    """The summed force above which a start baseline was no baseline: 0.2 BW, or 150 N with the mass unknown."""
    weight = info.body_weight_n
    return START_LIMIT_UNKNOWN_N if weight is None else START_LIMIT_BW * weight


def start_baseline(
    values: NDArray[np.float64],
    sample_rate_hz: float,
    spans: Spans,
    weight: NDArray[np.float64],
    limit_n: float,
    start_s: float = 0.0,
) -> StartBaseline:
    """Start value of the baseline (spec 2.3).

    ``values`` f8[n, n_sensels] on a dense grid whose first sample is at ``start_s`` of the trial, NaN where nothing
    is known; ``weight`` f8[n_sensels] in N per unit. The ``unloaded`` span (2 s or longer) gives its median; otherwise
    the first consecutive 3-s window after the ``standing`` span whose 2nd percentile sums to ``limit_n`` or less.
    """
    n = values.shape[0]

    def position(seconds: float) -> int:
        return max(0, round((seconds - start_s) * sample_rate_hz))

    # A foot that started late may have missed most of the span; and before its end nothing is known yet.
    unloaded_to = position(spans.unloaded_s)
    if spans.unloaded_s >= MIN_UNLOADED_S and 0.5 * MIN_UNLOADED_S * sample_rate_hz <= unloaded_to <= n:
        value = _known(values[:unloaded_to], 50.0)
        if value is not None and float(np.nansum(weight * value)) <= limit_n:
            return StartBaseline(value, unloaded_to)
    window = round(START_WINDOW_S * sample_rate_hz)
    at = position(spans.warm_up_from_s)
    while at + window <= n:
        value = _known(values[at : at + window], START_PERCENTILE)
        if value is not None and float(np.nansum(weight * value)) <= limit_n:
            return StartBaseline(value, at + window)
        at += window
    return StartBaseline(None, n)


def _known(window: NDArray[np.float64], percentile: float) -> NDArray[np.float64] | None:
    """Percentile of each sensel over the samples that are known; None if fewer than half are."""
    known = window[~np.isnan(window).any(axis=1)]
    if known.shape[0] * 2 < window.shape[0] or known.shape[0] == 0:
        return None
    value: NDArray[np.float64] = np.percentile(known, percentile, axis=0)
    return value


def dense_loads(foot: Foot, until_s: float) -> NDArray[np.float64]:
    """Loads of the samples before ``until_s`` of the trial on a dense grid, f8[m, n_sensels], NaN in holes."""
    recording = foot.recording
    stop = int(np.searchsorted(recording.time_s, until_s))
    loads = foot.loads(slice(0, stop))
    place = recording.index[:stop] - recording.index[0] if stop else np.zeros(0, dtype=np.int64)
    dense = np.full((int(place[-1]) + 1 if stop else 0, loads.shape[1]), np.nan)
    dense[place] = loads
    return dense


def standing_force_n(foot: Foot, info: TrialInfo) -> float | None:
    """Mean force of one foot over the ``standing`` span at kappa = 1, in N; None without a baseline or a stance."""
    spans, fs = info.spans, foot.recording.sample_rate_hz
    if spans.standing_s < MIN_STANDING_S or foot.recording.n_samples == 0:
        return None
    start_s = float(foot.recording.time_s[0])
    weight, limit = foot.weight, start_limit_n(info)
    horizon_s = spans.warm_up_from_s + 10 * START_WINDOW_S
    baseline = StartBaseline(None, 0)
    while baseline.value is None:  # a minute is nearly always enough; an hour of a slow start still ends
        values = dense_loads(foot, horizon_s)
        baseline = start_baseline(values, fs, spans, weight, limit, start_s)
        if horizon_s > foot.recording.time_s[-1]:
            break
        horizon_s *= 4
    if baseline.value is None:
        return None
    first, last = (max(0, round((s - start_s) * fs)) for s in (spans.standing_from_s, spans.warm_up_from_s))
    stance = np.maximum(values[first:last] - baseline.value, 0.0) @ weight
    stance = stance[~np.isnan(stance)]
    return float(stance.mean()) if stance.size >= MIN_STANDING_S * fs else None


def event_kappa(info: TrialInfo, feet: Mapping[str, Foot], borrowed: float | None = None) -> KappaEvent:
    """kappa_event (spec 2.4): static from the ``standing`` span, else borrowed, else 1.

    Static: BW / mean(F_L + F_R) at kappa = 1, or on the one recorded foot in single-leg stance.
    """
    weight_n = info.body_weight_n
    if weight_n is None:
        return KappaEvent()
    forces = [standing_force_n(foot, info) for foot in feet.values()]
    if all(force is not None for force in forces):
        total = sum(force for force in forces if force is not None)
        if 0.01 * weight_n < total < 100.0 * weight_n:
            return KappaEvent(weight_n / total, "static")
    if borrowed is not None:
        return KappaEvent(borrowed, "borrowed")
    return KappaEvent()
