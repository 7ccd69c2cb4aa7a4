"""Every sentence that says what a comparison found: the ladder of spec 0, and nothing stronger.

The rungs are tried from the top; the first that applies is printed. The floor and its row stand in each sentence.
Corroboration by the course of the centre of pressure needs an index that is not measured here, so its rung is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.codes import reason_words
from analysis.comparison import BaselineRepeat, Difference
from analysis.guard import Guard
from analysis.parameters import Parameters
from insole.numerals import number

REFUSED = "refused"
TOO_FEW_STEPS = "too few steps"
TOO_FEW_TRIALS = "too few trials"
BASELINE = "baseline did not repeat"
DIFFERS = "medial loading differs"
RECORDINGS = "these two recordings differ"
RULED_OUT = "a difference above {floor} points is ruled out"
UNRESOLVED = "no difference resolved"

FEET_DIFFER = "the shoe acts differently on the two feet"
FEET_RECORDINGS = "these recordings differ between the feet"
FEET_RULED_OUT = "a difference between the feet above {floor} points is ruled out"
FEET_UNRESOLVED = "no difference between the feet resolved"

REASONS = {
    "no_variation": "the values do not vary",
    "foot_absent": "the foot was not recorded in every trial",
    "too_few_steps": "fewer than 20 in a recording",
    "too_few_steps_for_interval": "fewer than 30 in a recording",
}
PROXY = "MLI is medial loading, a pronation-related proxy"


@dataclass(frozen=True)
class Rung:
    """``name`` of the rung and the ``sentence`` that is printed for it; the sentence starts with the rung's words."""

    name: str  # refused | too_few_steps | too_few_trials | baseline | differs | recordings | ruled_out | unresolved
    sentence: str


def interval(row: Difference) -> str:
    """``+7.2 points (95 % CI +4.9 to +9.5)``; empty without an interval."""
    if row.difference is None or row.ci_low is None or row.ci_high is None:
        return ""
    difference, low, high = (number(value, 1, sign=True) for value in (row.difference, row.ci_low, row.ci_high))
    return f"{difference} points (95 % CI {low} to {high})"


def judge(
    guard: Guard,
    row: Difference | None,
    difference_is: str,
    trials: tuple[int, int],
    baseline: BaselineRepeat | None,
    parameters: Parameters,
) -> Rung:
    """The rung of one primary row (left, right or did); ``trials`` are the numbers of base and other trials.

    ``difference_is`` reads ``shod minus barefoot``. ``row`` is None only when the guard refused.
    """
    if guard.refused or row is None:
        return Rung("refused", f"{REFUSED}: " + "; ".join(guard.of("refuse")))
    if min(trials) == 0:
        absent = "the baseline" if trials[0] == 0 else "the compared condition"
        return Rung("too_few_trials", f"{TOO_FEW_TRIALS}: {absent} has no trial; record one, or better two")
    few = _too_few_steps(row, parameters)
    if few is not None:
        return Rung("too_few_steps", few)
    if baseline is not None and baseline.repeated is False and baseline.limit is not None:
        return Rung("baseline", _baseline_sentence(row, baseline, difference_is))
    stamp = "".join(f"; {text}" for text in _stamps(guard))
    facts = f"MLI {interval(row)}, {difference_is}"
    floor = f"floor {row.floor:g} points: {row.floor_row}" if row.floor is not None else "no floor"
    if row.difference is None or row.floor is None:
        why = REASONS.get(row.reason or "") or reason_words(row.reason or "")
        return Rung("unresolved", f"{_word(row, UNRESOLVED)}: there is no interval, {why}; {floor}{stamp}")
    tail = f"{floor}; {PROXY}{stamp}"
    if guard.unmatched:
        sentence = f"{_word(row, UNRESOLVED)}: {facts}; no test is made, the belt may have done it; {tail}"
        return Rung("unresolved", sentence)
    if row.p_holm is not None and row.p_holm < parameters.alpha and abs(row.difference) > row.floor:
        if row.speaks_for == "effect":
            return Rung("differs", f"{_word(row, DIFFERS)}: {facts}; {tail}")
        said = "nothing is said about the shoe, which takes repeated trials (A-B-B-A)"
        return Rung("recordings", f"{_word(row, RECORDINGS)}: {facts}; {said}; {tail}")
    return _weak(row, facts, tail, parameters)


def _weak(row: Difference, facts: str, tail: str, parameters: Parameters) -> Rung:
    """Rungs (r) and (a): an interval exists and no difference is stated."""
    if row.ci_low is None or row.ci_high is None or row.floor is None:
        raise ValueError("an interval and a floor are needed")
    beyond = max(abs(row.ci_low), abs(row.ci_high))
    leaves_out_zero = row.ci_low > 0 or row.ci_high < 0
    if row.speaks_for == "effect" and beyond < row.floor:
        below = "resolved, below the floor: " if leaves_out_zero else ""
        return Rung("ruled_out", f"{_word(row, RULED_OUT).format(floor=f'{row.floor:g}')}: {below}{facts}; {tail}")
    open_end = f"differences up to {beyond:.1f} points are not excluded"
    if leaves_out_zero and row.p_holm is not None and row.p_holm < parameters.alpha:
        open_end = f"the interval leaves out 0, but the difference is not above the floor; {open_end}"
    return Rung("unresolved", f"{_word(row, UNRESOLVED)}: {facts}; {open_end}; {tail}")


def _too_few_steps(row: Difference, parameters: Parameters) -> str | None:
    few = min(row.n_base, row.n_other) < parameters.min_steps_interval
    if not few and row.reason not in ("too_few_steps", "too_few_steps_for_interval"):
        return None
    what = "pairs of steps" if row.side == "did" else f"{row.side} steps"
    why = f" ({REASONS.get(row.reason) or reason_words(row.reason)})" if row.reason else ""
    return (
        f"{TOO_FEW_STEPS}: {row.n_base} and {row.n_other} valid {what} in baseline and compared condition{why}; "
        f"{parameters.min_steps_interval} in each recording are needed for an interval, "
        f"{parameters.recommended_steps} are recommended"
    )


def _baseline_sentence(row: Difference, baseline: BaselineRepeat, difference_is: str) -> str:
    if baseline.limit is None:
        raise ValueError("without a limit there is no verdict on the baseline")
    effect = f"; MLI {interval(row)}, {difference_is}" if row.difference is not None else ""
    return (
        f"{BASELINE}: {baseline.first} minus {baseline.last} is {number(baseline.difference, 1, sign=True)} points, "
        f"more than {baseline.limit:.1f}{effect}; floor {row.floor:g} points: {row.floor_row}"
    )


def _stamps(guard: Guard) -> list[str]:
    stamps = [] if guard.matched is None else [guard.matched.note]
    return [*stamps, "conditions not matched"] if guard.unmatched else stamps


def _word(row: Difference, words: str) -> str:
    if row.side != "did":
        return words
    return {
        DIFFERS: FEET_DIFFER,
        RECORDINGS: FEET_RECORDINGS,
        RULED_OUT: FEET_RULED_OUT,
        UNRESOLVED: FEET_UNRESOLVED,
    }[words]
