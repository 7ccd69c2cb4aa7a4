"""The same detector and the same step kernels, fed chunk by chunk: what comes out equals the offline result.

A contact is emitted one filter delay and one minimum swing after its toe-off. Its step follows when the window of the
low-pass has been seen. Rules that need the whole trial (spec 4.3: last steps, missed events, outliers) are not applied
here: every step is provisional.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.events import Contacts, Detector, Emitted, last_changes, sample_at, time_at
from analysis.force import FootSignal
from analysis.measures import Measures, measure
from analysis.parameters import DEFAULTS, Parameters
from analysis.temporal import find_breaks
from insole.layout import Layout
from insole.trial import Spans, TrialInfo
from insole.zero import MIN_UNLOADED_S, start_baseline


@dataclass(frozen=True, eq=False)
class LiveContact:
    """A finalised contact; fractional positions count from the first sample ever fed, `baseline`, `weight` (s,)."""

    start_sample: float
    end_sample: float
    start_s: float
    end_s: float
    baseline: NDArray[np.float64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LiveStep:
    """A provisional step: its contact and its `measures` (of one step; forces at kappa = 1)."""

    contact: LiveContact
    measures: Measures

    @property
    def mli(self) -> float:
        """Medial loading index in %, NaN = null."""
        return float(self.measures.columns["mli"][0])


@dataclass(frozen=True)
class LiveUpdate:
    """What became known with one chunk, in order."""

    contacts: tuple[LiveContact, ...]
    steps: tuple[LiveStep, ...]


class LiveFoot:
    """One foot, live. `layout` and `info` as in the trial file, `kappa_event` as fixed before the first event.

    Memory: it keeps the samples since the last toe-off, less the guard of the low-pass, and what the start baseline
    needs. A very long swing (a foot held up for minutes) is kept whole, because its median needs it.
    """

    def __init__(
        self, layout: Layout, info: TrialInfo, kappa_event: float, parameters: Parameters = DEFAULTS
    ) -> None:
        """Wait for the first chunk."""
        self._layout, self._info, self._kappa, self._parameters = layout, info, kappa_event, parameters
        self._buffer: FootSignal | None = None
        self._base = 0
        self._begin_s = 0.0
        self._detector: Detector | None = None
        self._zero: NDArray[np.float64] | None = None
        self._first = 0
        self._tile: int | None = None
        self._since = np.empty(0, dtype=np.int64)
        self._waiting: list[LiveContact] = []

    @property
    def has_baseline(self) -> bool:
        """True once the start baseline is known: no contact comes before."""
        return self._zero is not None

    @property
    def n_broken(self) -> int:
        """Stances cut by a break so far."""
        return self._detector.n_broken if self._detector else 0

    @property
    def n_rezeroed(self) -> int:
        """Forced re-zeroings so far."""
        return self._detector.n_rezeroed if self._detector else 0

    @property
    def n_kept(self) -> int:
        """Samples kept at the moment."""
        return 0 if self._buffer is None else self._buffer.n_samples

    def stuck(self) -> tuple[str, ...]:
        """Ids of the sensels found stuck so far."""
        if self._detector is None or self._buffer is None:
            return ()
        return tuple(i for i, at in zip(self._buffer.sensel_ids, self._detector.stuck_from, strict=True) if at >= 0)

    def feed(self, chunk: FootSignal) -> LiveUpdate:
        """Take in the next dense samples (from `analysis.force.SignalStream`), any number of them."""
        if chunk.n_samples == 0:
            return LiveUpdate((), ())
        if self._buffer is None:
            self._buffer = chunk
            self._begin_s = float(chunk.time_s[0])
            self._since = np.zeros(chunk.weight.size, dtype=np.int64)
        else:
            self._buffer = _joined(self._buffer, chunk)
        if self._detector is None:
            self._start(self._buffer)
        contacts = self._detect(self._buffer, self._detector) if self._detector is not None else ()
        self._waiting += contacts
        steps = self._finished(self._buffer, self._base + self._buffer.n_samples)
        self._drop(self._buffer)
        return LiveUpdate(contacts, steps)

    def finish(self) -> LiveUpdate:
        """The recording is over: the steps whose window it cuts short."""
        steps = () if self._buffer is None else self._finished(self._buffer, None)
        return LiveUpdate((), steps)

    def _start(self, buffer: FootSignal) -> None:
        """Look for the start baseline; set the detector up once every sample before its first one is there."""
        spans, fs = self._info.spans, buffer.sample_rate_hz
        limit = self._parameters.baseline_limit_n(self._info.body_weight_n)
        seen = self._base + buffer.n_samples
        belt_from = sample_at(spans.warm_up_from_s, self._begin_s, fs)
        if self._zero is None and self._tile is None:
            unloaded = sample_at(spans.unloaded_s, self._begin_s, fs) if spans.unloaded_s >= MIN_UNLOADED_S else 0
            if seen < unloaded:
                return
            zero = start_baseline(buffer.value[:unloaded], fs, spans, buffer.weight, limit, self._begin_s)
            self._zero, self._first, self._tile = zero.value, max(unloaded, belt_from), belt_from
        window = round(self._parameters.baseline_window_s * fs)
        while self._zero is None and self._tile is not None and seen >= self._tile + window:
            at = self._tile - self._base
            tile = start_baseline(buffer.value[at : at + window], fs, Spans(), buffer.weight, limit)
            self._tile += window
            self._zero, self._first = tile.value, self._tile
        if self._zero is not None and seen >= self._first:
            since = last_changes(buffer.held[: self._first - self._base], self._base, self._since)
            self._detector = Detector(
                fs, buffer.weight, self._zero, self._first, self._kappa, self._info.body_weight_n, self._parameters,
                since,
            )  # fmt: skip

    def _detect(self, buffer: FootSignal, detector: Detector) -> tuple[LiveContact, ...]:
        found: Emitted = detector.run(
            buffer.value, buffer.held, buffer.broken, self._base, np.empty(buffer.n_samples)
        )
        start_s = time_at(found.start_sample, buffer.time_s, self._base)
        end_s = time_at(found.end_sample, buffer.time_s, self._base)
        return tuple(
            LiveContact(float(a), float(b), float(t), float(u), baseline, weight)
            for a, b, t, u, baseline, weight in zip(
                found.start_sample, found.end_sample, start_s, end_s, found.baseline, found.weight, strict=True
            )
        )

    def _finished(self, buffer: FootSignal, seen: int | None) -> tuple[LiveStep, ...]:
        """Steps whose window ends before position `seen`; None: all that wait."""
        guard = self._parameters.low_pass_guard_s * buffer.sample_rate_hz
        steps: list[LiveStep] = []
        while self._waiting and (seen is None or self._waiting[0].end_sample + guard + 1.0 < seen):
            steps.append(self._step(buffer, self._waiting.pop(0), guard))
        return tuple(steps)

    def _step(self, buffer: FootSignal, contact: LiveContact, guard: float) -> LiveStep:
        low = max(self._base, int(contact.start_sample - guard) - 1)
        high = int(contact.end_sample + guard) + 2
        window = _cut(buffer, low - self._base, high - self._base)
        one = Contacts(
            start_sample=np.array([contact.start_sample - low]), end_sample=np.array([contact.end_sample - low]),
            start_s=np.array([contact.start_s]), end_s=np.array([contact.end_s]), baseline=contact.baseline[None],
            weight=contact.weight[None], n_broken=0, flags=(), step_flags=((),), stuck=(), reason=None,
            signal=np.empty(0),
        )  # fmt: skip
        cop_force_n = self._parameters.cop_force_n(self._info.body_weight_n) / self._kappa
        return LiveStep(contact, measure(window, find_breaks(window), one, self._layout, cop_force_n, self._parameters))

    def _drop(self, buffer: FootSignal) -> None:
        """Forget the samples that nothing will look back at."""
        guard = int(self._parameters.low_pass_guard_s * buffer.sample_rate_hz) + 2
        if self._detector is not None:
            keep = min(self._detector.keep_from, self._detector.contact_from - guard)
            if self._waiting:
                keep = min(keep, int(self._waiting[0].start_sample) - guard)
        elif self._zero is not None:
            keep = self._first - guard
        elif self._tile is not None:
            keep = self._tile - guard
        else:
            return
        drop = min(keep - self._base, buffer.n_samples)
        if drop <= 0:
            return
        if self._detector is None:
            self._since = last_changes(buffer.held[:drop], self._base, self._since)
        self._buffer = _cut(buffer, drop, buffer.n_samples)
        self._base += drop


def _joined(a: FootSignal, b: FootSignal) -> FootSignal:
    """Two pieces of one signal, the second right after the first."""
    return replace(
        a,
        time_s=np.concatenate([a.time_s, b.time_s]),
        value=np.concatenate([a.value, b.value]),
        cop_mm=None if a.cop_mm is None or b.cop_mm is None else np.concatenate([a.cop_mm, b.cop_mm]),
        interpolated=np.concatenate([a.interpolated, b.interpolated]),
        broken=np.concatenate([a.broken, b.broken]),
        held=np.concatenate([a.held, b.held]),
        saturated=None if a.saturated is None or b.saturated is None else np.concatenate([a.saturated, b.saturated]),
    )


def _cut(signal: FootSignal, first: int, last: int) -> FootSignal:
    """Rows `[first, last)` of a signal."""
    rows = slice(first, last)
    return replace(
        signal,
        first_index=signal.first_index + first,
        time_s=signal.time_s[rows],
        value=signal.value[rows],
        cop_mm=None if signal.cop_mm is None else signal.cop_mm[rows],
        interpolated=signal.interpolated[rows],
        broken=signal.broken[rows],
        held=signal.held[rows],
        saturated=None if signal.saturated is None else signal.saturated[rows],
    )
