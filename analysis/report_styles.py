"""Which line, mark and colour each condition of a comparison has, the same in every figure of a report."""

from __future__ import annotations

from analysis.comparison import Comparison
from analysis.result import TrialResult
from analysis.svg import Style
from analysis.trial_series import in_order

BAREFOOT = Style("#36414D", True, "circle")
SHOD_1 = Style("#A63A9B", False, "square")
SHOD_2 = Style("#0C8577", False, "triangle")


def styles(comparison: Comparison) -> tuple[Style, Style]:
    """Styles of base and other: barefoot is always the dashed one."""
    conditions = [group[0].info.condition if group else None for group in (comparison.base, comparison.other)]
    if conditions[1] == "barefoot" and conditions[0] != "barefoot":
        return SHOD_1, BAREFOOT
    if conditions[0] == "shod":
        return SHOD_1, SHOD_2
    return BAREFOOT, SHOD_1


def styled_trials(comparison: Comparison) -> list[tuple[TrialResult, Style]]:
    """Trials with their styles in order of time."""
    pair = styles(comparison)
    order = in_order(comparison.base, comparison.other)
    return [(trial, pair[other]) for trial, other in zip(order.trials, order.is_other, strict=True)]
