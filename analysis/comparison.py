"""What `compare` returns: the guard's verdict, the primary rows, the exploratory rows, and the sentences.

A difference never stands without its interval (spec 8.7): where there is none, the row says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analysis.guard import Guard
from analysis.result import TrialResult, plain
from analysis.statistics import ShortMemoryInterval

PROXY_NOTE = (
    "MLI (medial loading index) is a proxy: medial loading, pronation-related. It is not a joint angle; a medial shift "
    "says neither that a shoe reduces pronation nor that it adds to it."
)


@dataclass(frozen=True)
class Difference:
    """One index of one foot, other minus base (``side`` did: the difference-in-differences of the feet, 8.3).

    ``speaks_for`` recordings (Q-W, 8.2a) or effect (Q-E, 8.2b), None without interval; then ``difference`` and all
    that hangs on it is None and ``reason`` says why. ``p`` is never shown unadjusted. ``mean_*`` are means of trial
    means, ``sd_*`` (ddof 1) and ``n_*`` are over steps; ``trial_means`` in order of time, None below 20 steps.
    ``hedges_g`` and ``cliffs_delta`` are step-level and descriptive. ``half_width_4n``: what to expect from trials four
    times as long, known within a factor of 2.
    """

    index: str
    side: str  # left | right | did
    unit: str
    speaks_for: str | None = None
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    floor: float | None = None
    floor_row: str | None = None
    mean_base: float | None = None
    mean_other: float | None = None
    sd_base: float | None = None
    sd_other: float | None = None
    n_base: int = 0
    n_other: int = 0
    trial_means: tuple[float | None, ...] = ()
    hedges_g: float | None = None
    cliffs_delta: float | None = None
    h_bar: tuple[float, ...] = ()
    n_blocks: tuple[int, ...] = ()
    method: str = ""
    reason: str | None = None
    notes: tuple[str, ...] = ()
    half_width_4n: float | None = None
    outlook: str | None = None
    short_memory: ShortMemoryInterval | None = None

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        return None if self.ci_low is None or self.ci_high is None else 0.5 * (self.ci_high - self.ci_low)

    def as_json(self) -> dict[str, Any]:
        """JSON-safe mapping; effect sizes stand apart under ``step_level``, the unadjusted p is left out."""
        return {
            "index": self.index,
            "side": self.side,
            "unit": self.unit,
            "speaks_for": self.speaks_for,
            "difference": plain(self.difference),
            "ci_low": plain(self.ci_low),
            "ci_high": plain(self.ci_high),
            "p_holm": plain(self.p_holm),
            "floor": self.floor,
            "floor_row": self.floor_row,
            "mean_base": plain(self.mean_base),
            "mean_other": plain(self.mean_other),
            "sd_base": plain(self.sd_base),
            "sd_other": plain(self.sd_other),
            "n_base": self.n_base,
            "n_other": self.n_other,
            "trial_means": plain(self.trial_means),
            "step_level": {
                "label": "step-level, descriptive",
                "hedges_g": plain(self.hedges_g),
                "cliffs_delta": plain(self.cliffs_delta),
            },
            "h_bar": plain(self.h_bar),
            "n_blocks": list(self.n_blocks),
            "method": self.method,
            "reason": self.reason,
            "notes": list(self.notes),
            "half_width_4n": plain(self.half_width_4n),
            "outlook": self.outlook,
            "assumes_short_memory": plain(self.short_memory),
        }


@dataclass(frozen=True)
class BaselineRepeat:
    """First minus last baseline trial of one foot (A1 - A2, 8.2c) in MLI points, with its interval within recordings.

    ``limit`` and ``repeated`` exist only with a lab's trial SD; without one the difference is a note, no verdict.
    """

    side: str
    first: str
    last: str
    difference: float
    ci_low: float | None
    ci_high: float | None
    limit: float | None
    repeated: bool | None


@dataclass(eq=False)
class Comparison:
    """``other`` against ``base``. On refusal ``primary`` and ``exploratory`` are empty and the wording says why.

    ``primary``: MLI left, MLI right, and their difference-in-differences (Holm's family). ``wording``: one sentence a
    side, the first rung of the ladder that applies, never a stronger one; ``wording_did`` the same for the feet
    against each other. ``base`` and ``other`` are in order of time; ``design`` has a letter a trial, A the baseline.
    """

    guard: Guard
    primary: tuple[Difference, ...]
    exploratory: tuple[Difference, ...]
    wording: dict[str, str]
    wording_did: str
    rungs: dict[str, str]
    flags: tuple[str, ...]
    base: tuple[TrialResult, ...]
    other: tuple[TrialResult, ...]
    base_label: str
    other_label: str
    design: str
    order: tuple[str, ...]
    baseline_repeat: tuple[BaselineRepeat, ...] = ()
    kappa_ratio: float | None = None
    parameters: dict[str, float | int] = field(default_factory=dict)

    @property
    def trials(self) -> tuple[TrialResult, ...]:
        """All trials, baseline first."""
        return (*self.base, *self.other)

    def row(self, side: str) -> Difference | None:
        """The primary row of a side (left, right, did); None on refusal."""
        return next((row for row in self.primary if row.side == side), None)

    def as_json(self) -> dict[str, Any]:
        """JSON-safe mapping: no numpy, no NaN."""
        matched = self.guard.matched
        return {
            "guard": {"verdict": self.guard.verdict, "reasons": list(self.guard.reasons)},
            "primary": [row.as_json() for row in self.primary],
            "exploratory": [row.as_json() for row in self.exploratory],
            "wording": dict(self.wording),
            "wording_did": self.wording_did,
            "rungs": dict(self.rungs),
            "flags": list(self.flags),
            "difference_is": f"{self.other_label} minus {self.base_label}",
            "proxy": PROXY_NOTE,
            "design": self.design,
            "order": list(self.order),
            "base": [_trial(trial) for trial in self.base],
            "other": [_trial(trial) for trial in self.other],
            "mode_matched": None if matched is None else {"mode": matched.mode, "counts": plain(matched.counts)},
            "conditions_not_matched": self.guard.unmatched,
            "baseline_repeat": [plain(repeat) for repeat in self.baseline_repeat],
            "kappa_ratio": plain(self.kappa_ratio),
            "parameters": dict(self.parameters),
        }


def _trial(trial: TrialResult) -> dict[str, Any]:
    return {
        "name": trial.name,
        "condition": trial.info.condition,
        "shoe": trial.info.shoe,
        "donning": trial.info.donning,
        "started_utc": trial.info.started_utc,
        "gait_mode": trial.gait_mode,
        "flags": list(trial.flags),
        "valid_steps": {foot.side: foot.n_valid for foot in trial.recorded_feet()},
        "software": dict(trial.software),
    }
