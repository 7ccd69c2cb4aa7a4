"""The sentences around the table: what was found, what the unit of analysis is, what conditions are called. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.wording import PROXY as PROXY_TAIL
from gui.words import SIDE_WORDS, condition_name, sentence

if TYPE_CHECKING:
    from analysis.comparison import Comparison


def condition_labels(comparison: Comparison) -> tuple[str, str]:
    """Names of baseline and other: footwear where it tells them apart, else the trials' names."""
    names = [condition_name(group[0].info) if group else "" for group in (comparison.base, comparison.other)]
    if names[0] and names[1] and names[0] != names[1]:
        return names[0], names[1]
    return comparison.base_label, comparison.other_label


def wording_lines(comparison: Comparison) -> list[tuple[str, str, str]]:
    """(side, rung, the rest of its sentence) for each foot and for the feet against each other.

    What is the same in each line stands once around the table: that MLI is a proxy, and what is subtracted from what.
    """
    if comparison.guard.refused:
        return []
    said = {**comparison.wording, "did": comparison.wording_did}
    difference_is = f", {comparison.other_label} minus {comparison.base_label}"
    lines = []
    for side, text in said.items():
        head, _, rest = text.replace(f"; {PROXY_TAIL}", "").replace(difference_is, "").partition(": ")
        lines.append((SIDE_WORDS[side], head[:1].upper() + head[1:], sentence(rest) if rest else ""))
    return lines


def unit_of_analysis(comparison: Comparison) -> str:
    """What the intervals are about: steps within recordings, or trials; never a group of people."""
    units = {row.speaks_for for row in comparison.primary} - {None}
    if units == {"effect"}:
        unit = "Trials of one person are the unit. Describes this runner on this day, not a group."
    elif units:
        unit = "Steps of one person are the unit. Describes these recordings, neither the shoe in general nor a group."
    else:
        unit = "Steps of one person. No interval of MLI could be given."
    return f"{unit} Effect g is over steps: descriptive, without an interval."
