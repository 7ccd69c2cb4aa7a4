"""How a number is written for people, in every table, sentence and picture: true minus, a sign only where asked for."""

from __future__ import annotations

import math
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"  # what is not known


def number(value: float | None, digits: int, sign: bool = False) -> str:
    """``value`` with ``digits`` decimals; ``sign`` writes + as well; a zero, also a rounded one, never has a sign."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def p_value(p: float | None) -> str:
    """Three decimals, and never 0."""
    return "< 0.001" if p is not None and p < 0.001 else number(p, 3)
