"""What the painters draw, taken from a comparison: paths of the centre of pressure, and MLI of every step. No Qt.

Only steps that the comparison uses are drawn. A picture of paths shows at most `MAX_PATHS` of them, evenly chosen,
and says so; a strip shows every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.trial_series import cop_paths, in_order, mean_path, step_series
from insole.numerals import DASH
from insole.recording import SIDES

if TYPE_CHECKING:
    from analysis.compare import Comparison
    from insole.layout import Layout

F8 = NDArray[np.float64]
MAX_PATHS = 120  # thin lines a condition and foot


@dataclass(frozen=True, eq=False)
class PathSet:
    """Paths of one condition and foot: `paths` (m, 101, 2) to draw thin, `mean` (101, 2), number of steps in it."""

    paths: F8
    mean: F8
    n_steps: int


@dataclass(frozen=True, eq=False)
class FootPaths:
    """One foot: its outline and one set of paths a condition (None: no step with a path). `reason`: why nothing."""

    side: str
    layout: Layout | None
    unit: str
    sets: tuple[PathSet | None, ...]
    left_out: tuple[int, ...] = ()
    reason: str = ""

    @property
    def caption(self) -> str:
        """How many steps made each mean."""
        counts = [DASH if s is None else str(s.n_steps) for s in self.sets]
        return self.reason or f"{' and '.join(counts)} steps"

    @property
    def left_out_caption(self) -> str:
        """How many contacts of each condition are not among them; empty if none."""
        return f"{' and '.join(map(str, self.left_out))} left out" if any(self.left_out) else ""

    @property
    def box(self) -> F8:
        """(2, 2) lowest and highest x, y of the outline, or of the sensels and paths without one."""
        assert self.layout is not None
        if len(self.layout.outline_mm):
            points = self.layout.outline_mm
        else:
            means = [s.mean for s in self.sets if s is not None]
            points = np.concatenate([np.column_stack((self.layout.x_mm, self.layout.y_mm)), *means])
        return np.array([np.nanmin(points, axis=0), np.nanmax(points, axis=0)])


@dataclass(frozen=True, eq=False)
class StepGroup:
    """One index over the steps of one foot in one trial: `values` (n,), their mean and SD (ddof 1)."""

    side: str
    trial: str
    condition: int  # 0 baseline, 1 other
    values: F8

    @property
    def mean(self) -> float:
        """Mean of the steps."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float | None:
        """SD of the steps, None for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None


def foot_paths(comparison: Comparison, side: str) -> FootPaths:
    """Paths of both conditions for `left` or `right`; a condition's mean is the mean over its trials' means."""
    sides = (comparison.base, comparison.other)
    feet = [[foot for trial in trials if (foot := trial.feet.get(side)) is not None] for trials in sides]
    known = [foot for group in feet for foot in group]
    if not known:
        return FootPaths(side, None, "mm", (None, None), reason="not recorded")
    layout, unit = known[0].layout, known[0].cop_unit
    if not layout.has_positions:
        return FootPaths(side, layout, unit, (None, None), reason="no positions in this layout")
    sets = tuple(_path_set([cop_paths(foot, comparison.guard.mode) for foot in group]) for group in feet)
    contacts = [sum(foot.n_contacts for foot in group) for group in feet]
    left_out = tuple(n - (0 if s is None else s.n_steps) for n, s in zip(contacts, sets, strict=True))
    return FootPaths(side, layout, unit, sets, left_out, "" if any(sets) else "no valid steps")


def step_groups(comparison: Comparison, index: str = "mli") -> tuple[StepGroup, ...]:
    """One group a foot and trial, left before right, in each the trials in order of time; empty groups left out."""
    order = in_order(comparison.base, comparison.other)
    groups = []
    for side in SIDES:
        for trial, other in zip(order.trials, order.is_other, strict=True):
            values = step_series(trial, side, index, comparison.guard.mode)
            if len(values):
                groups.append(StepGroup(side, trial.name, int(other), values))
    return tuple(groups)


def violin(values: F8, at: F8) -> F8:
    """Density of the values at `at` (m,), highest point 1: Gaussian kernel, Silverman's bandwidth.

    Values without spread give a narrow bump, so that they are still seen.
    """
    spread = float(np.std(values))
    quartiles = np.percentile(values, [75, 25])
    robust = min(spread, float(quartiles[0] - quartiles[1]) / 1.349) or spread
    width = max(0.9 * robust * len(values) ** -0.2, 1e-3 * float(np.ptp(at)), 1e-9)
    density = np.exp(-0.5 * ((at[:, None] - values) / width) ** 2).sum(axis=1)
    return np.asarray(density / density.max(), dtype=np.float64)


def scatter(count: int) -> F8:
    """(count,) places in −1…1 that fill the width evenly whatever the count (van der Corput, base 2)."""
    out = np.zeros(count)
    for i in range(count):
        share, n = 0.5, i + 1
        while n:
            out[i] += share * (n & 1)
            n >>= 1
            share *= 0.5
    return 2.0 * out - 1.0


def nice_ticks(low: float, high: float, count: int = 6) -> F8:
    """Round numbers (1, 2, 5 times a power of ten) that lie in [low, high]; about `count` of them."""
    raw = max(high - low, 1e-9) / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * m for m in (1.0, 2.0, 5.0, 10.0) if power * m >= raw * (1 - 1e-9))
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.asarray(np.arange(first, last + 1) * step, dtype=np.float64)


def _path_set(trials: Sequence[F8]) -> PathSet | None:
    mean = mean_path(trials)
    if mean is None:
        return None
    every = np.concatenate(trials)
    if len(every) > MAX_PATHS:
        drawn = every[np.linspace(0, len(every) - 1, MAX_PATHS).round().astype(np.int64)]
    else:
        drawn = every
    return PathSet(drawn, mean, len(every))

