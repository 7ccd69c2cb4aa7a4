"""Set trials against each other: what the shoe does, per foot, with intervals (spec 8.1 to 8.3).

    guard -> series of steps per trial -> interval over trials (8.2b), else within the recordings (8.2a)
          -> Holm over the three primary rows -> the rung of the ladder -> Comparison
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from analysis.comparison import BaselineRepeat, Comparison, Difference
from analysis.difference import STRONG_MEMORY, difference_row
from analysis.floors import Floor, condition_floor, did_floor, same_donning
from analysis.guard import Guard, condition_label, guard, kappa_ratio
from analysis.long_memory import difference_interval
from analysis.parameters import Parameters
from analysis.result import TrialResult
from analysis.statistics import holm
from analysis.steps import INDEX_UNITS
from analysis.trial_effect import LabSd, baseline_limit
from analysis.trial_series import F8, TrialOrder, common_sides, difference_series, in_order, step_series
from analysis.wording import judge
from insole.errors import UsageError
from insole.recording import SIDES

__all__ = ["BaselineRepeat", "Comparison", "Difference", "Guard", "LabSd", "compare"]

HEADLINE = "mli"
DID = "did"


def compare(
    base: Sequence[TrialResult],
    other: Sequence[TrialResult],
    accept_unmatched: bool = False,
    lab_sd: Mapping[str, LabSd] | None = None,
    parameters: Parameters | None = None,
) -> Comparison:
    """Compare ``other`` with ``base``: differences are other minus base, trials are put in order of time.

    ``accept_unmatched`` lifts only the guard's limits on speed and incline, removes p-values and stamps the result.
    ``lab_sd`` gives a lab's trial-to-trial SD of MLI, by the sides ``left``, ``right`` and ``did`` it holds for; the
    trials compared must not be in it. Raises UsageError if one recording is given twice.
    """
    settings = parameters or Parameters()
    _refuse_twice([*base, *other])
    order = in_order(base, other)
    groups = (
        tuple(trial for trial, is_other in zip(order.trials, order.is_other, strict=True) if not is_other),
        tuple(trial for trial, is_other in zip(order.trials, order.is_other, strict=True) if is_other),
    )
    verdict = guard(groups[0], groups[1], accept_unmatched=accept_unmatched, parameters=settings)
    labels = _labels(groups)
    fixed = same_donning(trial.info.donning for trial in order.trials)
    primary: tuple[Difference, ...] = ()
    exploratory: tuple[Difference, ...] = ()
    repeats: tuple[BaselineRepeat, ...] = ()
    if not verdict.refused:
        lab = {} if lab_sd is None else lab_sd
        primary = _primary(order, verdict, condition_floor(fixed, settings), did_floor(fixed, settings), lab, settings)
        exploratory = _exploratory(order, verdict, settings)
        repeats = _baseline_repeats(groups[0], verdict.mode, condition_floor(fixed, settings), lab, settings)
    rungs = {}
    for side in (*SIDES, DID):
        row = next((row for row in primary if row.side == side), None)
        repeat = next((repeat for repeat in repeats if repeat.side == side), None)
        counts = (len(groups[0]), len(groups[1]))
        rungs[side] = judge(verdict, row, f"{labels[1]} minus {labels[0]}", counts, repeat, settings)
    return Comparison(
        guard=verdict,
        primary=primary,
        exploratory=exploratory,
        wording={side: rungs[side].sentence for side in SIDES},
        wording_did=rungs[DID].sentence,
        rungs={side: rung.name for side, rung in rungs.items()},
        flags=_flags(verdict, fixed, primary),
        base=groups[0],
        other=groups[1],
        base_label=labels[0],
        other_label=labels[1],
        design=order.design,
        order=tuple(trial.name for trial in order.trials),
        baseline_repeat=repeats,
        kappa_ratio=kappa_ratio(groups[0], groups[1]),
        parameters=settings.as_dict(),
    )


def _refuse_twice(trials: Sequence[TrialResult]) -> None:
    """A copy of a recording, under whatever name, is no second trial: it would feign a perfect repeat."""
    names: dict[str, str] = {}
    for trial in trials:
        key = trial.fingerprint or (None if trial.path is None else str(trial.path.resolve()))
        if key is not None and key in names:
            raise UsageError(
                f"{names[key]} and {trial.name} are the same recording; a repeated trial is a recording of its own"
            )
        if key is not None:
            names[key] = trial.name


def _labels(groups: Sequence[Sequence[TrialResult]]) -> tuple[str, str]:
    """Words for base and other: their footwear, or the trials' names where footwear does not tell them apart."""
    worn = [condition_label(group[0]) if group else "" for group in groups]
    if worn[0] and worn[1] and worn[0] != worn[1] and "unknown condition" not in worn:
        return worn[0], worn[1]
    named = ["+".join(trial.name for trial in group) or "no trial" for group in groups]
    return named[0], named[1]


def _primary(
    order: TrialOrder,
    verdict: Guard,
    floor: Floor,
    feet_floor: Floor,
    lab: Mapping[str, LabSd],
    settings: Parameters,
) -> tuple[Difference, ...]:
    sources: dict[str, Callable[[TrialResult], F8]] = {
        side: lambda trial, s=side: step_series(trial, s, HEADLINE, verdict.mode)  # type: ignore[misc]
        for side in SIDES
    }
    sources[DID] = lambda trial: difference_series(trial, HEADLINE, verdict.mode)
    rows = []
    for side, source in sources.items():
        series = [source(trial) for trial in order.trials]
        chosen = feet_floor if side == DID else floor
        blank = Difference(HEADLINE, side, "points", floor=chosen.points, floor_row=chosen.row)
        row = difference_row(blank, series, order, lab.get(side), settings, headline=True)
        if row.difference is None:
            row = replace(row, reason=_null_reason(order, side, row.reason))
        rows.append(replace(row, p=None) if verdict.unmatched else row)
    adjusted = holm([row.p for row in rows])
    return tuple(replace(row, p_holm=p) for row, p in zip(rows, adjusted, strict=True))


def _exploratory(order: TrialOrder, verdict: Guard, settings: Parameters) -> tuple[Difference, ...]:
    """Every other index of every common foot, with its interval and without p (8.3)."""
    rows = []
    for column, unit in INDEX_UNITS.items():
        for side in common_sides(order.trials):
            if column == HEADLINE:
                continue
            series = [step_series(trial, side, column, verdict.mode) for trial in order.trials]
            if not any(len(values) for values in series):
                continue
            blank = Difference(column, side, "points" if unit == "%" else unit)
            rows.append(replace(difference_row(blank, series, order, None, settings), p=None))
    return tuple(rows)


def _baseline_repeats(
    base: Sequence[TrialResult], mode: str | None, floor: Floor, lab: Mapping[str, LabSd], settings: Parameters
) -> tuple[BaselineRepeat, ...]:
    """A1 - A2 of each foot where the baseline was recorded again; a verdict only with a lab's trial SD (8.2c)."""
    found = []
    for side in SIDES if len(base) > 1 else ():
        first, last = (step_series(trial, side, HEADLINE, mode) for trial in (base[0], base[-1]))
        if min(len(first), len(last)) < settings.min_steps_mean:
            continue
        difference = float(first.mean() - last.mean())
        within = difference_interval([first], [last], settings)
        own = lab.get(side)
        limit = None
        if own is not None and own.df >= settings.lab_df_min:
            limit = baseline_limit(floor.points, own, settings)
        found.append(
            BaselineRepeat(
                side=side,
                first=base[0].name,
                last=base[-1].name,
                difference=difference,
                ci_low=within.ci_low,
                ci_high=within.ci_high,
                limit=limit,
                repeated=None if limit is None else abs(difference) <= limit,
            )
        )
    return tuple(found)


def _null_reason(order: TrialOrder, side: str, reason: str | None) -> str | None:
    """Why a primary row is empty: the foot, or what makes its index null, before the mere count."""
    for trial in order.trials:
        for name in SIDES if side == DID else (side,):
            foot = trial.feet.get(name)
            if foot is None:
                return "foot_absent"
            summary = foot.indices.get(HEADLINE)
            if summary is not None and summary.mean is None and summary.reason is not None:
                return summary.reason
    return reason


def _flags(verdict: Guard, fixed: bool, primary: Sequence[Difference]) -> tuple[str, ...]:
    flags = []
    if not fixed:
        flags.append("re_donned")
    if verdict.matched is not None:
        flags.append("mode_matched")
    if verdict.unmatched:
        flags.append("conditions_not_matched")
    if any(row.h_bar and max(row.h_bar) > STRONG_MEMORY for row in primary):
        flags.append("strong_memory")
    return tuple(flags)
