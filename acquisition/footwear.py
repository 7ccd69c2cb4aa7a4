"""Footwear presets of the simulator. **All figures are invented**: they describe no product and no measurement.

A preset changes three things at once, as a shoe might: the medial-lateral balance, the heel's peak pressure, and the
force with which the laced upper presses every sensel even in the swing. The simulator's truth moves with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Footwear:
    """``medial_shift`` adds to the knob medial, ``heel_factor`` multiplies the heel's peaks, ``preload_n`` adds up."""

    medial_shift: float = 0.0
    heel_factor: float = 1.0
    preload_n: float = 0.0


PRESETS: Final = {
    "barefoot": Footwear(),
    "minimal": Footwear(medial_shift=0.02, heel_factor=0.95, preload_n=0.1),
    "cushioned": Footwear(medial_shift=0.05, heel_factor=0.80, preload_n=0.3),
    "stability": Footwear(medial_shift=-0.10, heel_factor=0.85, preload_n=0.4),
}
