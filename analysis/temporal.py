"""When the feet were on the belt: strides, steps, cadence, overlaps (spec 6.6).

A break in the signal of a foot may hide a contact, and so may a pause beside the belt; nothing is counted across
either. Without them the formulas are those of the specification to the letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.force import FootSignal

F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]
I8 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Breaks:
    """Breaks of one signal in order: `start_s`, `end_s` (m,), times of their first and last missing sample."""

    start_s: F8
    end_s: F8

    def between(self, from_s: F8, to_s: F8) -> B1:
        """For each closed interval (k,), whether a break touches it."""
        following = np.searchsorted(self.end_s, from_s, side="left")
        padded = np.append(self.start_s, np.inf)
        return np.asarray(padded[following] <= to_s, dtype=np.bool_)


def find_breaks(signal: FootSignal) -> Breaks:
    """Runs of broken samples of a signal as times."""
    edges = np.diff(np.concatenate([[0], signal.broken.astype(np.int8), [0]]))
    return Breaks(signal.time_s[edges[:-1] == 1], signal.time_s[np.flatnonzero(edges == -1) - 1])


@dataclass(frozen=True, eq=False)
class Timeline:
    """All m contacts of a trial in order of initial contact, both feet together.

    `group` (m,) tells the feet apart (0, 1), `order` (m,) is the position of each contact in the arrays it came
    from. `linked` (m - 1,): nothing hides between a contact and the next one.
    """

    start_s: F8
    end_s: F8
    group: I8
    order: I8
    linked: B1

    @property
    def opposite(self) -> B1:
        """(m - 1,) the next contact is of the other foot, and nothing hides between them."""
        return np.asarray(self.linked & (self.group[1:] != self.group[:-1]), dtype=np.bool_)

    @property
    def overlaps_s(self) -> F8:
        """(m - 1,) FO(first) - FC(second) of consecutive contacts of opposite feet: > 0 double support, < 0 flight."""
        return np.where(self.opposite, self.end_s[:-1] - self.start_s[1:], np.nan)

    def step_times_s(self) -> F8:
        """(m,) FC minus the preceding FC of the other foot; NaN if there is none to see."""
        return np.concatenate([[np.nan], np.where(self.opposite, np.diff(self.start_s), np.nan)])[: len(self.start_s)]

    def around_s(self) -> F8:
        """(m, 2) overlaps with the contact before and after each one, NaN where there is none."""
        overlaps = np.concatenate([[np.nan], self.overlaps_s, [np.nan]]) if len(self.start_s) else np.empty(0)
        return np.stack([overlaps[:-1], overlaps[1:]], axis=1) if len(self.start_s) else np.empty((0, 2))

    def cadence_steps_min(self) -> float | None:
        """Contacts of both feet a minute: 60 (n - 1)/(t_last - t_first), summed over stretches without a break."""
        steps = np.diff(self.start_s)[self.linked]
        if len(np.unique(self.group)) < 2 or not len(steps):
            return None
        return float(60.0 * len(steps) / steps.sum())

    def in_span(self, from_s: float) -> Timeline:
        """The contacts that begin at or after a time."""
        keep = self.start_s >= from_s
        first = int(np.argmax(keep)) if keep.any() else len(keep)
        return Timeline(
            self.start_s[first:], self.end_s[first:], self.group[first:], self.order[first:], self.linked[first:]
        )


def timeline(
    start_s: Sequence[F8], end_s: Sequence[F8], groups: Sequence[I8], breaks: Sequence[Breaks], pause_s: float
) -> Timeline:
    """Merge the contacts of the feet, one array a foot (or one for both feet, with alternating groups).

    `breaks`: one a signal. Two contacts more than `pause_s` apart have a pause between them.
    """
    starts, ends, group = np.concatenate(start_s), np.concatenate(end_s), np.concatenate(groups)
    order = np.argsort(starts, kind="stable")
    starts, ends, group = starts[order], ends[order], group[order]
    linked = np.diff(starts) <= pause_s
    for hidden in breaks:
        linked &= ~hidden.between(starts[:-1], starts[1:])
    return Timeline(starts, ends, group, order, linked)


def stride_times_s(start_s: F8, breaks: Breaks, hop: int = 1) -> F8:
    """FC of the foot's next contact minus this one's, (k,); NaN for the last one and across a break.

    `hop` 2: contacts of both feet take turns in `start_s`, the foot's next one is the second next.
    """
    strides = np.full(len(start_s), np.nan)
    if len(start_s) > hop:
        first, following = start_s[:-hop], start_s[hop:]
        strides[:-hop] = np.where(breaks.between(first, following), np.nan, following - first)
    return strides


def double_support_and_flight(overlaps_s: F8) -> tuple[float | None, float | None]:
    """Means of max(o, 0) and max(-o, 0) over the overlaps that are known, in s."""
    known = overlaps_s[np.isfinite(overlaps_s)]
    if not len(known):
        return None, None
    return float(np.maximum(known, 0.0).mean()), float(np.maximum(-known, 0.0).mean())


def variation_percent(values: F8) -> float | None:
    """Coefficient of variation 100 SD (ddof 1)/mean of the known values; None below two."""
    known = values[np.isfinite(values)]
    if len(known) < 2 or known.mean() == 0:
        return None
    return float(100.0 * known.std(ddof=1) / known.mean())
