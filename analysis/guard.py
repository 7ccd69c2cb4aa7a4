"""May these trials be compared at all? Decided before any statistic (spec 8.1).

Each finding is a reason ``code: sentence`` with a verdict of its own; the worst one counts. Notes stand among the
reasons without a verdict.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.floors import same_donning
from analysis.mode_match import ModeMatch, mode_match, needs_mode_match
from analysis.parameters import Parameters
from analysis.result import FootResult, TrialResult
from analysis.trial_effect import order_balance
from analysis.trial_series import common_sides, in_order, recorded_foot

VERDICTS = ("ok", "warn", "refuse")
EPS = 1e-9  # 4.6 - 4.1 is no less than 0.5 because of rounding


@dataclass(frozen=True)
class Finding:
    """One thing the guard found: ``verdict`` note, warn or refuse."""

    verdict: str
    code: str
    text: str

    def __str__(self) -> str:
        """``code: sentence``, the form of a reason."""
        return f"{self.code}: {self.text}"


@dataclass(frozen=True)
class Guard:
    """``verdict`` ok, warn or refuse, and what led to it, the gravest first.

    ``matched``: the step mode of a mode-matched comparison (4.2), None if all valid steps are compared. ``unmatched``:
    speed or incline differ beyond the limits and the comparison was asked for all the same; p-values are then removed.
    """

    verdict: str
    findings: tuple[Finding, ...] = ()
    matched: ModeMatch | None = None
    unmatched: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every finding as ``code: sentence``."""
        return tuple(str(finding) for finding in self.findings)

    def of(self, verdict: str) -> tuple[str, ...]:
        """The sentences of one verdict: note, warn or refuse."""
        return tuple(finding.text for finding in self.findings if finding.verdict == verdict)

    @property
    def mode(self) -> str | None:
        """The step mode to compare, None for all valid steps."""
        return None if self.matched is None else self.matched.mode

    @property
    def refused(self) -> bool:
        """True if nothing may be computed."""
        return self.verdict == "refuse"


def guard(
    base: Sequence[TrialResult],
    other: Sequence[TrialResult],
    accept_unmatched: bool = False,
    parameters: Parameters | None = None,
) -> Guard:
    """Judge whether ``other`` may be set against ``base``; ``accept_unmatched`` lifts only the limits of speed and
    incline, and stamps the result."""
    limits = parameters or Parameters()
    trials = (*base, *other)
    matched = mode_match(trials, limits)
    findings = [
        *_mode(trials, matched, limits),
        *_belt(trials, accept_unmatched, limits),
        *_same_instrument(trials),
        *_groups(base, other),
        *_steps(trials, limits),
        *_time(base, other, limits),
        *_state(base, other, limits),
    ]
    rank = {"note": 0, "ok": 0, "warn": 1, "refuse": 2}
    worst = max((rank[finding.verdict] for finding in findings), default=0)
    return Guard(
        verdict=VERDICTS[worst],
        findings=tuple(sorted(findings, key=lambda finding: -rank[finding.verdict])),
        matched=matched,
        unmatched=any(finding.code == "conditions_not_matched" for finding in findings),
    )


def _mode(trials: Sequence[TrialResult], matched: ModeMatch | None, limits: Parameters) -> Iterator[Finding]:
    if not needs_mode_match(trials):
        return
    named = ", ".join(f"{trial.name} is {trial.gait_mode or 'unknown'}" for trial in trials)
    if matched is None:
        text = (
            f"{named}; gait modes are never compared with each other, and fewer than {limits.mode_matched_steps} valid "
            "steps of one mode stand in every trial on each foot; record trials of one clear mode"
        )
        yield Finding("refuse", "gait_mode", text)
    else:
        yield Finding("warn", "mode_matched", f"{named}; only steps of one mode are compared, {matched.note}")


def _belt(trials: Sequence[TrialResult], accept_unmatched: bool, limits: Parameters) -> Iterator[Finding]:
    yield from _unknown(trials, "speed", lambda trial: trial.speed_m_s)
    yield from _unknown(trials, "incline", lambda trial: trial.incline_percent)
    for code, text, size, ok, largest in itertools.chain(_speed_gap(trials, limits), _incline_gap(trials, limits)):
        if size <= ok + EPS:
            continue
        if size <= largest + EPS:
            yield Finding("warn", code, text)
        elif accept_unmatched:
            yield Finding("warn", "conditions_not_matched", f"{text}; compared all the same, without p-values")
        else:
            yield Finding("refuse", code, f"{text}; too far apart to tell the shoe from the belt")


def _unknown(
    trials: Sequence[TrialResult], what: str, value: Callable[[TrialResult], float | None]
) -> Iterator[Finding]:
    names = [trial.name for trial in trials if value(trial) is None]
    if names:
        text = f"the {what} of {_listed(names)} is not known; loading changes with it, so state it when recording"
        yield Finding("refuse", f"unknown_{what}", text)


def _speed_gap(trials: Sequence[TrialResult], limits: Parameters) -> Iterator[tuple[str, str, float, float, float]]:
    known = [(trial.speed_m_s, trial.name) for trial in trials if trial.speed_m_s is not None]
    if len(known) > 1:
        (slow, slow_name), (fast, fast_name) = min(known), max(known)
        mean = 0.5 * (slow + fast)
        share = (fast - slow) / mean if mean > 0 else 0.0
        text = (
            f"speed differs by {100 * share:.1f} %: {slow_name} at {slow:.2f} m/s, {fast_name} at {fast:.2f} m/s "
            f"(within {100 * limits.guard_speed_ok_share:g} % is fine, above {100 * limits.guard_speed_warn_share:g} % "
            "is refused)"
        )
        yield "speed", text, share, limits.guard_speed_ok_share, limits.guard_speed_warn_share


def _incline_gap(trials: Sequence[TrialResult], limits: Parameters) -> Iterator[tuple[str, str, float, float, float]]:
    known = [(trial.incline_percent, trial.name) for trial in trials if trial.incline_percent is not None]
    if len(known) > 1:
        (flat, flat_name), (steep, steep_name) = min(known), max(known)
        text = (
            f"incline differs by {steep - flat:.2f} points of grade: {flat_name} at {flat:.2f} %, "
            f"{steep_name} at {steep:.2f} % (within {limits.guard_incline_ok_points:g} is fine, above "
            f"{limits.guard_incline_warn_points:g} is refused)"
        ).replace("at -", "at −")
        yield "incline", text, steep - flat, limits.guard_incline_ok_points, limits.guard_incline_warn_points


def _same_instrument(trials: Sequence[TrialResult]) -> Iterator[Finding]:
    sizes = [(trial.name, _size_eu(trial)) for trial in trials]
    yield from _equal("size", "EU size", [(name, size, _number(size)) for name, size in sizes])
    masses = [(trial.name, trial.info.mass_kg, _number(trial.info.mass_kg)) for trial in trials]
    yield from _equal("mass_kg", "body mass in kg", masses)
    for side in common_sides(trials):
        feet = [(trial.name, recorded_foot(trial, side)) for trial in trials]
        layouts = [(name, _geometry(foot), foot.layout.name) for name, foot in feet]
        yield from _equal("layout", f"{side} layout", layouts)
        yield from _equal("kind", f"kind of {side} data", [(name, foot.kind, foot.kind) for name, foot in feet])
        sets = [(name, _calibration(foot), foot.calibration_id or "none") for name, foot in feet]
        yield from _equal("calibration", f"{side} calibration", sets)
        missing = [(name, set(foot.missing_sensels), " ".join(foot.missing_sensels) or "none") for name, foot in feet]
        yield from _equal("missing_sensors", f"set of missing {side} sensors", missing)


def _groups(base: Sequence[TrialResult], other: Sequence[TrialResult]) -> Iterator[Finding]:
    trials = (*base, *other)
    for word, group in (("baseline", base), ("compared", other)):
        worn = {(trial.info.condition, trial.info.shoe) for trial in group}
        if len(worn) > 1:
            text = f"the {word} trials are not of one condition: " + ", ".join(
                f"{trial.name} {condition_label(trial)}" for trial in group
            )
            yield Finding("refuse", "condition_mixed", f"{text}; group trials of one footwear")
    for side in ("left", "right"):
        without = [trial.name for trial in trials if trial.feet.get(side) is None]
        if without and len(without) < len(trials):
            yield Finding("note", "foot_absent", f"the {side} foot was not recorded in {_listed(without)}")
    if trials and not common_sides(trials):
        text = "no foot is known in every trial; one signal of both feet needs the side of its first contact"
        yield Finding("refuse", "no_common_foot", text)
    subjects = [(trial.name, trial.info.subject, trial.info.subject or "unknown") for trial in trials]
    yield from _equal("subject", "subject code", subjects, verdict="note")
    settings = [(trial.name, trial.parameters, "its own") for trial in trials]
    yield from _equal("parameters", "set of analysis parameters", settings, verdict="note")
    if {trial.path for trial in base if trial.path} & {trial.path for trial in other if trial.path}:
        yield Finding("note", "same_recording", "one recording stands on both sides of the comparison")


def _steps(trials: Sequence[TrialResult], limits: Parameters) -> Iterator[Finding]:
    for trial in trials:
        for side in common_sides(trials):
            foot = recorded_foot(trial, side)
            if foot.n_valid < limits.min_steps_mean:
                why = f" ({foot.reason})" if foot.reason else ""
                text = (
                    f"{trial.name} has {foot.n_valid} valid {side} steps of {foot.n_contacts} contacts{why}; "
                    f"{limits.min_steps_mean} are needed to compare, {limits.recommended_steps} are recommended"
                )
                yield Finding("refuse", "too_few_steps", text)


def _time(base: Sequence[TrialResult], other: Sequence[TrialResult], limits: Parameters) -> Iterator[Finding]:
    order = in_order(base, other)
    if order.mid_min is None and order.trials:
        text = "a trial does not say when it started; the order given is used, drift between trials can't be judged"
        yield Finding("note", "order_unknown", text)
    for k, gap in enumerate(order.gap_min or ()):
        if gap > limits.guard_minutes_between:
            text = f"{gap:.0f} min lie between {order.trials[k].name} and {order.trials[k + 1].name}"
            yield Finding("warn", "time_between", f"{text}; sensors and feet change within an hour")
    if base and other and abs(order_balance(order.is_other)) > EPS:
        text = (
            f"order {order.design} is not counterbalanced; a drift over time looks like an effect of the footwear "
            "(A-B-A or A-B-B-A would balance it)"
        )
        yield Finding("note", "order_not_counterbalanced", text)
    if not same_donning(trial.info.donning for trial in order.trials) and order.trials:
        text = "the trials do not share one donning id; the insole may have moved on the foot, the larger floor holds"
        yield Finding("note", "re_donned", text)


def _state(base: Sequence[TrialResult], other: Sequence[TrialResult], limits: Parameters) -> Iterator[Finding]:
    ratio = kappa_ratio(base, other)
    if ratio is not None and not limits.kappa_ratio_low <= ratio <= limits.kappa_ratio_high:
        text = (
            f"the force scales differ by a factor of {ratio:.2f} between the conditions "
            f"({limits.kappa_ratio_low:g} to {limits.kappa_ratio_high:g} is plausible); check insole and calibration"
        )
        yield Finding("warn", "scale_suspect", text)
    trials = (*base, *other)
    for side in common_sides(trials):
        classes = [(trial.name, recorded_foot(trial, side).strike_class) for trial in trials]
        if len({strike for _, strike in classes if strike is not None}) > 1:
            named = ", ".join(f"{name} {strike or 'unknown'}" for name, strike in classes)
            yield Finding("warn", "strike_class", f"the {side} strike class differs: {named}")


def kappa_ratio(base: Sequence[TrialResult], other: Sequence[TrialResult]) -> float | None:
    """Mean kappa_trial of the compared over that of the baseline trials (2.4); None if a trial has none."""
    groups = [[trial.kappa_trial for trial in group] for group in (base, other)]
    means = [sum(k for k in group if k is not None) / len(group) for group in groups if group and None not in group]
    return means[1] / means[0] if len(means) == 2 and means[0] > 0 else None


def condition_label(trial: TrialResult) -> str:
    """Footwear of a trial in words: barefoot, the shoe's name, shod, or unknown condition."""
    if trial.info.condition == "shod" and trial.info.shoe:
        return f"shod ({trial.info.shoe})"
    return trial.info.condition or "unknown condition"


def _equal(code: str, what: str, rows: Sequence[tuple[str, Any, str]], verdict: str = "refuse") -> Iterator[Finding]:
    """Rows of (trial, value, value in words): one finding if the values differ."""
    if any(value != rows[0][1] for _, value, _ in rows):
        named = ", ".join(f"{name} {words}" for name, _, words in rows)
        yield Finding(verdict, code, f"the {what} is not the same: {named}")


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _size_eu(trial: TrialResult) -> float | None:
    """The size that was stated, otherwise the one the layouts of the feet agree on."""
    if trial.info.size_eu is not None:
        return trial.info.size_eu
    sizes = {foot.layout.size_eu for foot in trial.feet.values() if foot is not None}
    return sizes.pop() if len(sizes) == 1 else None


def _geometry(foot: FootResult) -> dict[str, Any]:
    # A name or a channel is wiring and labelling; place, area and region are what the indices see.
    layout = foot.layout.as_dict()
    layout.pop("name", None)
    sensors = [{k: v for k, v in sensor.items() if k != "channel"} for sensor in layout.get("sensors", ())]
    return {**layout, "sensors": sensors}


def _calibration(foot: FootResult) -> dict[str, Any] | None:
    # Two fits may carry one id by mistake; what turns counts into loads is what has to be the same.
    return None if foot.calibration is None else foot.calibration.as_dict()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
