"""What a perfect instrument would report about the simulated gait (spec 11.1, 11.2): functions of the generators."""

from __future__ import annotations

import math

import numpy as np

from acquisition.gait import F8, PATH_C_MM, PATH_DX_MM, PATH_DY_MM, PATH_Y0_MM, Generator, path_mm
from insole.layout import REGIONS, Layout


def generator_kappa(
    generator: Generator,
    body_weight_n: float,
    contact_s: float,
    stride_s: float,
    medial: float = 0.0,
    cosine: float = 1.0,
) -> float:
    """The force scale with which one foot's impulse is half of BW·cos(theta)·T_stride (spec 11.1)."""
    return body_weight_n * cosine * stride_s / 2.0 / generator.impulse_n_s(contact_s, medial)


def total_force_n(generator: Generator, layout: Layout, phase: F8, medial: float) -> F8:
    """Sum of A_trib·p/1000 at phases f8[m], N, before the force scale; 0 outside (0, 1)."""
    inside = (phase > 0.0) & (phase < 1.0)
    force = np.zeros(phase.shape)
    force[inside] = (
        generator.pressure_kpa(phase[inside], np.full(int(inside.sum()), medial)) @ layout.trib_area_mm2 / 1e3
    )
    return force


def threshold_events_s(
    generator: Generator, layout: Layout, contact_s: float, threshold_n: float, kappa: float = 1.0, medial: float = 0.0
) -> tuple[float, float]:
    """First and last moment with kappa·sum(A_trib p)/1000 = ``threshold_n``, s after the nominal foot contact.

    This is the truth for events (spec 11.1). ValueError if the force never gets there.
    """

    def excess(phase: F8) -> F8:
        return kappa * total_force_n(generator, layout, phase, medial) - threshold_n

    grid = np.linspace(0.0, 1.0, 2001)
    above = np.flatnonzero(excess(grid) >= 0.0)
    if not above.size:
        raise ValueError(f"the simulated force never reaches {threshold_n:g} N")
    roots = []
    for out, into in ((above[0] - 1, above[0]), (above[-1] + 1, above[-1])):
        low, high = float(grid[out]), float(grid[into])
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if excess(np.array([middle]))[0] >= 0.0 else (middle, high)
        roots.append(high * contact_s)
    return roots[0], roots[1]


def region_means(layout: Layout, values: F8) -> dict[str, float]:
    """Area-weighted region means of a value a sensel (spec 1.4), for example of pressure-time integrals."""
    weight = layout.region_weight * layout.trib_area_mm2[:, None]
    return dict(zip(REGIONS, (values @ weight / weight.sum(axis=0)).tolist(), strict=True))


def mli(region: dict[str, float]) -> float:
    """Medial loading index of region integrals, percent (spec 6.1)."""
    medial = region["HM"] + region["M1"] + region["M2"]
    lateral = region["HL"] + region["M4"] + region["M5"]
    return 100.0 * (medial - lateral) / (medial + lateral)


def foot_balance(region: dict[str, float]) -> float:
    """Foot balance of region integrals, percent (spec 6.1)."""
    medial = region["M1"] + region["M2"] + region["HM"]
    lateral = region["M3"] + region["M4"] + region["M5"] + region["HL"]
    return 100.0 * (medial - lateral) / (medial + lateral)


def mt34(region: dict[str, float]) -> float:
    """Share of metatarsals 3 and 4 in the five metatarsal heads, percent (spec 6.5)."""
    heads = [region[f"M{k}"] for k in range(1, 6)]
    return 100.0 * (heads[2] + heads[3]) / sum(heads)


def path_start_phase(threshold_bw: float, peak_bw: float) -> float:
    """Phase at which generator B's force rises through ``threshold_bw`` (spec 11.2: 0.1 of 2 BW is at 0.015922)."""
    return math.asin(threshold_bw / peak_bw) / math.pi


def path_cpei(layout: Layout, start: float = 0.0, end: float = 1.0, medial: float = 0.0) -> float:
    """CPEI of generator B's path between two phases (spec 11.2): 400·C·(s* − s_a)(s_b − s*)/W_ff.

    ValueError if the layout has no size.
    """
    if layout.length_mm is None or layout.ff_width_mm is None:
        raise ValueError(f"layout {layout.name} has no length or forefoot width")
    line = (2.0 * layout.length_mm / 3.0 - PATH_Y0_MM) / PATH_DY_MM
    return 400.0 * PATH_C_MM * (1.0 - medial) * (line - start) * (end - line) / layout.ff_width_mm


def path_length_mm(start: float = 0.0, end: float = 1.0, medial: float = 0.0) -> float:
    """Arc length of generator B's path between two phases, mm: the integral of sqrt(x'² + y'²), in closed form."""
    c4 = 4.0 * PATH_C_MM * (1.0 - medial)

    def antiderivative(slope: float) -> float:
        return 0.5 * (slope * math.hypot(slope, PATH_DY_MM) + PATH_DY_MM**2 * math.asinh(slope / PATH_DY_MM))

    first, last = (PATH_DX_MM - c4 * (1.0 - 2.0 * s) for s in (start, end))
    if c4 == 0.0:
        return (end - start) * math.hypot(PATH_DX_MM, PATH_DY_MM)
    return (antiderivative(last) - antiderivative(first)) / (2.0 * c4)


def path_strike_index(layout: Layout, start: float = 0.0) -> float:
    """Strike index of generator B, percent of the insole's length (spec 6.5). ValueError without a length."""
    if layout.length_mm is None:
        raise ValueError(f"layout {layout.name} has no length")
    return 100.0 * float(path_mm(np.array([start]), np.zeros(1))[0, 1]) / layout.length_mm
