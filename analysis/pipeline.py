"""From a trial to its result: the whole path on one screen.

    recording -> signal -> contacts (tracks) -> timeline -> force scale -> measured, judged steps -> gait mode -> result
"""

from __future__ import annotations

import platform
import zlib
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

import insole
from analysis.asymmetry import step_differences
from analysis.flags import trial_flags
from analysis.foot_steps import FootSteps, foot_steps
from analysis.force_scale import force_integral, force_scale
from analysis.gait_mode import aerial_and_grounded, grounded_mode, one_foot_steps, trial_mode, trial_mode_one_foot
from analysis.parameters import DEFAULTS, Parameters
from analysis.result import AsymmetrySeries, FootResult, ForceScale, Temporal, TrialResult
from analysis.steps import INDEX_UNITS
from analysis.summary import foot_result, index_summary, mean_of
from analysis.temporal import Timeline, double_support_and_flight, variation_percent
from analysis.tracks import Track, timeline_of, tracks
from insole.recording import SIDES
from insole.trial import Trial

F8 = NDArray[np.float64]


def analyse(trial: Trial, parameters: Parameters = DEFAULTS) -> TrialResult:
    """Contacts, steps, indices, intervals and flags of one trial (spec 2 to 7).

    Only contacts that begin in the analysed span are steps; those of the warm-up feed the baseline and nothing else.
    Raises TrialFileError where a recording can't become forces.
    """
    info = trial.info
    found = tracks(trial, parameters)
    line = timeline_of(found, parameters)
    walking = sum(len(track.contacts.start_s) > 0 for track in found)
    one_foot = "both" not in trial.feet and (len(found) < 2 or walking == 1)
    scale = trial_scale(trial, found, one_foot, parameters)
    step_times, around = per_track(line, line.step_times_s(), found), per_track(line, line.around_s(), found)
    walked = [
        foot_steps(trial, track, step_times[i], around[i], scale.used, parameters) for i, track in enumerate(found)
    ]
    analysed = line.in_span(info.spans.analysed_from_s)
    gait_mode, step_modes = modes(walked, analysed, one_foot, info.body_weight_n, parameters)
    n_feet = 1 if one_foot else 2
    recorded = [
        foot_result(steps, mode, info, n_feet, parameters) for steps, mode in zip(walked, step_modes, strict=True)
    ]
    feet: dict[str, FootResult | None] = {**dict.fromkeys(SIDES), **{foot.side: foot for foot in recorded}}
    return TrialResult(
        name=trial.name,
        path=trial.path,
        info=info,
        end=trial.end,
        feet=feet,
        gait_mode=gait_mode,
        flags=trial_flags(info, scale, gait_mode, recorded, one_foot, parameters),
        scale=scale,
        temporal=temporal(analysed, recorded, info.treadmill.speed_m_s),
        asymmetry=asymmetry(feet["left"], feet["right"], parameters),
        analysed_s=(info.spans.analysed_from_s, max(info.spans.analysed_from_s, trial.duration_s)),
        speed_m_s=info.treadmill.speed_m_s,
        incline_percent=info.treadmill.incline_percent,
        software=software(trial),
        parameters=parameters.as_dict(),
        fingerprint=fingerprint(trial),
    )


def fingerprint(trial: Trial) -> str:
    """Tells a copy of a recording from a second recording: when it began, and a check sum of all its samples."""
    samples = {side: np.ascontiguousarray(foot.recording.values).data for side, foot in trial.feet.items()}
    return " ".join([trial.info.started_utc, *(f"{side}:{zlib.crc32(data)}" for side, data in samples.items())])


def per_track(line: Timeline, values: F8, found: list[Track]) -> list[F8]:
    """Values (m, ...) along the timeline, sorted back into the contacts of each track."""
    back = np.empty_like(values)
    back[line.order] = values
    return list(np.split(back, np.cumsum([len(track.contacts.start_s) for track in found])[:-1]))


def trial_scale(trial: Trial, found: list[Track], one_foot: bool, parameters: Parameters) -> ForceScale:
    """Force scale of the trial (2.4): over strides of the left foot, of the right one if the left has none."""
    from_s = trial.info.spans.analysed_from_s
    starts = [track.contacts.start_s[track.contacts.start_s >= from_s][:: track.hop] for track in found]
    lead = next((start_s for start_s in starts if len(start_s) >= 2), np.empty(0))
    signals = {id(track.signal): track for track in found}.values()
    integrals = [] if one_foot else [force_integral(track.signal, track.detected) for track in signals]
    known = [integral for integral in integrals if integral is not None]
    return force_scale(trial.info, trial.kappa_event, known, lead, from_s, parameters)


def modes(
    walked: list[FootSteps], analysed: Timeline, one_foot: bool, body_weight_n: float | None, parameters: Parameters
) -> tuple[str | None, list[tuple[str | None, ...]]]:
    """Gait mode of the trial and of each step of each track (4.2)."""
    if one_foot:
        duty = [steps.table.columns["duty_factor"] for steps in walked]
        return (
            trial_mode_one_foot(np.concatenate([np.empty(0), *duty]), parameters),
            [one_foot_steps(factors, parameters) for factors in duty],
        )
    kinds = [aerial_and_grounded(steps.around_s, parameters) for steps in walked]
    whole = mean_force(walked, [np.ones(len(steps.table), dtype=np.bool_) for steps in walked])
    on_ground = mean_force(walked, [grounded for _, grounded in kinds])
    name = None if on_ground is None else grounded_mode(on_ground, body_weight_n, parameters)
    labels = [
        tuple("run" if air else name if ground else None for air, ground in zip(aerial, grounded, strict=True))
        for aerial, grounded in kinds
    ]
    return trial_mode(analysed.overlaps_s, whole, body_weight_n, parameters), labels


def mean_force(walked: list[FootSteps], which: list[NDArray[np.bool_]]) -> F8 | None:
    """Mean force curve (101,) in N of some steps of all tracks: of the valid ones, or of all if none is valid."""
    chosen = [steps.force_n[pick & steps.table.valid] for steps, pick in zip(walked, which, strict=True)]
    if not any(map(len, chosen)):
        chosen = [steps.force_n[pick] for steps, pick in zip(walked, which, strict=True)]
    return mean_of(np.concatenate(chosen)) if any(map(len, chosen)) else None


def temporal(analysed: Timeline, feet: list[FootResult], speed_m_s: float | None) -> Temporal:
    """Timing of the analysed span (6.6); lengths are along the belt."""
    overlaps = analysed.overlaps_s[np.isfinite(analysed.overlaps_s)]
    double_support, flight = double_support_and_flight(overlaps)
    means = {foot.side: {column: foot.indices[column].mean for column in INDEX_UNITS} for foot in feet}

    def variation(column: str) -> dict[str, float | None]:
        return {foot.side: variation_percent(foot.steps.valid_values(column)[1]) for foot in feet}

    def length(side: str, column: str) -> float | None:
        seconds = means[side][column]
        return None if seconds is None or speed_m_s is None else speed_m_s * seconds

    return Temporal(
        cadence_steps_min=analysed.cadence_steps_min(),
        double_support_s=double_support,
        flight_s=flight,
        overlap_median_s=float(np.median(overlaps)) if len(overlaps) else None,
        n_overlaps=len(overlaps),
        step_length_m={side: length(side, "step_time_s") for side in means},
        stride_length_m={side: length(side, "stride_time_s") for side in means},
        contact_time_cv_percent=variation("contact_time_s"),
        stride_time_cv_percent=variation("stride_time_s"),
    )


def asymmetry(
    left: FootResult | None, right: FootResult | None, parameters: Parameters
) -> dict[str, AsymmetrySeries]:
    """Right minus preceding left value of every index, valid steps only (7.2)."""
    if left is None or right is None:
        return {}
    series = {}
    for column, unit in INDEX_UNITS.items():
        sides = []
        for foot in (right, left):
            values = np.where(foot.steps.valid, foot.steps.columns[column], np.nan)
            sides += [foot.steps.columns["initial_contact_s"], values]
        times_s, differences = step_differences(*sides)
        summary = index_summary(differences, unit, left.indices[column].reason, parameters)
        series[column] = AsymmetrySeries(column, times_s, differences, summary)
    return series


def software(trial: Trial) -> dict[str, str]:
    """Versions behind the numbers: of the analysis here, and as the trial says of its recorder."""
    here = {name: metadata.version(name) for name in ("numpy", "scipy", "numba")}
    recorded = {f"recorded_{name}": version for name, version in trial.versions.items()}
    return {"insole": insole.__version__, "python": platform.python_version(), **here, **recorded}
