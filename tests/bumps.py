"""Test signals: closed-form pressure bumps of a stance (generator A of the specification), sampled into recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from insole.calibration import NOMINAL_K, NOMINAL_N, Electronics
from insole.layout import reference_layout
from insole.recording import Recording, holes
from insole.trial import Foot, Spans, TrialInfo

IDS = ("HP", "HM", "HL", "HC", "LP", "LD", "MD", "CD", "M1", "M2", "M3", "M4", "M5", "T1", "T23", "T45")
# peak kPa, start, end (share of stance), alpha, gamma
RUN = (
    (180, 0, 0.45, 1, 2), (210, 0, 0.55, 1, 2), (220, 0, 0.55, 1, 2), (120, 0.02, 0.62, 1, 2), (70, 0.04, 0.80, 2, 3),
    (80, 0.05, 0.85, 2, 2), (35, 0.08, 0.75, 2, 2), (40, 0.06, 0.85, 2, 2), (260, 0.13, 0.96, 2, 2),
    (300, 0.09, 0.98, 2, 2), (280, 0.06, 0.97, 2, 2), (220, 0.04, 0.95, 2, 2), (170, 0.02, 0.92, 2, 2),
    (240, 0.20, 1, 3, 2), (110, 0.20, 1, 3, 2), (60, 0.18, 0.98, 3, 2),
)  # fmt: skip
WALK = (
    (270, 0, 0.50, 1, 2), (280, 0, 0.62, 1, 2), (280, 0, 0.62, 1, 2), (170, 0.02, 0.66, 1, 2), (60, 0.05, 0.78, 2, 2),
    (70, 0.06, 0.82, 2, 2), (25, 0.10, 0.72, 2, 2), (30, 0.08, 0.80, 2, 2), (190, 0.06, 0.95, 3, 1),
    (250, 0.04, 0.97, 3, 1), (225, 0.03, 0.96, 3, 1), (140, 0.02, 0.94, 2, 1), (90, 0.01, 0.91, 2, 1),
    (250, 0.25, 1, 4, 1), (90, 0.25, 1, 4, 1), (50, 0.25, 0.98, 4, 1),
)  # fmt: skip
AREA = np.array([982, 1043, 1050, 1408, 1266, 1193, 1438, 1872, 1322, 982, 841, 1012, 952, 1168, 1171, 1107]) / 1000.0
MEDIAL = np.array([0, 1, -1, 0, 0, 0, 0, 0, 1, 1, 0, -1, -1, 0, 0, 0])


def stance_kpa(
    u: NDArray[np.float64], shapes: Sequence[tuple[float, ...]] = RUN, medial: float = 0.0
) -> NDArray[np.float64]:
    """Pressures (n, 16) at the stance times u (n,); 0 outside 0 < u < 1."""
    out = np.zeros((u.size, 16))
    for i, (peak, a, b, alpha, gamma) in enumerate(shapes):
        s = np.clip((u - a) / (b - a), 0.0, 1.0)
        norm = alpha**alpha * gamma**gamma / (alpha + gamma) ** (alpha + gamma)
        out[:, i] = peak * (1.0 + medial * MEDIAL[i]) * s**alpha * (1.0 - s) ** gamma / norm
    return out


def gait_kpa(
    n: int,
    starts_s: Sequence[float],
    contact_s: float = 0.30,
    shapes: Sequence[tuple[float, ...]] = RUN,
    medial: float = 0.0,
    rate: float = 1000.0,
) -> NDArray[np.float64]:
    """Pressures (n, 16) of stances that begin at `starts_s`, on samples 0, 1, ... n - 1."""
    out = np.zeros((n, 16))
    for start in starts_s:
        first = max(0, int(np.floor(start * rate)))
        last = min(n, int(np.ceil((start + contact_s) * rate)) + 1)
        if last > first:
            u = (np.arange(first, last) / rate - start) / contact_s
            out[first:last] += stance_kpa(u, shapes, medial)
    return out


def running_kpa(
    seconds: float, preload_kpa: float = 0.0, first_s: float = 0.0, rate: float = 1000.0
) -> NDArray[np.float64]:
    """Pressures of running at 0.75 s a stride and 0.30 s a stance, from `first_s` on."""
    return gait_kpa(round(seconds * rate), np.arange(first_s, seconds, 0.75).tolist(), rate=rate) + preload_kpa


def counts_of(
    pressure_kpa: NDArray[np.float64], electronics: Electronics, area_mm2: float = 126.7
) -> NDArray[np.uint16]:
    """What the converter says about pressures under the nominal curve, rounded down."""
    force = np.maximum(pressure_kpa, 0.0) * area_mm2 / 1000.0
    x = (force / NOMINAL_K) ** (1.0 / NOMINAL_N) * electronics.r_m_ohm
    rho = x / (1.0 + x) if electronics.circuit == "fsr_high" else 1.0 / (1.0 + x)
    return np.minimum(np.floor(rho * electronics.n_codes), electronics.n_codes - 1).astype(np.uint16)


ELECTRONICS = Electronics("fsr_high", 1000.0, 10)


def make_foot(
    values: NDArray[np.float64] | NDArray[np.uint16],
    kind: str = "pressure_kpa",
    rate: float = 1000.0,
    keep: NDArray[np.bool_] | None = None,
    side: str = "left",
    electronics: Electronics = ELECTRONICS,
    start_s: float = 0.0,
) -> Foot:
    """A foot with the reference layout; samples where `keep` is False never arrived."""
    index = np.arange(values.shape[0], dtype=np.int64)
    if keep is not None:
        index = index[keep]
    recording = Recording(
        side=side, kind=kind, sample_rate_hz=rate, index=index, time_s=start_s + index / rate,
        values=values[index].copy(), gaps=holes(index),
    )  # fmt: skip
    return Foot(
        side=side, recording=recording, layout=reference_layout(42.0),
        electronics=electronics if kind == "counts" else None,
    )  # fmt: skip


def info(mass_kg: float | None = 70.0, **spans: float) -> TrialInfo:
    """A trial of a runner of known mass."""
    return replace(TrialInfo(), mass_kg=mass_kg, spans=Spans(**spans))
