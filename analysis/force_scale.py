"""kappa_trial: the force scale that makes mean normal force equal to body weight over whole strides (spec 2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from analysis.events import Contacts
from analysis.force import FootSignal
from analysis.kernels_step import whole_force
from analysis.parameters import Parameters
from analysis.result import ForceScale
from analysis.temporal import Breaks, find_breaks
from insole.trial import KappaEvent, TrialInfo

F8 = NDArray[np.float64]
MIN_WINDOWS = 4


@dataclass(frozen=True, eq=False)
class ForceIntegral:
    """Running integral of one signal's baselined force at kappa = 1: all (n,), N·s and N over s; breaks count as 0."""

    time_s: F8
    force_n: F8
    sum_n_s: F8
    breaks: Breaks

    def between(self, from_s: F8, to_s: F8) -> F8:
        """Integral over intervals (k,) by trapezoid with interpolated ends, N·s; NaN outside or across a break."""
        area = self._until(to_s) - self._until(from_s)
        outside = (from_s < self.time_s[0]) | (to_s > self.time_s[-1])
        return np.where(outside | self.breaks.between(from_s, to_s), np.nan, area)

    def _until(self, at_s: F8) -> F8:
        last = len(self.time_s) - 1
        before = np.clip(np.searchsorted(self.time_s, at_s, side="right") - 1, 0, last)
        force_here = np.interp(at_s, self.time_s, self.force_n)
        part = 0.5 * (self.force_n[before] + force_here) * (at_s - self.time_s[before])
        return np.asarray(self.sum_n_s[before] + part, dtype=np.float64)


def force_integral(signal: FootSignal, steps: Contacts) -> ForceIntegral | None:
    """Integrate one signal; each contact's baseline holds from its foot contact on. None without contacts."""
    if not len(steps.start_s):
        return None
    change = np.ceil(steps.start_sample).astype(np.int64)
    force = np.nan_to_num(whole_force(signal.value, change, steps.baseline, steps.weight), nan=0.0)
    pieces = 0.5 * (force[1:] + force[:-1]) * np.diff(signal.time_s)
    return ForceIntegral(signal.time_s, force, np.concatenate([[0.0], np.cumsum(pieces)]), find_breaks(signal))


def force_scale(
    info: TrialInfo,
    event: KappaEvent,
    integrals: Sequence[ForceIntegral],
    stride_start_s: F8,
    analysed_from_s: float,
    parameters: Parameters,
) -> ForceScale:
    """Both scales of a trial.

    `integrals`: the signals that together hold the force of both feet, empty where one foot is missing;
    `stride_start_s` (k,): foot contacts of one foot in the analysed span. Left out are strides across a break, and
    what is too long for a stride: a pause beside the belt, a forced re-zeroing. That keeps the balance: force and
    time are summed over the same whole strides.
    """
    weight_n = info.body_weight_n
    if weight_n is None or not integrals or len(stride_start_s) < 2:
        return ForceScale(event.value, event.source, None)
    begin, end = stride_start_s[:-1], stride_start_s[1:]
    impulse = np.sum([integral.between(begin, end) for integral in integrals], axis=0)
    whole = np.isfinite(impulse) & (end - begin <= parameters.stride_time_max_s)
    begin, end, impulse = begin[whole], end[whole], impulse[whole]
    seconds = end - begin
    if not impulse.sum() > 0:
        return ForceScale(event.value, event.source, None)
    normal_n = weight_n * info.treadmill.cosine
    window_s, window_kappa = [], []
    number = (begin - analysed_from_s) // parameters.kappa_window_s
    for window in np.unique(number):
        inside = (number == window) & (end <= analysed_from_s + (window + 1) * parameters.kappa_window_s)
        if seconds[inside].sum() >= 0.5 * parameters.kappa_window_s:  # a rest at the end is no minute
            window_s.append(float((begin + 0.5 * seconds)[inside].mean()))
            window_kappa.append(float(normal_n * seconds[inside].sum() / impulse[inside].sum()))
    return ForceScale(
        event.value,
        event.source,
        float(normal_n * seconds.sum() / impulse.sum()),
        tuple(window_s),
        tuple(window_kappa),
        *_drift(np.array(window_s), np.array(window_kappa)),
    )


def _drift(at_s: F8, kappa: F8) -> tuple[float | None, float | None, float | None]:
    """Slope of kappa in % of its mean an hour, with the 95 % interval of least squares; None below four windows."""
    if len(at_s) < MIN_WINDOWS:
        return None, None, None
    hours = (at_s - at_s.mean()) / 3600.0
    change = 100.0 * (kappa / kappa.mean() - 1.0)
    slope = float(hours @ change / (hours @ hours))
    rest = change - change.mean() - slope * hours
    df = len(at_s) - 2
    half = float(stdtrit(df, 0.975) * np.sqrt(rest @ rest / df / (hours @ hours)))
    return slope, slope - half, slope + half
