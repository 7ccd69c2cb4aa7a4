"""Made-up results of trials, as `analyse` would return them, for the tests of everything that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from analysis.drift import drift_slope
from analysis.parameters import Parameters
from analysis.result import FootResult, ForceScale, IndexSummary, Temporal, TrialResult
from analysis.steps import INDEX_UNITS, StepTable
from analysis.summary import index_summary
from insole.calibration import nominal_calibration
from insole.layout import reference_layout
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import Spans, TrialInfo

STRIDE_S = 0.75
EDGE = 5
VISIT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def foot(
    side: str,
    mli: Sequence[float] | np.ndarray,
    modes: Sequence[str | None] | str | None = "run",
    missing: tuple[str, ...] = (),
    size_eu: float = 42.0,
    strike_class: str | None = "rear",
    flags: tuple[str, ...] = ("nominal_calibration",),
    seed: int = 0,
) -> FootResult:
    """A foot whose valid steps carry these MLI values; five edge contacts before and after them."""
    rng = np.random.default_rng(seed)
    values = np.asarray(mli, dtype=float)
    k = len(values) + 2 * EDGE
    valid = np.zeros(k, dtype=bool)
    valid[EDGE : k - EDGE] = True
    contact = 20.0 + STRIDE_S * np.arange(k) + (STRIDE_S / 2 if side == "right" else 0.0)
    columns: dict[str, Any] = {
        "side": np.full(k, side),
        "step": np.arange(1, k + 1),
        "initial_contact_s": contact,
        "toe_off_s": contact + 0.3,
    }
    for column in INDEX_UNITS:
        columns[column] = 20.0 + rng.standard_normal(k)
    columns["contact_time_s"] = 0.3 + 0.01 * rng.standard_normal(k)
    columns["mli"] = np.concatenate([np.full(EDGE, 99.0), values, np.full(EDGE, 99.0)])
    columns |= {
        "valid": valid,
        "reject_reason": np.where(valid, "", "edge"),
        "flags": np.full(k, ""),
    }
    table = StepTable(columns)
    s = np.linspace(0.0, 1.0, 101)
    path = np.stack([-2 + 16 * s - 48 * s * (1 - s), 30 + 206 * s], axis=1)
    curves = {
        "cop_x_mm": path[:, 0] + 0.1 * (columns["mli"][:, None] - 12) + rng.standard_normal((k, 1)),
        "cop_y_mm": np.repeat(path[None, :, 1], k, axis=0),
        "force_n": np.repeat(700 * np.sin(np.pi * s)[None, :], k, axis=0),
        "force_bw": np.repeat(np.sin(np.pi * s)[None, :], k, axis=0),
        "mlr": np.full((k, 101), np.nan),
    }
    parameters = Parameters()
    indices: dict[str, IndexSummary] = {
        column: index_summary(table.valid_values(column)[1], unit, None, parameters)
        for column, unit in INDEX_UNITS.items()
    }
    times, series = table.valid_values("mli")
    mean_cop = np.full((101, 2), np.nan)
    if len(values):
        mean_cop = np.stack([curves["cop_x_mm"][valid].mean(axis=0), path[:, 1]], axis=1)
    edge = (None,) * EDGE
    step_mode = (modes,) * k if isinstance(modes, str) or modes is None else (*edge, *modes, *edge)
    return FootResult(
        side=side,
        n_contacts=k,
        n_valid=len(values),
        n_broken=0,
        rejected={"edge": 2 * EDGE, "outlier": 0},
        steps=table,
        curves=curves,
        indices=indices,
        flags=flags,
        reason=None,
        step_mode=step_mode,
        cop_span_s=np.stack([contact + 0.01, contact + 0.29], axis=1),
        cop_span_fraction=0.93,
        mean_cop_mm=mean_cop,
        mean_force_n=curves["force_n"].mean(axis=0),
        region_pti_kpa_s=np.full(11, 10.0),
        u_cal=4.1,
        strike_class=strike_class,
        drift=drift_slope(times / 60.0, series, parameters),
        static_mli=None,
        baseline=np.zeros(16),
        baseline_unit="kPa",
        missing_sensels=missing,
        layout=reference_layout(size_eu),
        kind="counts",
        calibration=nominal_calibration(16),
        sample_rate_hz=1000.0,
    )


def trial(
    name: str,
    left: FootResult | Sequence[float] | np.ndarray | None,
    right: FootResult | Sequence[float] | np.ndarray | None,
    at_min: float | None = 0.0,
    gait_mode: str | None = "run",
    incline: str | None = "4 %",
    speed: str | None = "4.5 mph",
    kappa: float | None = 0.75,
    flags: tuple[str, ...] = (),
    path: Path | None = None,
    **info: Any,
) -> TrialResult:
    """A trial that started ``at_min`` minutes into the visit (None: it does not say when)."""
    feet: dict[str, FootResult | None] = {}
    for side, given in (("left", left), ("right", right)):
        made = given is None or isinstance(given, FootResult)
        feet[side] = given if made else foot(side, given, seed=len(side) + sum(map(ord, name)))
    belt = Treadmill(
        None if incline is None else parse_incline(incline), None if speed is None else parse_speed(speed)
    )
    described = TrialInfo(
        subject="S01",
        mass_kg=70.0,
        size_eu=42.0,
        condition="barefoot",
        treadmill=belt,
        spans=Spans(3.0, 9.0, 0.0),
        warmed_up_before_s=180.0,
        donning="d1",
        started_utc="" if at_min is None else (VISIT + timedelta(minutes=at_min)).isoformat(),
    )
    described = replace(described, **info)
    return TrialResult(
        name=name,
        path=path,
        info=described,
        end="complete",
        feet=feet,
        gait_mode=gait_mode,
        flags=flags,
        scale=ForceScale(1.0, "default", kappa),
        temporal=Temporal(160.0, 0.0, 0.06, -0.06, 200),
        asymmetry={},
        analysed_s=(12.0, 100.0),
        speed_m_s=belt.speed_m_s,
        incline_percent=belt.incline_percent,
        software={"insole": "0.1.0"},
        parameters=Parameters().as_dict(),
    )


def noisy(mean: float, n: int = 110, sd: float = 2.0, seed: int = 0) -> np.ndarray:
    """Steps that scatter independently about a mean which they hit exactly."""
    values = np.random.default_rng(seed).standard_normal(n)
    return mean + sd * (values - values.mean())
