"""A whole simulated trial of one foot: when its contacts happen, how they vary, what presses in them and in between.

Time is the virtual time of the trial, s from *start*: lifted foot, quiet stance, then contacts (spec 2.5, 11.3). Left
and right share the strides, because these depend on ``stride_seed`` alone; the right foot comes half a stride later.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquisition.gait import F8, Generator, GeneratorA, GeneratorB, standing_kpa
from acquisition.knobs import MAX_MEDIAL, Knobs
from acquisition.truth import generator_kappa
from insole.trial import GRAVITY_M_S2

JITTER_PHI: Final = 0.5
"""AR(1) coefficient of the knob jitter. Our choice (strides are persistent): the specification leaves it open."""
TRANSITION_PHI: Final = 0.9
TRANSITION_SD_S: Final = 0.020
_STRIDES: Final = 256
_STREAMS: Final = {"stride": 1, "contact": 2, "medial": 3, "gain": 4, "noise": 5, "dropout": 6, "boot": 7}
CONTACT = np.dtype([("start_s", "<f8"), ("contact_s", "<f8"), ("medial", "<f8")])


def random_stream(seed: int, what: str, side: str = "both") -> np.random.Generator:
    """An independent stream of random numbers for each purpose: no knob changes what another one draws."""
    return np.random.default_rng([seed, _STREAMS[what], ("both", "left", "right").index(side)])


class _Ar1:
    """Stationary AR(1) of SD 1, drawn as far as needed."""

    def __init__(self, phi: float, rng: np.random.Generator) -> None:
        self._phi, self._rng = phi, rng
        self._last = float(rng.standard_normal())

    def draw(self, count: int) -> F8:
        """The next ``count`` values, f8[count]."""
        noise = self._rng.standard_normal(count) * math.sqrt(1.0 - self._phi**2)
        values = np.empty(count)
        for i in range(count):
            values[i] = self._last
            self._last = self._phi * self._last + noise[i]
        return values


class Walk:
    """One foot's trial. ``kappa`` is the generator's force scale (spec 11.1), ``generator`` makes its stances."""

    def __init__(self, knobs: Knobs) -> None:
        """The contacts of ``knobs.side``, beginning behind the unloaded and the standing span."""
        self._knobs = knobs
        self._layout = knobs.layout
        body_weight_n = knobs.mass_kg * GRAVITY_M_S2
        self.generator: Generator = (
            GeneratorB(knobs.layout, body_weight_n, knobs.medial)
            if knobs.generator == "B"
            else GeneratorA(knobs.layout, "walk" if knobs.gait in ("walk", "stand") else "run", knobs.heel_factor)
        )
        cosine = 1.0 if knobs.incline is None else knobs.incline.cosine
        self.kappa = generator_kappa(
            self.generator, body_weight_n, knobs.contact_s, knobs.stride_s, knobs.medial, cosine
        )
        # Quiet stance shares the weight; with one insole it is stance on that leg, as the static force scale takes it.
        self.standing_kpa = standing_kpa(knobs.layout, body_weight_n / (knobs.n_feet * self.kappa), knobs.medial)
        phase = np.linspace(0.0, 1.0, 1001)[1:-1]
        slope = np.diff(self.generator.pressure_kpa(phase, np.full(phase.size, knobs.medial)), axis=0) * 1000.0
        self._steepest_kpa_s = np.abs(slope).max(axis=0) / knobs.contact_s
        self._stride_noise = _Ar1(JITTER_PHI, random_stream(knobs.stride_seed, "stride"))
        self._contact_noise = _Ar1(TRANSITION_PHI, random_stream(knobs.stride_seed, "contact"))
        self._medial_noise = _Ar1(JITTER_PHI, random_stream(knobs.seed, "medial", knobs.side))
        self._next_stride_s = knobs.spans.warm_up_from_s
        self._contacts = np.empty(0, dtype=CONTACT)

    def _extend(self) -> None:
        """Add a block of strides. Blocks are of fixed size, so a trial does not depend on how it is read."""
        k = self._knobs
        stride = k.stride_s * (1.0 + k.jitter_cv * self._stride_noise.draw(_STRIDES))
        # However large the jitter: a foot has left the ground before it comes down again.
        stride = np.maximum(stride, k.contact_s / 0.9)
        left = self._next_stride_s + np.concatenate([[0.0], np.cumsum(stride)])
        self._next_stride_s = float(left[-1])
        block = np.empty(_STRIDES, dtype=CONTACT)
        block["start_s"] = left[:-1]
        if k.side == "right":
            block["start_s"] += 0.5 * stride + k.asymmetry_ms / 1000.0
        block["contact_s"] = k.contact_s
        # Contacts alternate between the feet, and so does their series: each foot draws both and keeps its own.
        both = self._contact_noise.draw(2 * _STRIDES)
        own = both[("left", "right").index(k.side) :: 2]
        if k.gait != "transition":
            block["contact_s"] *= np.clip(1.0 + k.jitter_contact_cv * own, 0.2, None)
            block["contact_s"] = np.minimum(block["contact_s"], 0.9 * stride)
        else:
            block["contact_s"] = np.clip(k.contact_s + TRANSITION_SD_S * own, 0.05, 0.95 * stride)
        drift = k.drift_per_h * block["start_s"] / 3600.0
        medial = k.medial + drift + k.jitter_medial_sd * self._medial_noise.draw(_STRIDES)
        block["medial"] = np.clip(medial, -MAX_MEDIAL, MAX_MEDIAL)
        self._contacts = np.concatenate([self._contacts, block])

    def contacts(self, until_s: float) -> NDArray[np.void]:
        """Every contact that begins before ``until_s``: nominal start, length, delta (dtype ``CONTACT``)."""
        if self._knobs.gait == "stand":
            return self._contacts  # none
        while not self._contacts.size or self._contacts["start_s"][-1] < until_s:
            self._extend()
        return self._contacts[: np.searchsorted(self._contacts["start_s"], until_s)]

    def pressure_kpa(self, time_s: F8) -> F8:
        """Pressures f8[m, n_sensels] in sensel order at rising times f8[m]."""
        pressure = np.zeros((time_s.size, self._layout.n_sensels))
        if not time_s.size:
            return pressure
        spans, standing = self._knobs.spans, self._knobs.gait == "stand"
        quiet = (time_s >= spans.standing_from_s) & (standing | (time_s < spans.warm_up_from_s))
        pressure[quiet] = self.standing_kpa
        if standing or time_s[-1] < spans.warm_up_from_s:
            return pressure
        contacts = self.contacts(float(time_s[-1]) + 1e-9)
        which = np.searchsorted(contacts["start_s"], time_s, side="right") - 1
        if not contacts.size:
            return pressure
        own = contacts[np.maximum(which, 0)]
        phase = (time_s - own["start_s"]) / own["contact_s"]
        inside = (which >= 0) & (phase > 0.0) & (phase < 1.0)
        pressure[inside] = self.generator.pressure_kpa(phase[inside], own["medial"][inside])
        return pressure

    def rising(self, pressure_kpa: F8, time_s: F8) -> F8:
        """How fast samples 1 … m − 1 change, f8[m - 1, n_sensels]: -1 to 1, relative to the steepest in a stance."""
        slope: F8 = np.diff(pressure_kpa, axis=0) / np.diff(time_s)[:, None]
        relative: F8 = np.clip(slope / self._steepest_kpa_s, -1.0, 1.0)
        return relative
