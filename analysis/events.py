"""Contacts of one foot: the only event detector, live and offline (spec 2.3, 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import kernels_contact as kernel
from analysis.filter import triangle
from analysis.force import FootSignal
from analysis.parameters import DEFAULTS, Parameters
from insole.trial import TrialInfo
from insole.zero import start_baseline


@dataclass(eq=False)
class Contacts:
    """k contacts of one foot, in order; positions on the dense grid of the `FootSignal` they came from (s sensels)."""

    start_sample: NDArray[np.float64]
    """(k,) initial contact, fractional sample position"""
    end_sample: NDArray[np.float64]
    """(k,) toe-off, fractional sample position"""
    start_s: NDArray[np.float64]
    """(k,) initial contact on the trial's time base"""
    end_s: NDArray[np.float64]
    """(k,) toe-off on the trial's time base"""
    baseline: NDArray[np.float64]
    """(k, s) the one baseline a step's indices use, in the unit of the signal (2.3)"""
    weight: NDArray[np.float64]
    """(k, s) N per unit of value during this contact: the signal's weight, 0 for sensels missing or stuck by then"""
    n_broken: int
    """stances cut by a break; they are never emitted"""
    flags: tuple[str, ...]
    """of the whole foot: rezero_forced, noisy_swing, preload_high, baseline_jump, stuck:<id>"""
    step_flags: tuple[tuple[str, ...], ...]
    """(k) flags of single contacts: baseline_jump"""
    stuck: tuple[str, ...]
    """ids of the sensels found stuck, in the order of the layout"""
    reason: str | None
    """why there are no contacts: no_baseline | no_contacts; None if there are some"""
    signal: NDArray[np.float64]
    """(n,) event signal E in N, scaled by kappa_event; NaN where undefined"""


@dataclass(eq=False)
class Emitted:
    """Contacts that one call of the detector found: fractional positions (k,), baseline and weight (k, s)."""

    start_sample: NDArray[np.float64]
    end_sample: NDArray[np.float64]
    baseline: NDArray[np.float64]
    weight: NDArray[np.float64]


class Detector:
    """The state machine with all it remembers; fed by `contacts` at once, by `analysis.live` in chunks.

    `first` is the position at which the event signal begins, under `baseline` (s,); `weight` (s,) N per unit;
    `body_weight_n` None if the mass is unknown; `run_from` (s,) since when each sensel says what it says just before
    `position`. `swings` 0 keeps the baseline as it is, `taps` replaces the event filter: with one tap of 1 the machine
    runs on the event signal itself.
    """

    def __init__(
        self,
        sample_rate_hz: float,
        weight: NDArray[np.float64],
        baseline: NDArray[np.float64],
        first: int,
        kappa_event: float,
        body_weight_n: float | None,
        parameters: Parameters = DEFAULTS,
        run_from: NDArray[np.int64] | None = None,
        swings: int | None = None,
        taps: NDArray[np.float64] | None = None,
    ) -> None:
        """Set the machine to UNKNOWN just before `first`."""
        fs, s = sample_rate_hz, weight.size
        self._taps = triangle(fs, parameters) if taps is None else taps
        self.delay = self._taps.size // 2
        settings = np.empty(kernel.N_SETTINGS)
        settings[kernel.KAPPA] = kappa_event
        settings[kernel.T_HI] = parameters.t_hi_n(body_weight_n)
        settings[kernel.T_LO] = parameters.t_lo_n(body_weight_n)
        settings[kernel.T_CONTACT] = parameters.t_contact_s * fs
        settings[kernel.T_SWING] = parameters.t_swing_s * fs
        settings[kernel.REZERO] = parameters.rezero_after_s * fs
        settings[kernel.WINDOW_LENGTH] = round(parameters.baseline_window_s * fs)
        settings[kernel.PERCENTILE] = parameters.baseline_percentile
        settings[kernel.LIMIT] = parameters.baseline_limit_n(body_weight_n)
        settings[kernel.MIDDLE] = parameters.baseline_middle_share
        settings[kernel.STUCK_SAMPLES] = parameters.stuck_s * fs
        self._settings = settings
        self._ints = np.zeros(kernel.N_INTS, dtype=np.int64)
        self._ints[kernel.NEXT] = max(0, first - self.delay)
        self._ints[kernel.FROM] = first
        self._ints[kernel.LOADED] = -1
        self._reals = np.full(kernel.N_REALS, np.nan)
        self._ring = np.zeros(self._taps.size)
        self._baseline = baseline.astype(np.float64)
        kept = parameters.baseline_swings if swings is None else swings
        self._medians = np.zeros((kept + 1, s))
        self._weight = weight.astype(np.float64)
        self._run_from = np.full(s, self.position) if run_from is None else run_from.copy()
        self._stuck_from = np.full(s, -1, dtype=np.int64)
        self._contacts_fc = np.full(parameters.stuck_strides + 1, np.nan)
        self._shortest = max(1.0, np.floor((parameters.t_contact_s + parameters.t_swing_s) * fs))

    @property
    def position(self) -> int:
        """Next sample to be taken in."""
        return int(self._ints[kernel.NEXT])

    @property
    def keep_from(self) -> int:
        """First sample the machine may still look back at."""
        if self._ints[kernel.ZEROING]:
            return min(self.position - self.delay, int(self._ints[kernel.WINDOW]))
        swing = self._reals[kernel.LAST_FO]
        # The event signal of the oldest sample in the filter is written last, one delay behind.
        here = self.position - self.delay
        return here if np.isnan(swing) else min(here, int(swing))

    @property
    def contact_from(self) -> int:
        """No contact still to be emitted begins before this sample."""
        here = self.position - self.delay
        if not self._ints[kernel.HAS_PREVIOUS]:
            return here
        if self._ints[kernel.STATE] >= kernel.STANCE:
            return int(self._reals[kernel.FC])
        # Above the lower threshold a contact may already have begun, though nothing says so yet.
        above = self._reals[kernel.PREVIOUS] >= self._settings[kernel.T_LO]
        return int(self._reals[kernel.T_UP]) if above and self._ints[kernel.STATE] == kernel.SWING else here

    @property
    def n_broken(self) -> int:
        """Stances cut by a break so far."""
        return int(self._ints[kernel.BROKEN])

    @property
    def n_rezeroed(self) -> int:
        """Forced re-zeroings so far."""
        return int(self._ints[kernel.REZEROED])

    @property
    def stuck_from(self) -> NDArray[np.int64]:
        """(s,) position from which a sensel is treated as missing; -1 for those never found stuck."""
        return self._stuck_from.copy()

    def run(
        self,
        value: NDArray[np.float64],
        held: NDArray[np.bool_],
        broken: NDArray[np.bool_],
        base: int,
        signal: NDArray[np.float64],
    ) -> Emitted:
        """Take in rows `position - base` and later of a buffer that reaches back to `keep_from`.

        `value`, `held` (m, s), `broken` (m,) as in `FootSignal`; row 0 is position `base`. Writes the event signal it
        can form into `signal` (m,), which belongs to the same rows.
        """
        room = int(max(0, base + value.shape[0] - self.position + self.delay) / self._shortest) + 2
        s = value.shape[1]
        start, end = np.empty(room), np.empty(room)
        baseline, weight = np.empty((room, s)), np.empty((room, s))
        k = kernel.follow(
            value, held, broken, base, self._settings, self._taps, self._ints, self._reals, self._ring, self._baseline,
            self._medians, self._weight, self._run_from, self._stuck_from, self._contacts_fc, start, end, baseline,
            weight, signal,
        )  # fmt: skip
        return Emitted(start[:k], end[:k], baseline[:k], weight[:k])


def contacts(
    signal: FootSignal, info: TrialInfo, kappa_event: float, parameters: Parameters = DEFAULTS
) -> Contacts:
    """All contacts of a recording (spec 4.1), with the baselines in force (2.3) and the flags of both."""
    fs, n, s = signal.sample_rate_hz, signal.n_samples, signal.weight.size
    event = np.full(n, np.nan)
    found = Emitted(np.empty(0), np.empty(0), np.empty((0, s)), np.empty((0, s)))
    body_weight_n = info.body_weight_n
    begin_s = float(signal.time_s[0]) if n else 0.0
    limit_n = parameters.baseline_limit_n(body_weight_n)
    zero = start_baseline(signal.value, fs, info.spans, signal.weight, limit_n, begin_s)
    if zero.value is None:
        return _collect(signal, found, event, None, "no_baseline", parameters, 0.0)
    first = max(zero.valid_from, sample_at(info.spans.warm_up_from_s, begin_s, fs))
    since = last_changes(signal.held[:first], 0, np.zeros(s, dtype=np.int64))
    detector = Detector(fs, signal.weight, zero.value, first, kappa_event, body_weight_n, parameters, since)
    found = detector.run(signal.value, signal.held, signal.broken, 0, event)
    reason = None if found.start_sample.size else "no_contacts"
    return _collect(signal, found, event, detector, reason, parameters, parameters.t_lo_n(body_weight_n))


def last_changes(held: NDArray[np.bool_], base: int, before: NDArray[np.int64]) -> NDArray[np.int64]:
    """(s,) last change of each sensel in `held` (m, s), whose row 0 is position `base`; `before` (s,) without one."""
    changed = ~held
    last = base + held.shape[0] - 1 - np.argmax(changed[::-1], axis=0) if held.shape[0] else before
    return np.where(changed.any(axis=0), last, before).astype(np.int64)


def sample_at(time_s: float, begin_s: float, sample_rate_hz: float) -> int:
    """Position of a time of the trial on a dense grid that begins at `begin_s`; 0 before it."""
    return max(0, round((time_s - begin_s) * sample_rate_hz))


def time_at(position: NDArray[np.float64], time_s: NDArray[np.float64], base: int = 0) -> NDArray[np.float64]:
    """Times (k,) of fractional positions, linear between the samples' stamps `time_s` (m,), row 0 = position `base`."""
    row = np.floor(position).astype(np.int64)
    share = position - row
    at = row - base
    return time_s[at] + share * (time_s[np.minimum(at + 1, time_s.size - 1)] - time_s[at])


def _collect(
    signal: FootSignal,
    found: Emitted,
    event: NDArray[np.float64],
    detector: Detector | None,
    reason: str | None,
    parameters: Parameters,
    t_lo: float,
) -> Contacts:
    stuck: tuple[str, ...] = ()
    flags: list[str] = []
    jumps = baseline_jumps(found.baseline * signal.kpa_per_value, parameters)
    if detector is not None:
        stuck = tuple(i for i, at in zip(signal.sensel_ids, detector.stuck_from, strict=True) if at >= 0)
        if detector.n_rezeroed:
            flags.append("rezero_forced")
        if parameters.noisy_swing_sd * swing_sd(event, found, parameters) > t_lo:
            flags.append("noisy_swing")
        if preload_high(signal, found, parameters).any():
            flags.append("preload_high")
        if jumps.any():
            flags.append("baseline_jump")
        flags += [f"stuck:{i}" for i in stuck]
    return Contacts(
        start_sample=found.start_sample, end_sample=found.end_sample,
        start_s=time_at(found.start_sample, signal.time_s), end_s=time_at(found.end_sample, signal.time_s),
        baseline=found.baseline, weight=found.weight, n_broken=detector.n_broken if detector else 0,
        flags=tuple(flags), step_flags=tuple(("baseline_jump",) if jump else () for jump in jumps), stuck=stuck,
        reason=reason, signal=event,
    )  # fmt: skip


def baseline_jumps(baseline_kpa: NDArray[np.float64], parameters: Parameters = DEFAULTS) -> NDArray[np.bool_]:
    """(k,) True where a sensel's baseline (k, s) is > 10 kPa away from one of the 10 strides before (2.3)."""
    jump = np.zeros(baseline_kpa.shape[0], dtype=np.bool_)
    for back in range(1, min(parameters.baseline_jump_strides, jump.size - 1) + 1):
        jump[back:] |= (np.abs(baseline_kpa[back:] - baseline_kpa[:-back]) > parameters.baseline_jump).any(axis=1)
    return jump


def preload_high(signal: FootSignal, found: Emitted, parameters: Parameters = DEFAULTS) -> NDArray[np.bool_]:
    """(s,) True for sensels whose baseline is > 10 % of their stance peak, medians over the contacts (2.3)."""
    if found.start_sample.size == 0:
        return np.zeros(signal.weight.size, dtype=np.bool_)
    first = np.ceil(found.start_sample).astype(np.int64)
    last = np.floor(found.end_sample).astype(np.int64)
    peak = np.stack([signal.value[a : b + 1].max(axis=0) for a, b in zip(first, last, strict=True)]) - found.baseline
    baseline = np.median(found.baseline, axis=0)
    high: NDArray[np.bool_] = baseline > parameters.preload_high_share * np.maximum(np.median(peak, axis=0), 0.0)
    return high & (signal.weight > 0.0)


def swing_sd(event: NDArray[np.float64], found: Emitted, parameters: Parameters = DEFAULTS) -> float:
    """SD in N of the event signal within the middle of a swing, pooled over the swings between contacts; 0 if none."""
    fo, fc = found.end_sample[:-1], found.start_sample[1:]
    trim = 0.5 * (1.0 - parameters.baseline_middle_share) * (fc - fo)
    first, last = np.ceil(fo + trim).astype(np.int64), np.ceil(fc - trim).astype(np.int64)
    swings = [event[a:b] for a, b in zip(first, last, strict=True)]
    # A hole in the event signal means that what lies between the two contacts was no single swing.
    variances = [float(swing.var()) for swing in swings if swing.size and not np.isnan(swing).any()]
    return float(np.sqrt(np.mean(variances))) if variances else 0.0
