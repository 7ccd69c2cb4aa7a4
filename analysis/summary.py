"""Steps of one foot -> the result of that foot: means with intervals, mean curves, flags (spec 4.3, 6.2, 8.2a)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.cop import strike_class
from analysis.drift import drift_slope
from analysis.flags import foot_flags
from analysis.foot_steps import FootSteps
from analysis.indices import calibration_term, pressure_indices
from analysis.long_memory import mean_interval
from analysis.measures import regions_of
from analysis.parameters import Parameters
from analysis.result import FootResult, IndexSummary
from analysis.steps import INDEX_UNITS, REJECT_REASONS
from analysis.tracks import Track
from insole.trial import Spans, TrialInfo

F8 = NDArray[np.float64]


def index_summary(values: F8, unit: str, null_reason: str | None, parameters: Parameters) -> IndexSummary:
    """Mean of the known values (k,) in order of time with its interval; `null_reason` stands if none is known."""
    interval = mean_interval(values, parameters)
    reason = null_reason if interval.n == 0 and null_reason is not None else interval.reason
    return IndexSummary(
        interval.mean, interval.sd, interval.ci_low, interval.ci_high, interval.n, unit, reason, interval.h_bar
    )


def foot_result(
    steps: FootSteps, step_mode: tuple[str | None, ...], info: TrialInfo, n_feet: int, parameters: Parameters
) -> FootResult:
    """Everything about one foot. `n_feet`: how many feet the trial tells apart."""
    track, table, measures = steps.track, steps.table, steps.measures
    valid = table.valid
    null_reasons = column_reasons(measures.reasons, info, n_feet)
    indices = {
        column: index_summary(table.valid_values(column)[1], unit, null_reasons.get(column), parameters)
        for column, unit in INDEX_UNITS.items()
    }
    force_n = steps.force_n
    weight_n = np.nan if info.body_weight_n is None else info.body_weight_n
    path = np.stack([measures.cop_x, measures.cop_y], axis=2)
    span_share = np.diff(measures.cop_span_s, axis=1)[:, 0] / table.columns["contact_time_s"]
    region_pti = mean_of(measures.region_pti[valid])
    calibration = track.foot.curves if track.signal.kind == "counts" else None
    times_s, mli = table.valid_values("mli")
    share = float(mean_of(span_share[valid]))
    return FootResult(
        side=track.side,
        n_contacts=len(table),
        n_valid=int(valid.sum()),
        n_broken=track.detected.n_broken,
        rejected={reason: int((table.columns["reject_reason"] == reason).sum()) for reason in REJECT_REASONS},
        steps=table,
        curves={
            "force_n": force_n,
            "force_bw": force_n / weight_n,
            "cop_x_mm": measures.cop_x,
            "cop_y_mm": measures.cop_y,
            "mlr": measures.mlr,
        },
        indices=indices,
        flags=foot_flags(track, parameters),
        reason=track.detected.reason,
        step_mode=step_mode,
        cop_span_s=measures.cop_span_s,
        cop_span_fraction=share if np.isfinite(share) else None,
        mean_cop_mm=mean_of(path[valid]),
        mean_force_n=mean_of(force_n[valid]),
        region_pti_kpa_s=region_pti,
        u_cal=calibration_term(region_pti, parameters.sigma_gain if calibration is None else calibration.sigma_gain),
        strike_class=strike_class(indices["strike_index"].mean),
        drift=drift_slope(times_s / 60.0, mli, parameters),
        static_mli=static_mli(track, info.spans),
        baseline=np.median(steps.contacts.baseline, axis=0) if len(table) else None,
        baseline_unit="kPa" if track.signal.kind in ("counts", "pressure_kpa") else "N",
        missing_sensels=tuple(sorted({*track.signal.missing, *track.detected.stuck})),
        layout=track.foot.layout,
        kind=track.signal.kind,
        calibration=calibration,
        sample_rate_hz=track.signal.sample_rate_hz,
    )


def column_reasons(measured: Mapping[str, str], info: TrialInfo, n_feet: int) -> dict[str, str]:
    """Why columns are null in every step of a foot."""
    reasons = dict(measured)
    if info.body_weight_n is None:
        reasons |= {"peak_force_bw": "mass_unknown", "impulse_bw_s": "mass_unknown"}
    if n_feet < 2:
        reasons["step_time_s"] = "one_foot"
    return reasons


def static_mli(track: Track, spans: Spans) -> float | None:
    """MLI of the mean pressures over the standing span (2.5, 7.3); None without one, a baseline or its regions."""
    steps, signal = track.detected, track.signal
    first, last = np.searchsorted(signal.time_s, [spans.standing_from_s, spans.warm_up_from_s])
    if not len(steps.start_s) or last <= first or signal.kind == "total":
        return None
    loads = np.maximum(signal.value[first:last] - steps.baseline[0], 0.0)
    loads = loads[~signal.broken[first:last]]
    if not len(loads):
        return None
    means = regions_of(signal, steps, track.foot.layout)
    if means.reason("mli") is not None:
        return None
    pressure = means.kpa @ loads.mean(axis=0)
    value = float(pressure_indices(pressure[None, :])["mli"][0])
    return value if np.isfinite(value) else None


def mean_of(rows: F8) -> F8:
    """Mean over the rows, each entry over the rows in which it is known; NaN where it never is."""
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    mean = np.full(rows.shape[1:], np.nan)
    np.divide(np.where(known, rows, 0.0).sum(axis=0), count, out=mean, where=count > 0)
    return mean
