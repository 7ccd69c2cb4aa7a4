"""The facts of each trial that a report has to state (spec 8.7), as rows of text with one column a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from analysis.codes import reason_words, rejected_words
from analysis.floors import left_right_floor, within_trial_floor
from analysis.guard import condition_label
from analysis.long_memory import block_count
from analysis.parameters import Parameters
from analysis.report_words import SIGNED, digits_of, index_name, index_unit
from analysis.result import FootResult, IndexSummary, TrialResult
from analysis.steps import INDEX_UNITS
from analysis.trial_series import started
from insole.numerals import DASH, MINUS, number
from insole.recording import SIDES


@dataclass(frozen=True)
class FactRow:
    """A label and the text of each trial; ``heading`` rows have no text."""

    label: str
    cells: tuple[str, ...]
    heading: bool = False


@dataclass(frozen=True)
class IndexRow:
    """One index of one foot of one trial: mean, SD, CV, interval, number of steps and of block means."""

    name: str
    side: str
    unit: str
    mean: str
    sd: str
    cv: str
    interval: str
    n: int
    blocks: str
    reason: str


def trial_facts(trials: Sequence[TrialResult], parameters: Parameters) -> list[FactRow]:
    """All rows, for trials in order of time."""
    rows = [
        _row("Condition", trials, condition_label),
        _row("Shoe: heel drop, stack, mass", trials, _shoe),
        _row("Started (UTC)", trials, _start),
        _row("Recording", trials, lambda trial: trial.end),
        _row("Speed", trials, _speed),
        _row("Incline", trials, _incline),
        _row("Spans: unloaded, standing, warm-up, analysed", trials, _spans),
        _row("On the belt before (acclimatisation)", trials, lambda t: _seconds(t.info.acclimatisation_s)),
        _row("Donning", trials, lambda trial: trial.info.donning or DASH),
        _row("Posture", trials, lambda trial: trial.info.posture or DASH),
        _row("Pain (0–10)", trials, _pain),
        _row("Note", trials, lambda trial: trial.info.note or DASH),
        _row("Gait mode", trials, lambda trial: (trial.gait_mode or "unknown").replace("_", " ")),
        _row("Cadence", trials, lambda trial: _with(trial.temporal.cadence_steps_min, 1, "steps/min")),
        _row("Double support; flight", trials, _support),
        _row("Force scale κ_event (source)", trials, lambda t: f"{t.kappa_event:.3f} ({t.kappa_source})"),
        _row("Force scale κ_trial", trials, lambda trial: number(trial.kappa_trial, 3)),
        _row("Right minus left MLI", trials, lambda trial: _asymmetry(trial, parameters)),
    ]
    for side in SIDES:
        if any(trial.feet.get(side) is not None for trial in trials):
            rows.append(FactRow(f"{side.capitalize()} foot", (), heading=True))
            rows += list(_foot_rows(trials, side, parameters))
    rows.append(_row("Flags", trials, lambda trial: ", ".join(trial.flags) or "none"))
    return rows


def index_rows(trial: TrialResult, parameters: Parameters) -> list[IndexRow]:
    """Every index of a trial with its interval over all its valid steps (8.2a)."""
    rows = []
    for column in INDEX_UNITS:
        for foot in trial.recorded_feet():
            summary = foot.indices[column]
            digits, signed = digits_of(summary.unit), column in SIGNED
            blocks = block_count(summary.n, parameters.interval_blocks_max)
            rows.append(
                IndexRow(
                    name=index_name(column),
                    side=foot.side,
                    unit=index_unit(column),
                    mean=number(summary.mean, digits, signed),
                    sd=number(summary.sd, digits),
                    cv=DASH if signed else _cv(summary),
                    interval=_interval(summary, digits, signed),
                    n=summary.n,
                    blocks=DASH if summary.ci_low is None else str(blocks),
                    reason="" if summary.reason is None else reason_words(summary.reason),
                )
            )
    return rows


def _foot_rows(trials: Sequence[TrialResult], side: str, parameters: Parameters) -> Iterator[FactRow]:
    floor = within_trial_floor(parameters)

    def row(label: str, words: Callable[[FootResult], str]) -> FactRow:
        def cell(trial: TrialResult) -> str:
            foot = trial.feet.get(side)
            return "not recorded" if foot is None else words(foot)

        return _row(label, trials, cell)

    yield row("Contacts; valid steps; stances cut by a gap", lambda f: f"{f.n_contacts}; {f.n_valid}; {f.n_broken}")
    yield row("Rejected steps by reason", lambda foot: rejected_words(foot.rejected))
    yield row("MLI, mean ± SD [95 % CI]", _mli)
    yield row("Calibration term of MLI (1 SD)", lambda foot: _with(foot.u_cal, 1, "points"))
    yield row(f"MLI drift per 10 min [95 % CI] (floor {floor.points:g}: {floor.row})", _drift)
    yield row("The same, assuming short memory: Newey-West; Theil-Sen", _short_drift)
    yield row("MLI standing", lambda foot: _with(foot.static_mli, 1, "points", signed=True))
    yield row("Strike class", lambda foot: foot.strike_class or DASH)
    yield row("Layout; data", lambda foot: f"{foot.layout.name}; {foot.kind}, {foot.sample_rate_hz:g} Hz")
    yield row("Missing sensors", lambda foot: ", ".join(foot.missing_sensels) or "none")
    cells = tuple(_calibration(trial, trial.feet.get(side)) for trial in trials)
    yield FactRow("Calibration: id, procedure, age, worst RMSPE", cells)


def _row(label: str, trials: Sequence[TrialResult], words: Callable[[TrialResult], str]) -> FactRow:
    return FactRow(label, tuple(words(trial) for trial in trials))


def _with(value: float | None, digits: int, unit: str, signed: bool = False) -> str:
    return DASH if value is None else f"{number(value, digits, signed)} {unit}"


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} s"


def _start(trial: TrialResult) -> str:
    start = started(trial)
    return "unknown" if start is None else f"{start:%Y-%m-%d %H:%M:%S}"


def _shoe(trial: TrialResult) -> str:
    info = trial.info
    parts = [
        f"{label} {value:g} {unit}"
        for label, value, unit in (
            ("heel drop", info.heel_drop_mm, "mm"),
            ("stack", info.stack_mm, "mm"),
            ("pair", info.shoe_mass_kg, "kg"),
        )
        if value is not None
    ]
    return ", ".join(parts) or DASH


def _speed(trial: TrialResult) -> str:
    belt = trial.info.treadmill
    entered = "not entered" if belt.speed is None else f"{belt.speed} entered ({number(belt.speed.m_s, 3)} m/s)"
    return _belt(entered, belt.reported_speed_m_s, belt.measured_speed_m_s, 3, "m/s")


def _incline(trial: TrialResult) -> str:
    belt = trial.info.treadmill
    entered = "not entered"
    if belt.incline is not None:
        other = (belt.incline.degrees, "°") if belt.incline.unit == "%" else (belt.incline.percent, " %")
        entered = f"{belt.incline} entered ({number(other[0], 2)}{other[1]})".replace("-", MINUS)
    return _belt(entered, belt.reported_incline_percent, belt.measured_incline_percent, 2, "%")


def _belt(entered: str, reported: float | None, measured: float | None, digits: int, unit: str) -> str:
    parts = [entered]
    for word, value in (("reported", reported), ("measured", measured)):
        if value is not None:
            parts.append(f"{word} {number(value, digits)} {unit}")
    return ", ".join(parts)


def _spans(trial: TrialResult) -> str:
    spans, (begin, end) = trial.info.spans, trial.analysed_s
    return f"{spans.unloaded_s:g}, {spans.standing_s:g}, {spans.warm_up_s:g}, {number(end - begin, 1)} s"


def _pain(trial: TrialResult) -> str:
    return ", ".join(f"{pain.site} {pain.side}: {pain.rating}" for pain in trial.info.pain) or DASH


def _support(trial: TrialResult) -> str:
    temporal = trial.temporal
    return f"{_with(temporal.double_support_s, 3, 's')}; {_with(temporal.flight_s, 3, 's')}"


def _asymmetry(trial: TrialResult, parameters: Parameters) -> str:
    series = trial.asymmetry.get("mli")
    if series is None or series.summary.mean is None:
        return DASH
    floor = left_right_floor(parameters)
    return (
        f"{number(series.summary.mean, 1, True)} {_interval(series.summary, 1, True)} points, "
        f"floor {floor.points:g} ({floor.row})"
    )


def _mli(foot: FootResult) -> str:
    summary = foot.indices["mli"]
    if summary.mean is None:
        return f"{DASH} ({reason_words(summary.reason)})" if summary.reason else DASH
    mean = f"{number(summary.mean, 1, True)} ± {number(summary.sd, 1)}"
    return f"{mean} {_interval(summary, 1, True)}, n {summary.n}"


def _drift(foot: FootResult) -> str:
    drift = foot.drift
    if drift.slope is None or drift.ci_low is None or drift.ci_high is None:
        return f"{DASH} ({reason_words(drift.reason)})" if drift.reason else DASH
    low, high = number(drift.ci_low, 1, True), number(drift.ci_high, 1, True)
    return f"{number(drift.slope, 1, True)} [{low}, {high}] points"


def _short_drift(foot: FootResult) -> str:
    drift = foot.drift
    if drift.newey_west_ci_low is None or drift.newey_west_ci_high is None:
        return DASH
    low, high = number(drift.newey_west_ci_low, 1, True), number(drift.newey_west_ci_high, 1, True)
    return f"{number(drift.newey_west_slope, 1, True)} [{low}, {high}]; {number(drift.theil_sen, 1, True)}"


def _interval(summary: IndexSummary, digits: int, signed: bool) -> str:
    if summary.ci_low is None or summary.ci_high is None:
        return DASH
    return f"[{number(summary.ci_low, digits, signed)}, {number(summary.ci_high, digits, signed)}]"


def _cv(summary: IndexSummary) -> str:
    if summary.sd is None or not summary.mean:
        return DASH
    return f"{number(100.0 * summary.sd / abs(summary.mean), 1)} %"


def _calibration(trial: TrialResult, foot: FootResult | None) -> str:
    if foot is None:
        return "not recorded"
    fit = foot.calibration
    if fit is None:
        return "none: the instrument gives pressure or force"
    if fit.is_nominal:
        return "nominal curve, nobody calibrated this insole"
    error = "unknown" if fit.rmspe_percent is None else f"{number(fit.rmspe_percent, 1)} %"
    return f"{fit.id}, {fit.procedure}, {_age(fit.date, trial)}, {error}"


def _age(made: str | None, trial: TrialResult) -> str:
    start = started(trial)
    try:
        day = None if made is None else date.fromisoformat(made[:10])
    except ValueError:
        day = None
    if day is None:
        return "date unknown"
    return f"of {day}" if start is None else f"{(start.date() - day).days} days old"
