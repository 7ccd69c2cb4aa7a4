"""The knobs of a simulated insole: ``sim://left?gait=walk&medial=0.1&pace=0`` -> ``Knobs`` (spec 11.3, table)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from acquisition.footwear import PRESETS
from insole.errors import LayoutError, UsageError
from insole.frame import MAX_RATE_HZ, MIN_RATE_HZ
from insole.layout import Layout, named_layout, reference_layout
from insole.recording import SIDES
from insole.treadmill import Incline, Speed, parse_incline, parse_speed
from insole.trial import Spans

KNOBS: Final = {
    "generator": "A (closed-form sensel bumps) or B (exact centre of pressure)",
    "gait": "run, walk, stand or transition",
    "T_c": "contact time, s, at the reference speed (run 0.30, walk and stand 0.50, transition 0.394)",
    "T_stride": "stride time, s (run and transition 0.75, walk and stand 0.86)",
    "mass": "body mass, kg (70, or that of the trial)",
    "size": "EU size (42, or that of the trial)",
    "rate": "frames a second until the host sets another (1000)",
    "medial": "delta: medial peaks × (1 + delta), lateral peaks × (1 − delta) (0)",
    "asymmetry_ms": "added to the right foot's half stride, ms (0)",
    "jitter": "step-to-step variation, CV of stride time and SD of delta: one number for both, or CV,SD (0)",
    "jitter_contact": "step-to-step variation of contact time, CV (0)",
    "drift_per_h": "slope of delta, per hour (0)",
    "noise_lsb": "SD of Gaussian noise, in counts (0.3)",
    "preload_n": "force on every sensel even in the swing, N (0)",
    "gain_sd": "SD of the logarithm of each sensel's gain (0)",
    "gain_drift_per_h": "common change of gain, % per hour (0)",
    "hysteresis": "h: a sensel reads × (1 + h) where its load rises fastest, × (1 − h) where it falls fastest (0)",
    "dropout": "share of frames lost on the way, in bursts (0)",
    "stuck": "one channel that keeps a count: its sensel's id, or its number from 1, and :SECONDS from when (0: none)",
    "saturation": "upper share of the voltage range in which the converter reads its rail (0)",
    "clock_ppm": "error of the device's clock, parts per million (0)",
    "unloaded_s": "span with the foot lifted, s (0, or that of the trial)",
    "standing_s": "span of quiet stance, s (0, or that of the trial)",
    "warm_up_s": "span on the belt before the analysed one, s (0, or that of the trial)",
    "pace": "1 real time, 2 twice as fast ..., 0 as fast as it is read (1)",
    "seed": "of everything random (0)",
    "speed": "belt speed with its unit; changes heel pressure and contact time (run as at 4.5 mph, walk as at 3 mph)",
    "incline": "belt slope with its unit; changes heel pressure (as on the level)",
    "footwear": f"preset: {', '.join(PRESETS)} (barefoot)",
    "circuit": "fsr_high or fsr_low (fsr_high)",
    "bits": "of a count: 10, 12 or 16 (10)",
    "r_m_ohm": "measuring resistor, ohm (1000)",
    "boot_us": "device time at start, µs; places the wrap of the 32-bit counter (from the seed)",
    "lose": "frames lost on the way: START:COUNT, several joined by ;",
    "drop": "frames dropped by the board, and counted by it: START:COUNT, several joined by ;",
    "damage": "frames damaged on the way: INDEX, several joined by ;",
}
"""Every knob: its meaning, unit and, in brackets, its default. Names are not case-sensitive."""

_TIMES: Final = {"run": (0.30, 0.75), "walk": (0.50, 0.86), "stand": (0.50, 0.86), "transition": (0.394, 0.75)}
_REFERENCE_M_S: Final = {"run": 4.5 * 0.44704, "transition": 4.5 * 0.44704, "walk": 3 * 0.44704, "stand": 3 * 0.44704}
MAX_MEDIAL: Final = 0.9
_MAX_INCLINE_PERCENT: Final = 30.0
_INTEGER: Final = re.compile(r"\d{1,18}\Z")

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Knobs:
    """One simulated insole. ``contact_s`` and ``heel_factor`` contain the effect of speed and incline.

    ``lose`` and ``drop`` are [start, end) pairs of scans, ``stuck`` is (channel, from when in s).
    """

    side: str
    generator: str
    gait: str
    contact_s: float
    stride_s: float
    mass_kg: float
    layout: Layout
    rate_hz: int
    medial: float
    asymmetry_ms: float
    jitter_cv: float
    jitter_medial_sd: float
    jitter_contact_cv: float
    drift_per_h: float
    noise_lsb: float
    preload_n: float
    gain_sd: float
    gain_drift_per_h: float
    hysteresis: float
    dropout: float
    stuck: tuple[int, float] | None
    saturation: float
    clock_ppm: float
    spans: Spans
    pace: float
    seed: int
    stride_seed: int
    speed: Speed | None
    incline: Incline | None
    heel_factor: float
    circuit: str
    bits: int
    r_m_ohm: float
    boot_us: int | None
    lose: Ranges
    drop: Ranges
    damage: tuple[int, ...]
    n_feet: int


class _Values:
    """The knobs as written, each read once; every complaint names the knob and what is allowed."""

    def __init__(self, query: str) -> None:
        names = {name.lower(): name for name in KNOBS}
        self._text: dict[str, str] = {}
        for key, text in parse_qsl(query, keep_blank_values=True):
            name = names.get(key.strip().lower())
            if name is None:
                near = get_close_matches(key.lower(), names, n=1)
                hint = f"did you mean {names[near[0]]}?" if near else f"there are {', '.join(KNOBS)}"
                raise UsageError(f"a simulated insole has no knob {key!r}; {hint}")
            if name in self._text:
                raise UsageError(f"knob {name} is given twice; give it once")
            self._text[name] = text.strip()

    def text(self, name: str) -> str | None:
        return self._text.get(name)

    def refuse(self, name: str, allowed: str) -> UsageError:
        return UsageError(f"knob {name}={self._text[name]} can't be meant; it takes {allowed}")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        text = self.text(name)
        return default if text is None else self._number(name, text, low, high, f"a number from {low:g} to {high:g}")

    def _number(self, name: str, text: str, low: float, high: float, allowed: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise self.refuse(name, allowed) from None
        if not (math.isfinite(value) and low <= value <= high):
            raise self.refuse(name, allowed)
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not _INTEGER.match(text) or not low <= int(text) <= high:
            raise self.refuse(name, f"a whole number from {low} to {high}")
        return int(text)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.text(name)
        found = default if text is None else {word.lower(): word for word in allowed}.get(text.lower())
        if found is None:
            raise self.refuse(name, " or ".join(allowed))
        return found

    def pair(self, name: str, low: float, high: float, high_second: float) -> tuple[float, float]:
        text = self.text(name)
        if text is None:
            return 0.0, 0.0
        allowed = f"CV or CV,SD with CV from {low:g} to {high:g} and SD from {low:g} to {high_second:g}"
        words = text.split(",")
        if len(words) > 2:
            raise self.refuse(name, allowed)
        first = self._number(name, words[0], low, high, allowed)
        return first, self._number(name, words[1], low, high_second, allowed) if len(words) == 2 else first

    def indices(self, name: str) -> tuple[int, ...]:
        text = self.text(name)
        words = [] if text is None else [word.strip() for word in text.split(";")]
        if not all(_INTEGER.match(word) for word in words):
            raise self.refuse(name, "frame numbers from 0, joined by ;")
        return tuple(sorted({int(word) for word in words}))

    def ranges(self, name: str) -> Ranges:
        text = self.text(name)
        found = []
        for word in [] if text is None else text.split(";"):
            start, _, count = (part.strip() for part in word.partition(":"))
            if not _INTEGER.match(start) or not _INTEGER.match(count) or int(count) < 1:
                raise self.refuse(name, "START:COUNT in frames, START from 0, COUNT from 1, several joined by ;")
            found.append((int(start), int(start) + int(count)))
        return tuple(sorted(found))

    def stuck(self, layout: Layout) -> tuple[int, float] | None:
        text = self.text("stuck")
        if text is None or text == "0":
            return None
        allowed = (
            f"0, a sensel ({', '.join(layout.ids)}) or a channel from 1 to {layout.n_sensels}, then :SECONDS or not"
        )
        word, colon, seconds = (part.strip() for part in text.partition(":"))
        ids = {sensel.lower(): int(channel) for sensel, channel in zip(layout.ids, layout.channel, strict=True)}
        channel = ids.get(word.lower())
        if channel is None:
            if not _INTEGER.match(word) or not 1 <= int(word) <= layout.n_sensels:
                raise self.refuse("stuck", allowed)
            channel = int(word) - 1
        return channel, self._number("stuck", seconds, 0.0, 86400.0, allowed) if colon else 0.0


def _address(url: str, side: str) -> str:
    """Check scheme and side, return the query."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket where no address of the internet has one
        raise UsageError(f"{url!r} is not understood; write sim://{side}, and knobs behind a ?") from None
    if parts.scheme != "sim":
        raise UsageError(f"{url!r} is no simulated insole; write sim://{side}")
    named = parts.netloc.lower()
    if named not in SIDES or parts.path not in ("", "/") or parts.fragment:
        raise UsageError(f"{url!r} is not understood; write sim://left or sim://right, and knobs behind a ?")
    if named != side:
        raise UsageError(f"{url!r} is asked for as the {side} insole; write sim://{side}, or swap the two")
    return parts.query


def _layout(values: _Values, size_eu: float, generator: str) -> Layout:
    size_eu = values.number("size", size_eu, 20.0, 60.0)
    try:
        # By its name, as the host will ask for it.
        layout = named_layout(reference_layout(size_eu).name)
    except LayoutError:
        raise UsageError(f"no insole of size {size_eu!r} can be simulated; give 20 to 60, at most 3 decimals") from None
    if generator == "B" and size_eu < 41.0:
        raise UsageError("generator B has its path in mm and needs size 41 or more; use generator=A for smaller feet")
    return layout


def _belt(values: _Values, gait: str) -> tuple[Speed | None, Incline | None, float, float]:
    """Speed, incline, heel factor, contact-time factor: multipliers only if speed or incline is given (spec 11.3)."""
    speed_text, incline_text = values.text("speed"), values.text("incline")
    speed = None if speed_text is None else parse_speed(speed_text)
    incline = None if incline_text is None else parse_incline(incline_text)
    if speed is not None and speed.m_s < 0.1:
        raise values.refuse("speed", "0.1 m/s or more")
    if incline is not None and abs(incline.percent) > _MAX_INCLINE_PERCENT:
        raise values.refuse("incline", f"-{_MAX_INCLINE_PERCENT:g} % to {_MAX_INCLINE_PERCENT:g} %")
    ratio = 1.0 if speed is None else speed.m_s / _REFERENCE_M_S[gait]
    percent = 0.0 if incline is None else incline.percent
    return speed, incline, (1.0 - 0.018 * percent) * (1.0 + 0.66 * (ratio - 1.0)), ratio**-0.7


def parse_knobs(
    url: str, side: str, spans: Spans, mass_kg: float | None = None, size_eu: float | None = None,
    stride_seed: int | None = None, n_feet: int = 2,
) -> Knobs:  # fmt: skip
    """Read ``sim://<side>?knob=value&...``; what the URL does not say comes from the trial.

    Raises UsageError for another side, an unknown knob, or a value that is impossible alone or with the others.
    """
    values = _Values(_address(url, side))
    generator = values.choice("generator", "A", ("A", "B"))
    gait = values.choice("gait", "run", tuple(_TIMES))
    layout = _layout(values, 42.0 if size_eu is None else size_eu, generator)
    speed, incline, heel_factor, time_factor = _belt(values, gait)
    footwear = PRESETS[values.choice("footwear", "barefoot", tuple(PRESETS))]
    medial = values.number("medial", 0.0, -0.8, 0.8) + footwear.medial_shift
    contact_s = values.number("T_c", _TIMES[gait][0], 0.05, 2.0) * time_factor
    stride_s = values.number("T_stride", _TIMES[gait][1], 0.2, 5.0)
    if contact_s > 0.9 * stride_s:
        raise UsageError(
            f"knobs T_c, T_stride and speed give a contact of {contact_s:.3g} s in a stride of {stride_s:.3g} s; "
            "a contact may last 90 % of its stride"
        )
    asymmetry_ms = values.number("asymmetry_ms", 0.0, -400.0 * stride_s, 400.0 * stride_s)
    cv, medial_sd = values.pair("jitter", 0.0, 0.2, 0.5)
    seed = values.integer("seed", 0, 0, 10**18 - 1)
    pace = values.number("pace", 1.0, 0.0, 1000.0)
    if 0.0 < pace < 0.01:
        raise values.refuse("pace", "0, or a factor from 0.01 to 1000")
    return Knobs(
        side=side, generator=generator, gait=gait, contact_s=contact_s, stride_s=stride_s,
        mass_kg=values.number("mass", 70.0 if mass_kg is None else mass_kg, 1.0, 400.0), layout=layout,
        rate_hz=values.integer("rate", 1000, MIN_RATE_HZ, MAX_RATE_HZ), medial=medial, asymmetry_ms=asymmetry_ms,
        jitter_cv=cv, jitter_medial_sd=medial_sd,
        jitter_contact_cv=values.number("jitter_contact", 0.0, 0.0, 0.2),
        drift_per_h=values.number("drift_per_h", 0.0, -10.0, 10.0),
        noise_lsb=values.number("noise_lsb", 0.3, 0.0, 100.0),
        preload_n=values.number("preload_n", 0.0, 0.0, 50.0) + footwear.preload_n,
        gain_sd=values.number("gain_sd", 0.0, 0.0, 1.0),
        gain_drift_per_h=values.number("gain_drift_per_h", 0.0, -50.0, 1000.0),
        hysteresis=values.number("hysteresis", 0.0, -0.5, 0.5), dropout=values.number("dropout", 0.0, 0.0, 0.5),
        stuck=values.stuck(layout), saturation=values.number("saturation", 0.0, 0.0, 0.9),
        clock_ppm=values.number("clock_ppm", 0.0, -50_000.0, 50_000.0),
        spans=Spans(
            values.number("unloaded_s", spans.unloaded_s, 0.0, 86400.0),
            values.number("standing_s", spans.standing_s, 0.0, 86400.0),
            values.number("warm_up_s", spans.warm_up_s, 0.0, 86400.0),
        ),
        pace=pace, seed=seed, stride_seed=seed if stride_seed is None else stride_seed, speed=speed, incline=incline,
        heel_factor=heel_factor * footwear.heel_factor,
        circuit=values.choice("circuit", "fsr_high", ("fsr_high", "fsr_low")),
        bits=int(values.choice("bits", "10", ("10", "12", "16"))), r_m_ohm=values.number("r_m_ohm", 1000.0, 10.0, 1e6),
        boot_us=values.integer("boot_us", 0, 0, 2**32 - 1) if values.text("boot_us") is not None else None,
        lose=values.ranges("lose"), drop=values.ranges("drop"), damage=values.indices("damage"), n_feet=n_feet,
    )  # fmt: skip
