"""Wrapping device counters -> absolute samples and seconds; two boards on one time base.

Two independent problems. *Placing*: a frame carries a 16-bit sequence and a 32-bit count of microseconds, both of
which wrap; ``SampleClock`` finds the absolute sample number. *Aligning*: each board counts its own microseconds from
its own boot; ``fit_clock`` ties them to the host's clock, which both share, and ``common_base`` puts the trial's zero
on the first sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

STAMP_SPAN_US: Final = 1 << 32
SEQUENCE_SPAN: Final = 1 << 16
WINDOW_S: Final = 20.0
_BIN_S: Final = 0.1
_SLACK_S: Final = 0.25
_SLACK_OF_GAP: Final = 1e-3
_FEWEST: Final = 8
MAX_DRIFT: Final = 0.02
"""More than any oscillator is off; beyond it the stamps measure the link."""
_SHORTEST_PACE_S: Final = 2.0
_STALL_S: Final = 0.25

Samples = NDArray[np.int64]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Placed:
    """Where frames belong. ``kept`` bool[m] says which of the m frames given count; of those, ``index`` i8 is the
    absolute sample number (0 = first scan after *start*) and ``device_us`` i8 the unwrapped device time."""

    kept: NDArray[np.bool_]
    index: Samples
    device_us: Samples


class SampleClock:
    """Absolute sample numbers of the frames of one board since its *start*, chunk by chunk or all at once.

    Between two frames the device time says how many scans went by, up to a few; the sequence says which of the numbers
    near that it was. So a gap of 65 536 frames, which leaves the sequence as it was, is found by its time, and a clock
    that is a little off never adds up to a slipped sample. Whole turns of the microsecond counter (71.58 min) come from
    the host's time.

    Refused are frames that can't follow the last one that counted: repeated ones, and ones whose sequence and time
    contradict each other, which is what damage looks like in the rare case that the check sum misses it.
    """

    def __init__(self, sample_rate_hz: float) -> None:
        """``sample_rate_hz``: scans a second of the board's own clock."""
        self._rate_hz = sample_rate_hz
        self._last: tuple[int, int, float] | None = None
        self.last_index = -1
        self.last_device_us = 0
        self.refused = 0
        """Frames refused so far."""
        self.refused_in_a_row = 0
        """Frames refused since the last one that counted: thousands mean that the board has begun to count anew."""

    def place(
        self, sequence: NDArray[np.uint16], device_time_us: NDArray[np.uint32], host_s: Seconds | float
    ) -> Placed:
        """Place m frames. ``host_s``, f8[m] or one for all: when the chunk that each came in was read, s."""
        m = sequence.shape[0]
        kept = np.ones(m, dtype=bool)
        if m == 0:
            return Placed(kept, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        seq = sequence.astype(np.int64)
        stamp = device_time_us.astype(np.int64)
        host = np.broadcast_to(np.asarray(host_s, dtype=np.float64), (m,))
        # The reference stands before the frames; the very first frame is its own, with the sequence as its number.
        first = self._last is None
        if self._last is not None:
            seq = np.concatenate([[self._last[0]], seq])
            stamp = np.concatenate([[self._last[1]], stamp])
            host = np.concatenate([[self._last[2]], host])
        steps, turns_us, follows = self._follow(seq[:-1], stamp[:-1], host[:-1], seq[1:], stamp[1:], host[1:])
        chosen = np.ones(seq.shape[0], dtype=bool)
        bad = np.flatnonzero(~follows)
        while bad.size:
            at = int(bad[0])  # the last frame that counts; the one after it does not follow
            after = self._next_that_follows(at, seq, stamp, host)
            chosen[at + 1 : after] = False
            if after == seq.shape[0]:
                break
            step, turn_us, _ = self._follow(seq[at], stamp[at], host[at], seq[after], stamp[after], host[after])
            steps[after - 1], turns_us[after - 1] = int(step), int(turn_us)
            bad = bad[bad >= after]
        counts = chosen[1:]
        index = np.cumsum(np.where(counts, steps, 0))
        device_us = np.cumsum(np.where(counts, turns_us, 0))
        if first:
            index, device_us = np.append(0, index) + seq[0], np.append(0, device_us) + stamp[0]
            kept = chosen
        else:
            index, device_us = index + self.last_index, device_us + self.last_device_us
            kept = counts
        self._remember(kept, index, device_us, seq[-m:], stamp[-m:], host[-m:])
        return Placed(kept, index[kept], device_us[kept])

    def _remember(
        self, kept: NDArray[np.bool_], index: Samples, device_us: Samples, seq: Samples, stamp: Samples, host: Seconds
    ) -> None:
        refused = int(kept.size - kept.sum())
        self.refused += refused
        if refused == kept.size:
            self.refused_in_a_row += refused
            return
        last = int(np.flatnonzero(kept)[-1])
        self.refused_in_a_row = kept.size - 1 - last
        self._last = (int(seq[last]), int(stamp[last]), float(host[last]))
        self.last_index, self.last_device_us = int(index[last]), int(device_us[last])

    def _follow(
        self, seq: Samples, stamp: Samples, host: Seconds, next_seq: Samples, next_stamp: Samples, next_host: Seconds
    ) -> tuple[Samples, Samples, NDArray[np.bool_]]:
        """Scans and device µs from one frame to the next, and whether it can follow at all; shapes broadcast."""
        elapsed_us = (next_stamp - stamp) % STAMP_SPAN_US
        turns = np.rint(((next_host - host) * 1e6 - elapsed_us) / STAMP_SPAN_US).astype(np.int64)
        turns = np.maximum(turns, 0)  # bytes that come faster than they were sampled turn no clock back
        elapsed_us = elapsed_us + turns * STAMP_SPAN_US
        scans = elapsed_us * (self._rate_hz * 1e-6)
        ahead = (next_seq - seq) % SEQUENCE_SPAN
        steps = ahead + SEQUENCE_SPAN * np.rint((scans - ahead) / SEQUENCE_SPAN).astype(np.int64)
        slack = _SLACK_S * self._rate_hz + _SLACK_OF_GAP * steps
        return steps, elapsed_us, (steps > 0) & (elapsed_us > 0) & (np.abs(scans - steps) <= slack)

    def _next_that_follows(self, at: int, seq: Samples, stamp: Samples, host: Seconds) -> int:
        """Position of the first frame behind ``at`` + 1 that can follow frame ``at``; their number if none can."""
        block = 256
        low = at + 2
        while low < seq.shape[0]:
            part = slice(low, low + block)
            _, _, follows = self._follow(seq[at], stamp[at], host[at], seq[part], stamp[part], host[part])
            if follows.any():
                return low + int(np.argmax(follows))
            low, block = low + block, block * 2
        return int(seq.shape[0])


@dataclass(frozen=True, eq=False)
class ClockFit:
    """One board's microseconds on the host's clock: straight pieces from ``knot_us`` (device) to ``knot_s`` (host).

    ``aligned`` False: the host's stamps told no time, the board's own seconds stand, and so does its first scan's zero.

    ``drift_ppm``: how much faster than the host the board counts. ``residual_s``: how far the middle stamp came behind
    the earliest ones, which the fit follows; a fixed latency is invisible. ``zero_s``: host time of the trial's zero.
    """

    knot_us: NDArray[np.float64]
    knot_s: Seconds
    drift_ppm: float
    residual_s: float
    zero_s: float = 0.0
    aligned: bool = True

    def time_s(self, device_us: Samples) -> Seconds:
        """Trial time in s of unwrapped device times in µs; strictly increasing in them."""
        x = np.asarray(device_us, dtype=np.float64)
        slopes = np.diff(self.knot_s) / np.diff(self.knot_us)
        piece = np.clip(np.searchsorted(self.knot_us, x, side="right") - 1, 0, slopes.size - 1)
        at_knot: Seconds = self.knot_s[piece] - self.zero_s
        return at_knot + (x - self.knot_us[piece]) * slopes[piece]

    def as_dict(self, first_us: int) -> dict[str, float]:
        """What the trial file keeps: ``offset_s`` is the trial time of the first sample minus its device time."""
        offset_s = float(self.time_s(np.array([first_us]))[0]) - first_us * 1e-6
        if not self.aligned:
            return {"offset_s": offset_s, "aligned": 0.0}
        return {"offset_s": offset_s, "aligned": 1.0, "drift_ppm": self.drift_ppm, "residual_s": self.residual_s}


def fit_clock(device_us: Samples, host_s: Seconds, window_s: float = WINDOW_S) -> ClockFit:
    """Tie a board's clock to the host's by the host time stamps of its chunks.

    ``device_us`` i8[k], unwrapped device time of the last frame in each chunk, increasing; ``host_s`` f8[k], when it
    was read. A stamp is never early, only late, and by no law: so after a least-squares line the lower hull of what
    remains counts, in windows of about ``window_s``, each at its middle; between the middles it is straight. With
    less than two windows the board's own seconds are kept (slope 1), unless a drift stands out of the scatter of the
    earliest stamps. ValueError without a stamp.
    """
    if device_us.shape[0] == 0:
        raise ValueError("a clock can't be fitted without a time stamp")
    if not told_time(device_us, host_s):
        return own_clock(int(device_us[0]))
    x = (device_us - device_us[0]) * 1e-6
    y = host_s - host_s[0]
    windows = round(float(x[-1]) / window_s)
    if windows < 2:
        slope = _short_slope(x, y)
        centre, value = np.array([0.0, max(float(x[-1]), 1.0)]), np.zeros(2)
        line = slope * x
        value += float(np.min(y - line))
    else:
        slope, level = (float(c) for c in np.polyfit(x, y, 1))
        line = slope * x + level
        edges = np.linspace(0.0, float(x[-1]), windows + 1)
        cuts = np.searchsorted(x, edges[1:-1])
        parts = zip((edges[1:] + edges[:-1]) / 2, np.split(x, cuts), np.split(y - line, cuts), strict=True)
        # A window whose middle lies in a hole has no hull there.
        knots = [(m, _lower_hull_at(xs, rs, m)) for m, xs, rs in parts if xs.size and xs[0] <= m <= xs[-1]]
        if len(knots) < 2:
            return fit_clock(device_us, host_s, window_s=float(x[-1]))
        centre, value = _with_ends(np.array([k[0] for k in knots]), np.array([k[1] for k in knots]), float(x[-1]))
        value = value + level
    knot_s = slope * centre + value
    mean_slope = float(np.polyfit(centre, knot_s, 1)[0])
    fit = ClockFit(
        knot_us=centre * 1e6 + float(device_us[0]),
        knot_s=knot_s + float(host_s[0]),
        drift_ppm=(1.0 / mean_slope - 1.0) * 1e6,
        residual_s=0.0,
    )
    late = host_s - fit.time_s(device_us)
    return replace(fit, residual_s=float(np.median(late) - np.min(late)))


def own_clock(first_us: int) -> ClockFit:
    """The board's own seconds from its scan 0 on, for bytes that did not come at the pace of the scans."""
    knot_us = first_us + np.array([0.0, 1e6])
    return ClockFit(knot_us=knot_us, knot_s=np.array([0.0, 1.0]), drift_ppm=0.0, residual_s=0.0, aligned=False)


def told_time(device_us: Samples, host_s: Seconds) -> bool:
    """Whether host stamps can belong to a board that ran in real time (arguments as for ``fit_clock``).

    No oscillator is 2 % off, but a link can be faster (a file, a socket, an unpaced simulator) or slower than its
    board: its stamps then measure the link. A host that stalls and catches up is no such link, so it takes the pace
    between the earliest stamps of the first and the last third; recordings under 2 s tell nothing and are believed.
    """
    x, late = (device_us - device_us[0]) * 1e-6, (host_s - host_s[0]) - (device_us - device_us[0]) * 1e-6
    if x[-1] < _SHORTEST_PACE_S:
        return True
    first, last = np.flatnonzero(x <= x[-1] / 3), np.flatnonzero(x >= x[-1] * 2 / 3)
    if not first.size or not last.size:
        return True
    a, b = int(first[np.argmin(late[first])]), int(last[np.argmin(late[last])])
    return abs(float(late[b] - late[a])) <= MAX_DRIFT * float(x[b] - x[a]) + _STALL_S


def common_base(fits: Mapping[str, ClockFit], first_us: Mapping[str, int]) -> dict[str, ClockFit]:
    """The same fits with zero at the first sample of the earliest foot; ``first_us``: each foot's first device time.

    If one foot's stamps told no time, there is no common clock: every foot then counts from its own scan 0.
    """
    if not all(fit.aligned for fit in fits.values()):
        return {side: own_clock(first_us[side]) for side in fits}
    zero_s = min(float(fit.time_s(np.array([first_us[side]]))[0]) + fit.zero_s for side, fit in fits.items())
    return {side: replace(fit, zero_s=zero_s) for side, fit in fits.items()}


def _short_slope(x: Seconds, y: Seconds) -> float:
    """Host seconds a device second of a short recording: 1 unless first and last third differ beyond their scatter."""
    late = y - x
    first, last = np.flatnonzero(x <= x[-1] / 3), np.flatnonzero(x >= x[-1] * 2 / 3)
    if min(first.size, last.size) < _FEWEST:
        return 1.0
    earliest = [int(part[np.argmin(late[part])]) for part in (first, last)]
    drift = float(late[earliest[1]] - late[earliest[0]])
    slope = drift / float(x[earliest[1]] - x[earliest[0]])
    rest = late - slope * x
    scatter = sum(float(np.quantile(rest[part], 0.25) - np.min(rest[part])) for part in (first, last))
    return 1.0 + slope if abs(drift) > 3.0 * scatter else 1.0


def _with_ends(centre: Seconds, value: Seconds, end: float) -> tuple[Seconds, Seconds]:
    """Knots at both ends too, on the parabola of the three nearest (the line of two): oscillators warm up in bends."""
    near = min(3, centre.size)
    first = np.polyval(np.polyfit(centre[:near], value[:near], near - 1), 0.0)
    last = np.polyval(np.polyfit(centre[-near:] - end, value[-near:], near - 1), 0.0)
    return np.concatenate([[0.0], centre, [end]]), np.concatenate([[first], value, [last]])


def _lower_hull_at(x: Seconds, y: Seconds, at: float) -> float:
    """Height at ``at`` of the lower convex hull of points sorted in x."""
    bins = np.floor((x - x[0]) / _BIN_S)
    starts = np.flatnonzero(np.diff(bins, prepend=-1.0) > 0)
    lowest = np.minimum.reduceat(y, starts)
    # Of each bin only its lowest point can matter much; a hull over some 200 points is cheap enough for a plain loop.
    owner = np.repeat(np.arange(starts.size), np.diff(np.append(starts, x.size)))
    points = np.flatnonzero(y == lowest[owner])
    hull: list[tuple[float, float]] = []
    for px, py in zip(x[points].tolist(), y[points].tolist(), strict=True):
        while len(hull) > 1 and _turns_up(hull[-2], hull[-1], (px, py)) <= 0.0:
            hull.pop()
        hull.append((px, py))
    hx, hy = np.array(hull).T
    return float(np.interp(at, hx, hy))


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
