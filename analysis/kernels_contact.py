"""The contact detector: baseline, event filter and state machine in one pass over the samples (spec 2.3, 3, 4.1).

The pass keeps everything it must remember in the arrays it is given, and looks back at samples only through the
buffer it is given. So the same call serves a whole recording at once and a stream in chunks of any size.
Positions are absolute (sample 0 = start of the grid); `base` is the position of row 0 of the buffer.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]

UNKNOWN, SWING, STANCE, RELEASE = 0, 1, 2, 3  # from STANCE on a contact is under way

# Places in the integer state.
NEXT = 0  # next raw sample to take in
STATE = 1
ZEROING = 2  # 1: a baseline is being taken anew and nothing is detected; 2: taken in case no swing comes, see LOADED
RUN = 3  # raw samples in the filter since the last break
FROM = 4  # first position at which the event signal exists
SWINGS = 5  # swing medians kept
PUSHED = 6  # 1 if the swing before the contact under way gave a median
WINDOW = 7  # start of the window that is to give the baseline
STRIDES = 8  # contacts emitted since the last UNKNOWN
HAS_PREVIOUS = 9
BROKEN = 10  # stances cut by a break
REZEROED = 11  # forced re-zeroings
LOADED = 12  # since when the signal has not been below T_lo in UNKNOWN, or -1
N_INTS = 13

# Places in the real state.
T_UP, T_DOWN, FC, FO, LAST_FO, PREVIOUS = 0, 1, 2, 3, 4, 5
N_REALS = 6

# Places in the settings; lengths in samples, forces in N.
KAPPA, T_HI, T_LO, T_CONTACT, T_SWING, REZERO, WINDOW_LENGTH, PERCENTILE, LIMIT, MIDDLE, STUCK_SAMPLES = range(11)
N_SETTINGS = 11


@njit(cache=True, nogil=True)
def _select(a: F8, n: int, k: int) -> float:
    """k-th smallest of the first n values of `a`, which are reordered: smaller ones in front, larger ones behind."""
    low = 0
    high = n - 1
    while low < high:
        pivot = a[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(a[k])


@njit(cache=True, nogil=True)
def _quantile(a: F8, n: int, q: float) -> float:
    """Quantile q of the first n values of `a` (reordered), linear between the two neighbours; q = 0.5 is the median."""
    at = q * (n - 1)
    k = int(np.floor(at))
    below = _select(a, n, k)
    share = at - k
    if share <= 0.0 or k + 1 >= n:
        return below
    above = a[k + 1]
    for j in range(k + 2, n):
        above = min(above, a[j])
    return float(below + share * (above - below))


@njit(cache=True, nogil=True)
def _middle_of_swing(value: F8, base: int, fo: float, fc: float, middle: float, medians: F8, row: int) -> bool:
    """Median of every sensel over the middle share of the swing [fo, fc] into `medians[row]`; False if it is empty."""
    trim = 0.5 * (1.0 - middle) * (fc - fo)
    first = int(np.ceil(fo + trim))
    last = int(np.ceil(fc - trim))
    count = last - first
    if count <= 0:
        return False
    work = np.empty(count)
    for i in range(value.shape[1]):
        for j in range(count):
            work[j] = value[first - base + j, i]
        medians[row, i] = _quantile(work, count, 0.5)
    return True


@njit(cache=True, nogil=True)
def _zero_window(
    value: F8, broken: B1, base: int, first: int, length: int, q: float, weight: F8, limit: float, baseline: F8
) -> bool:
    """Percentile of every sensel over a window into `baseline`; False if under half is known or the foot was loaded."""
    s = value.shape[1]
    work = np.empty(length)
    found = np.empty(s)
    total = 0.0
    for i in range(s):
        count = 0
        for j in range(length):
            if not broken[first - base + j]:
                work[count] = value[first - base + j, i]
                count += 1
        if count == 0 or 2 * count < length:
            return False
        found[i] = _quantile(work, count, q)
        total += weight[i] * found[i]
    if total > limit:
        return False
    for i in range(s):
        baseline[i] = found[i]
    return True


@njit(cache=True, nogil=True)
def follow(
    value: F8,
    held: B1,
    broken: B1,
    base: int,
    settings: F8,
    taps: F8,
    ints: I8,
    reals: F8,
    ring: F8,
    baseline: F8,
    medians: F8,
    weight: F8,
    run_from: I8,
    stuck_from: I8,
    contacts_fc: F8,
    out_start: F8,
    out_end: F8,
    out_baseline: F8,
    out_weight: F8,
    out_signal: F8,
) -> int:
    """Take in the rows of the buffer from `ints[NEXT]` on; returns the number of contacts emitted.

    `value` (m, s), `held` (m, s), `broken` (m,) as in `FootSignal`; `settings`, `ints`, `reals` as numbered above;
    `taps` (2d + 1,); `ring` (2d + 1,) last raw forces; `baseline` (s,) in force; `medians` (swings + 1, s) of the last
    swings, one more than used because a contact that is dropped takes its median back; no swings: fixed baseline;
    `weight` (s,) N per unit, becomes 0 for a stuck sensel; `run_from` (s,) start of the run of equal counts;
    `stuck_from` (s,) position from which a sensel is left out, or -1; `contacts_fc` (strides + 1,) initial contacts.
    Outputs: `out_start`, `out_end` (c,) fractional positions, `out_baseline`, `out_weight` (c, s), and the event signal
    into `out_signal` (m,), rows as in the buffer. `medians`, `out_*` must be large enough.
    """
    m, s = value.shape
    n_taps = taps.shape[0]
    delay = n_taps // 2
    swings = medians.shape[0] - 1
    t_hi = settings[T_HI]
    t_lo = settings[T_LO]
    length = int(settings[WINDOW_LENGTH])
    state = ints[STATE]
    emitted = 0
    r = ints[NEXT]
    while r < base + m:
        row = r - base
        for i in range(s):
            if not held[row, i]:
                run_from[i] = r
        if ints[ZEROING] > 0 and r + 1 == ints[WINDOW] + length:
            q = settings[PERCENTILE] / 100.0
            if _zero_window(value, broken, base, ints[WINDOW], length, q, weight, settings[LIMIT], baseline):
                # The event signal begins behind the window; the samples before fill the filter, under the new baseline.
                if ints[ZEROING] == 2:
                    ints[REZEROED] += 1
                    ints[SWINGS] = 0
                ints[ZEROING] = 0
                ints[LOADED] = -1
                ints[RUN] = 0
                ints[HAS_PREVIOUS] = 0
                ints[FROM] = r + 1
                r += 1 - delay
                continue
            ints[WINDOW] = r + 1
        if ints[ZEROING] == 1:
            r += 1
            continue
        if broken[row]:
            if state >= STANCE:
                ints[BROKEN] += 1
            state = UNKNOWN
            reals[LAST_FO] = np.nan
            ints[STRIDES] = 0
            ints[RUN] = 0
            ints[HAS_PREVIOUS] = 0
            ints[ZEROING] = 0
            ints[LOADED] = -1
            r += 1
            continue
        force = 0.0
        for i in range(s):
            p = value[row, i] - baseline[i]
            if p > 0.0:
                force += weight[i] * p
        for j in range(n_taps - 1):
            ring[j] = ring[j + 1]
        ring[n_taps - 1] = settings[KAPPA] * force
        ints[RUN] += 1
        r += 1
        n = r - 1 - delay
        if ints[RUN] < n_taps or n < ints[FROM]:
            continue
        e = 0.0
        for j in range(n_taps):
            e += taps[j] * ring[j]
        out_signal[n - base] = e
        if ints[HAS_PREVIOUS] == 1:
            before = reals[PREVIOUS]
            if before < t_lo <= e:
                reals[T_UP] = n - 1 + (t_lo - before) / (e - before)
            elif before >= t_lo > e:
                reals[T_DOWN] = n - 1 + (t_lo - before) / (e - before)
        reals[PREVIOUS] = e
        ints[HAS_PREVIOUS] = 1
        if state >= STANCE and n - reals[FC] > settings[REZERO]:
            state = UNKNOWN
            reals[LAST_FO] = np.nan
            ints[REZEROED] += 1
            ints[ZEROING] = 1
            ints[WINDOW] = r
            ints[SWINGS] = 0
            ints[STRIDES] = 0
            ints[RUN] = 0
            ints[HAS_PREVIOUS] = 0
        elif state == UNKNOWN:
            if e < t_lo:
                state = SWING
                ints[ZEROING] = 0
                ints[LOADED] = -1
            elif ints[LOADED] < 0:
                ints[LOADED] = n
            elif ints[ZEROING] == 0 and swings > 0 and n - ints[LOADED] > settings[REZERO]:
                # A zero that has risen looks like a stance without a beginning: it would never end.
                ints[ZEROING] = 2
                ints[WINDOW] = r
        elif state == SWING:
            if e >= t_hi:
                state = STANCE
                reals[FC] = reals[T_UP]
                ints[PUSHED] = 0
                if swings > 0 and not np.isnan(reals[LAST_FO]):
                    if ints[SWINGS] > swings:
                        for j in range(swings):
                            for i in range(s):
                                medians[j, i] = medians[j + 1, i]
                        ints[SWINGS] = swings
                    if _middle_of_swing(
                        value, base, reals[LAST_FO], reals[FC], settings[MIDDLE], medians, ints[SWINGS]
                    ):
                        ints[PUSHED] = 1
                        ints[SWINGS] += 1
                        used = min(ints[SWINGS], swings)
                        work = np.empty(used)
                        for i in range(s):
                            for j in range(used):
                                work[j] = medians[ints[SWINGS] - used + j, i]
                            baseline[i] = _quantile(work, used, 0.5)
        elif state == STANCE:
            if e < t_lo:
                state = RELEASE
                reals[FO] = reals[T_DOWN]
        elif e >= t_hi:
            state = STANCE
        elif n - reals[FO] >= settings[T_SWING]:
            state = SWING
            if reals[FO] - reals[FC] < settings[T_CONTACT]:
                # Too short for a contact: the swing runs on from the same toe-off.
                ints[SWINGS] -= ints[PUSHED]
                continue
            out_start[emitted] = reals[FC]
            out_end[emitted] = reals[FO]
            for i in range(s):
                out_baseline[emitted, i] = baseline[i]
                out_weight[emitted, i] = weight[i]
            emitted += 1
            reals[LAST_FO] = reals[FO]
            for j in range(contacts_fc.shape[0] - 1):
                contacts_fc[j] = contacts_fc[j + 1]
            contacts_fc[-1] = reals[FC]
            ints[STRIDES] += 1
            if ints[STRIDES] >= contacts_fc.shape[0]:
                for i in range(s):
                    if (
                        stuck_from[i] < 0
                        and run_from[i] <= contacts_fc[0]
                        and r - 1 - run_from[i] >= settings[STUCK_SAMPLES]
                    ):
                        stuck_from[i] = r
                        weight[i] = 0.0
    ints[NEXT] = r
    ints[STATE] = state
    return emitted
