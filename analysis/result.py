"""What `analyse` returns: per foot steps, curves and summaries with their uncertainty; for the trial modes and scales.

    TrialResult ── feet: left | right | both ──> FootResult ── steps: StepTable, curves, indices: IndexSummary
               └── temporal: Temporal, asymmetry: AsymmetrySeries, scale: ForceScale

Every null carries a reason, and NaN stays inside arrays: `as_json` holds None instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.drift import DriftSlope
from analysis.steps import StepTable

if TYPE_CHECKING:
    from insole.calibration import Calibration
    from insole.layout import Layout
    from insole.trial import TrialInfo

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class IndexSummary:
    """Mean of one index over the valid steps of one foot, with the interval of spec 8.2a.

    `mean` and `sd` are None below 20 values, `ci_low` and `ci_high` below 30; `reason` then says why:
    `too_few_steps`, `too_few_steps_for_interval`, `no_variation`, or what makes the index itself null
    (`region_absent:M1`, `mass_unknown`...).
    """

    mean: float | None
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    unit: str
    reason: str | None = None
    h_bar: float | None = None


@dataclass(frozen=True)
class ForceScale:
    """Force scale of spec 2.4; reported forces use `used` (`kappa_trial` if there is one, else `kappa_event`)."""

    kappa_event: float
    kappa_source: str  # static | borrowed | default
    kappa_trial: float | None
    window_s: tuple[float, ...] = ()  # mid-times of the 1-min windows
    window_kappa: tuple[float, ...] = ()
    drift_percent_per_h: float | None = None
    drift_ci_low: float | None = None
    drift_ci_high: float | None = None

    @property
    def used(self) -> float:
        """The scale that reported forces carry."""
        return self.kappa_event if self.kappa_trial is None else self.kappa_trial


@dataclass(frozen=True)
class Temporal:
    """Timing of the whole trial (spec 6.6); s, steps a minute, m, %; None where a foot, the speed or steps are missing.

    `step_length_m`, `stride_length_m` and the coefficients of variation are by side, over valid steps.
    """

    cadence_steps_min: float | None
    double_support_s: float | None
    flight_s: float | None
    overlap_median_s: float | None
    n_overlaps: int
    step_length_m: Mapping[str, float | None] = field(default_factory=dict)
    stride_length_m: Mapping[str, float | None] = field(default_factory=dict)
    contact_time_cv_percent: Mapping[str, float | None] = field(default_factory=dict)
    stride_time_cv_percent: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AsymmetrySeries:
    """Right minus preceding left value of one index (spec 7.2): `times_s` f8 (m,), `values` f8 (m,), their mean."""

    index: str
    times_s: F8
    values: F8
    summary: IndexSummary


@dataclass(eq=False)
class FootResult:
    """One foot of one trial. Arrays with k rows follow the rows of `steps` (contacts of the analysed span).

    `n_contacts` = `n_valid` + sum of `rejected`; stances cut by a break are in `n_broken` alone.
    """

    side: str  # left | right | both (one signal for two feet whose contacts could not be told apart)
    n_contacts: int
    n_valid: int
    n_broken: int
    rejected: dict[str, int]
    steps: StepTable
    curves: dict[str, F8]  # (k, 101): force_n, force_bw, cop_x_mm, cop_y_mm, mlr; NaN = null
    indices: dict[str, IndexSummary]  # by column of `steps`
    flags: tuple[str, ...]
    reason: str | None  # why there is no contact: no_baseline, no_contacts
    step_mode: tuple[str | None, ...]  # (k,) run | walk | grounded_run | None (spec 4.2)
    cop_span_s: F8  # (k, 2) trial time of the CoP window
    cop_span_fraction: float | None  # mean share of contact time, valid steps
    mean_cop_mm: F8  # (101, 2) over valid steps, NaN if there is none
    mean_force_n: F8  # (101,)
    region_pti_kpa_s: F8  # (11,) mean of the valid steps, columns of insole.layout.REGIONS, NaN = absent
    u_cal: float | None  # calibration term of MLI in points (6.2)
    strike_class: str | None  # rear | mid | fore, from the mean strike index
    drift: DriftSlope  # of MLI, points per 10 min (7.3)
    static_mli: float | None  # MLI over the standing span
    baseline: F8 | None  # (sensels,) median over the steps, kPa or N
    baseline_unit: str
    missing_sensels: tuple[str, ...]
    layout: Layout
    kind: str  # of the recording: counts | pressure_kpa | force_n | total
    calibration: Calibration | None  # counts only
    sample_rate_hz: float

    @property
    def cop_unit(self) -> str:
        """Unit of the CoP curves: mm, or the layout's own if that is arbitrary."""
        return "mm" if self.layout.units == "mm" else "layout units"

    @property
    def calibration_id(self) -> str | None:
        """Id of the calibration in use, `nominal` without one; None where the instrument gave kPa or N."""
        return None if self.calibration is None else self.calibration.id

    def as_json(self) -> dict[str, Any]:
        """The `left` or `right` entry of the JSON: counts, summaries, flags; no per-step data (they are the CSV)."""
        return {
            "n_contacts": self.n_contacts,
            "n_valid": self.n_valid,
            "n_broken": self.n_broken,
            "rejected": dict(self.rejected),
            "indices": {name: plain(summary) for name, summary in self.indices.items()},
            "flags": list(self.flags),
            "reason": self.reason,
            "strike_class": self.strike_class,
            "step_modes": {m: self.step_mode.count(m) for m in sorted({m for m in self.step_mode if m})},
            "u_cal": self.u_cal,
            "drift_mli_per_10_min": plain(self.drift),
            "static_mli": self.static_mli,
            "cop_span_fraction": self.cop_span_fraction,
            "cop_unit": self.cop_unit,
            "mean_cop": plain(self.mean_cop_mm),
            "baseline": plain(self.baseline),
            "baseline_unit": self.baseline_unit,
            "missing_sensels": list(self.missing_sensels),
            "layout": self.layout.name,
            "kind": self.kind,
            "calibration": self.calibration_id,
            "sample_rate_hz": self.sample_rate_hz,
        }


@dataclass(eq=False)
class TrialResult:
    """One analysed trial. `feet` has the keys left and right (None if not recorded); `both` only if unlabelled."""

    name: str
    path: Path | None
    info: TrialInfo
    end: str  # complete | interrupted | recovered
    feet: dict[str, FootResult | None]
    gait_mode: str | None  # run | walk | grounded_run | transition | mixed; None without contacts
    flags: tuple[str, ...]
    scale: ForceScale
    temporal: Temporal
    asymmetry: dict[str, AsymmetrySeries]  # by column; empty unless both feet are labelled
    analysed_s: tuple[float, float]  # the analysed span, trial time
    speed_m_s: float | None  # measured, else reported, else entered
    incline_percent: float | None
    software: dict[str, str]
    parameters: dict[str, float | int]
    fingerprint: str | None = None  # of the moment and the samples: a copy of a recording has the same

    @property
    def left(self) -> FootResult | None:
        """The left foot."""
        return self.feet.get("left")

    @property
    def right(self) -> FootResult | None:
        """The right foot."""
        return self.feet.get("right")

    @property
    def kappa_event(self) -> float:
        """Force scale of every threshold."""
        return self.scale.kappa_event

    @property
    def kappa_source(self) -> str:
        """Where `kappa_event` comes from: static, borrowed or default."""
        return self.scale.kappa_source

    @property
    def kappa_trial(self) -> float | None:
        """Dynamic force scale of the trial, None where it can not be known."""
        return self.scale.kappa_trial

    def recorded_feet(self) -> tuple[FootResult, ...]:
        """The feet that were recorded, in the order of `feet`."""
        return tuple(foot for foot in self.feet.values() if foot is not None)

    def as_json(self) -> dict[str, Any]:
        """JSON-safe mapping: no numpy, no NaN; keys trial, left, right, gait_mode, flags, software and more."""
        out: dict[str, Any] = {
            "trial": {
                "name": self.name,
                "end": self.end,
                "analysed_s": list(self.analysed_s),
                "speed_m_s": self.speed_m_s,
                "incline_percent": self.incline_percent,
                **self.info.as_dict(),
            },
            "left": None if self.left is None else self.left.as_json(),
            "right": None if self.right is None else self.right.as_json(),
            "gait_mode": self.gait_mode,
            "flags": list(self.flags),
            "temporal": plain(self.temporal),
            "asymmetry": {name: plain(series.summary) for name, series in self.asymmetry.items()},
            "force_scale": {**asdict(self.scale), "used": self.scale.used},
            "software": dict(self.software),
            "parameters": dict(self.parameters),
        }
        both = self.feet.get("both")
        if both is not None:
            out["both"] = both.as_json()
        safe: dict[str, Any] = plain(out)
        return safe


def plain(value: Any) -> Any:
    """The same value of plain Python: arrays as lists, dataclasses and mappings as dicts, NaN and infinity as None."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
