"""Trials of both feet written down as formulas (the bumps of `bumps.py`), and numbers that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import bumps
import numpy as np
from numpy.typing import NDArray

from insole.layout import reference_layout
from insole.recording import Recording, holes
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import Foot, Trial, TrialInfo

F8 = NDArray[np.float64]
SHAPES = {"run": bumps.RUN, "walk": bumps.WALK}
TIMES = {"run": (0.30, 0.75), "walk": (0.50, 0.86)}
BODY_WEIGHT_N = 70.0 * 9.80665


def generator_kappa(gait: str, medial: float) -> float:
    """The scale that makes the impulse of a foot BW cos(theta) stride/2 at 4 % and 70 kg (EU 42)."""
    contact, stride = TIMES[gait]
    u = np.linspace(0.0, 1.0, 100_001)
    impulse = np.trapezoid(bumps.stance_kpa(u, SHAPES[gait], medial) @ bumps.AREA, u) * contact
    return float(BODY_WEIGHT_N * np.cos(np.arctan(0.04)) * stride / 2.0 / impulse)


def info(**changes: object) -> TrialInfo:
    """70 kg, barefoot, 4 %, 4.5 mph."""
    belt = Treadmill(parse_incline("4 %"), parse_speed("4.5 mph"))
    known = TrialInfo(subject="S01", mass_kg=70.0, condition="barefoot", treadmill=belt)
    return replace(known, started_utc="2026-11-01T10:00:00Z", **changes)  # type: ignore[arg-type]


def foot(
    side: str, kpa: F8, rate_hz: float = 1000.0, size_eu: float = 42.0, keep: NDArray[np.bool_] | None = None
) -> Foot:
    """One recorded foot of kind pressure_kpa; samples where `keep` is False never arrived."""
    index = np.arange(len(kpa), dtype=np.int64)
    index = index if keep is None else index[keep]
    recording = Recording(side, "pressure_kpa", rate_hz, index, index / rate_hz, kpa[index], holes(index))
    return Foot(side, recording, reference_layout(size_eu))


def contact_starts(gait: str, side: str, duration_s: float) -> list[float]:
    """Left contacts begin after one stride, right ones half a stride later."""
    stride = TIMES[gait][1]
    return np.arange(stride * (1.0 if side == "left" else 1.5), duration_s, stride).tolist()


def trial(
    gait: str = "run",
    left: float = 0.1,
    right: float = 0.2,
    duration_s: float = 40.0,
    sides: tuple[str, ...] = ("left", "right"),
    size_eu: float = 42.0,
    rate_hz: float = 1000.0,
    change: Callable[[str, F8], F8] | None = None,
    keep: dict[str, NDArray[np.bool_]] | None = None,
    **about: object,
) -> Trial:
    """A noise-free trial; `change(side, kpa)` may alter the pressures, `keep` by side leaves samples out."""
    feet = {}
    for side in sides:
        starts = contact_starts(gait, side, duration_s)
        medial = left if side == "left" else right
        kpa = bumps.gait_kpa(round(duration_s * rate_hz), starts, TIMES[gait][0], SHAPES[gait], medial, rate_hz)
        kpa = kpa if change is None else change(side, kpa)
        feet[side] = foot(side, kpa, rate_hz, size_eu, None if keep is None else keep.get(side))
    return Trial(info(**about), feet, name="closed form")
