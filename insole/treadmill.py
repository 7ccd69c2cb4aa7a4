"""Incline and speed of a treadmill: as entered with their unit, and what they mean (spec section 9)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from insole.errors import UsageError

MPH_M_S = 0.44704  # exactly, by the definition of the international mile
KM_H_M_S = 1.0 / 3.6
MAX_INCLINE_DEGREES = 45.0
MAX_INCLINE_PERCENT = 100.0  # the same slope
MAX_SPEED_M_S = 15.0

_SPEED_UNITS = {"mph": "mph", "km/h": "km/h", "kmh": "km/h", "kph": "km/h", "m/s": "m/s"}
_INCLINE_UNITS = {"%": "%", "percent": "%", "deg": "deg", "°": "deg", "degrees": "deg"}
_ENTRY = re.compile(r"^\s*([+\-−]?\d+(?:[.,]\d+)?)\s*(\S.*?)?\s*$")


@dataclass(frozen=True)
class Incline:
    """Slope of the belt as entered: ``value`` in ``unit`` (``%`` grade or ``deg``), uphill positive."""

    value: float
    unit: str

    def __post_init__(self) -> None:
        """Refuse what no treadmill does."""
        if self.unit not in ("%", "deg"):
            raise UsageError(f"incline unit {self.unit!r} is not known; use % or deg")
        if not math.isfinite(self.value) or abs(self.degrees) > MAX_INCLINE_DEGREES:
            raise UsageError(f"incline {self.value:g} {self.unit} is steeper than {MAX_INCLINE_DEGREES:g} degrees")

    @property
    def percent(self) -> float:
        """Grade in percent: 100 tan(theta)."""
        return self.value if self.unit == "%" else 100.0 * math.tan(math.radians(self.value))

    @property
    def degrees(self) -> float:
        """Angle theta in degrees: atan(grade / 100)."""
        return self.value if self.unit == "deg" else math.degrees(math.atan(self.value / 100.0))

    @property
    def cosine(self) -> float:
        """cos(theta): the share of body weight that presses on the sole."""
        return math.cos(math.radians(self.degrees))

    def __str__(self) -> str:
        """As entered, with a space before the unit."""
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True)
class Speed:
    """Belt speed as entered: ``value`` in ``unit`` (``mph``, ``km/h`` or ``m/s``)."""

    value: float
    unit: str

    def __post_init__(self) -> None:
        """Refuse what no treadmill does."""
        if self.unit not in ("mph", "km/h", "m/s"):
            raise UsageError(f"speed unit {self.unit!r} is not known; use mph, km/h or m/s")
        if not math.isfinite(self.value):
            raise UsageError("speed is not a finite number; give the belt speed, for example \"4.5 mph\"")
        if self.value < 0:
            raise UsageError(f"speed {self.value:g} {self.unit} is negative; give the belt speed as 0 or more")
        if self.m_s > MAX_SPEED_M_S:
            raise UsageError(f"speed {self.value:g} {self.unit} is above {MAX_SPEED_M_S:g} m/s; check the unit")

    @property
    def m_s(self) -> float:
        """Speed in m/s."""
        return self.value * {"mph": MPH_M_S, "km/h": KM_H_M_S, "m/s": 1.0}[self.unit]

    @property
    def km_h(self) -> float:
        """Speed in km/h."""
        return self.m_s * 3.6

    def __str__(self) -> str:
        """As entered, with a space before the unit."""
        return f"{self.value:g} {self.unit}"


def parse_incline(text: str) -> Incline:
    """Read ``"4 %"`` or ``"2.3deg"``. Raises UsageError when the unit is missing: 4 % and 4 degrees differ."""
    number, unit = _split(text, "incline", "% or deg, for example \"4 %\"")
    return Incline(number, _unit(unit, _INCLINE_UNITS, "incline", "% or deg"))


def parse_speed(text: str) -> Speed:
    """Read ``"4.5 mph"``, ``"7.2km/h"`` or ``"2 m/s"``. Raises UsageError when the unit is missing."""
    number, unit = _split(text, "speed", "mph, km/h or m/s, for example \"4.5 mph\"")
    return Speed(number, _unit(unit, _SPEED_UNITS, "speed", "mph, km/h or m/s"))


def _split(text: str, what: str, units: str) -> tuple[float, str]:
    match = _ENTRY.match(text)
    if match is None:
        raise UsageError(f"{what} {text!r} is not a number with a unit; write it with {units}")
    if match.group(2) is None:
        raise UsageError(f"{what} {text!r} has no unit; write it with {units}")
    return float(match.group(1).replace(",", ".").replace("−", "-")), match.group(2)


def _unit(word: str, known: dict[str, str], what: str, units: str) -> str:
    unit = known.get(word.lower().replace(" ", ""))
    if unit is None:
        raise UsageError(f"{what} unit {word!r} is not known; use {units}")
    return unit


@dataclass(frozen=True)
class Treadmill:
    """The belt under a trial: entered by the operator, reported by the machine, measured independently.

    A display is no measurement (spec 9); analyses use ``incline_percent`` and ``speed_m_s``, which take the
    measured value where there is one, otherwise the entered one.
    """

    incline: Incline | None = None
    speed: Speed | None = None
    reported_incline_percent: float | None = None
    reported_speed_m_s: float | None = None
    measured_incline_percent: float | None = None
    measured_speed_m_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse reported or measured values that no treadmill has (UsageError names the field)."""
        for name in ("reported_incline_percent", "measured_incline_percent"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and abs(value) <= MAX_INCLINE_PERCENT):
                raise UsageError(f"{name} {value:g} is steeper than {MAX_INCLINE_PERCENT:g} %")
        for name in ("reported_speed_m_s", "measured_speed_m_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and 0.0 <= value <= MAX_SPEED_M_S):
                raise UsageError(f"{name} {value:g} is outside 0 to {MAX_SPEED_M_S:g}")

    @property
    def incline_percent(self) -> float | None:
        """Grade in percent that analyses use, None if unknown."""
        if self.measured_incline_percent is not None:
            return self.measured_incline_percent
        return None if self.incline is None else self.incline.percent

    @property
    def speed_m_s(self) -> float | None:
        """Belt speed in m/s that analyses use, None if unknown."""
        if self.measured_speed_m_s is not None:
            return self.measured_speed_m_s
        return None if self.speed is None else self.speed.m_s

    @property
    def cosine(self) -> float:
        """cos(theta) of the incline that analyses use; 1 if it is unknown."""
        percent = self.incline_percent
        return 1.0 if percent is None else Incline(percent, "%").cosine

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe: what was entered with its unit, what it means, what was reported and measured."""
        return {
            "incline_entered": None if self.incline is None else self.incline.value,
            "incline_unit": None if self.incline is None else self.incline.unit,
            "incline_percent": self.incline_percent,
            "speed_entered": None if self.speed is None else self.speed.value,
            "speed_unit": None if self.speed is None else self.speed.unit,
            "speed_m_s": self.speed_m_s,
            "reported_incline_percent": self.reported_incline_percent,
            "reported_speed_m_s": self.reported_speed_m_s,
            "measured_incline_percent": self.measured_incline_percent,
            "measured_speed_m_s": self.measured_speed_m_s,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Treadmill:
        """Back from ``as_dict``; the derived values are worked out again."""
        incline, speed = data.get("incline_entered"), data.get("speed_entered")
        return cls(
            incline=None if incline is None else Incline(float(incline), str(data["incline_unit"])),
            speed=None if speed is None else Speed(float(speed), str(data["speed_unit"])),
            reported_incline_percent=data.get("reported_incline_percent"),
            reported_speed_m_s=data.get("reported_speed_m_s"),
            measured_incline_percent=data.get("measured_incline_percent"),
            measured_speed_m_s=data.get("measured_speed_m_s"),
        )
