"""Trials as a comparison sees them: their order in time, and the series of steps each one brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from analysis.asymmetry import step_differences
from analysis.result import FootResult, TrialResult
from insole.recording import SIDES

F8 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrialOrder:
    """All trials of a comparison in order of time; ``is_other`` (n,) tells the compared condition from the baseline.

    ``mid_min`` are mid-times of the analysed spans in min after the first start, ``gap_min`` (n - 1,) the pauses from
    the end of one trial to the start of the next; both None if a trial does not say when it started. The order is
    then the one given, baseline first.
    """

    trials: tuple[TrialResult, ...]
    is_other: tuple[bool, ...]
    mid_min: tuple[float, ...] | None
    gap_min: tuple[float, ...] | None

    @property
    def design(self) -> str:
        """Letters in order of time, A the baseline: ``A-B-B-A``."""
        return "-".join("B" if other else "A" for other in self.is_other)


def in_order(base: Sequence[TrialResult], other: Sequence[TrialResult]) -> TrialOrder:
    """Sort the trials of both conditions by their start."""
    rows = [(trial, False) for trial in base] + [(trial, True) for trial in other]
    starts = [started(trial) for trial, _ in rows]
    known = [start for start in starts if start is not None]
    if len(known) < len(rows) or not rows:
        return TrialOrder(tuple(t for t, _ in rows), tuple(c for _, c in rows), None, None)
    ranked = sorted(range(len(rows)), key=lambda i: known[i])
    first = min(known)
    begin = [(known[i] - first).total_seconds() for i in ranked]
    trials = tuple(rows[i][0] for i in ranked)
    spans = [trial.analysed_s for trial in trials]
    return TrialOrder(
        trials=trials,
        is_other=tuple(rows[i][1] for i in ranked),
        mid_min=tuple((at + 0.5 * (s[0] + s[1])) / 60.0 for at, s in zip(begin, spans, strict=True)),
        gap_min=tuple((begin[k + 1] - begin[k] - spans[k][1]) / 60.0 for k in range(len(begin) - 1)),
    )


def started(trial: TrialResult) -> datetime | None:
    """Start of a trial in UTC; None if it is not known (imported files may not say)."""
    try:
        start = datetime.fromisoformat(trial.info.started_utc)
    except ValueError:
        return None
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)


def valid_steps(foot: FootResult, mode: str | None) -> NDArray[np.bool_]:
    """(k,) valid contacts of a foot, of one step mode only if ``mode`` is given (4.2)."""
    keep = np.asarray(foot.steps.valid, dtype=np.bool_)
    return keep if mode is None else keep & np.array([step == mode for step in foot.step_mode], dtype=np.bool_)


def step_series(trial: TrialResult, side: str, column: str, mode: str | None = None) -> F8:
    """Values (n,) of the valid steps of one foot in order of time, nulls left out; empty without that foot."""
    foot = trial.feet.get(side)
    if foot is None:
        return np.empty(0)
    values = np.asarray(foot.steps.columns[column], dtype=np.float64)[valid_steps(foot, mode)]
    return values[np.isfinite(values)]


def cop_paths(foot: FootResult, mode: str | None = None) -> F8:
    """Paths of the centre of pressure (n, 101, 2) of the valid steps that have a whole one, in the layout's unit."""
    paths = np.stack((foot.curves["cop_x_mm"], foot.curves["cop_y_mm"]), axis=-1)[valid_steps(foot, mode)]
    return np.asarray(paths[np.isfinite(paths).all(axis=(1, 2))], dtype=np.float64)


def mean_path(trials: Sequence[F8]) -> F8 | None:
    """Mean (101, 2) of the mean paths of each trial's (n, 101, 2); None without any path."""
    means = [paths.mean(axis=0) for paths in trials if len(paths)]
    return np.asarray(np.mean(means, axis=0), dtype=np.float64) if means else None


def difference_series(trial: TrialResult, column: str, mode: str | None = None) -> F8:
    """d_k of 7.2 (n,): right minus preceding left, both steps valid; empty without both feet."""
    if trial.left is None or trial.right is None:
        return np.empty(0)
    parts: list[F8] = []
    for foot in (trial.right, trial.left):
        values = np.asarray(foot.steps.columns[column], dtype=np.float64)
        parts += [foot.steps.columns["initial_contact_s"], np.where(valid_steps(foot, mode), values, np.nan)]
    return step_differences(*parts)[1]


def common_sides(trials: Sequence[TrialResult]) -> tuple[str, ...]:
    """Sides that every trial recorded."""
    return tuple(side for side in SIDES if all(trial.feet.get(side) is not None for trial in trials))


def recorded_foot(trial: TrialResult, side: str) -> FootResult:
    """The foot of a side that is known to be recorded (`common_sides`). Raises KeyError if it is not."""
    foot = trial.feet[side]
    if foot is None:
        raise KeyError(side)
    return foot
