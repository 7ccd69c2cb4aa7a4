"""Counts -> conductance -> force -> pressure, a sensel each (spec 2.1, 2.2).

The nominal curve (worked example E1 of the specification) stands in where no calibration is given; every result
then carries ``nominal_calibration``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insole.errors import CalibrationError

NOMINAL_K = 115201.356216
NOMINAL_N = 1.101555
NOMINAL_MAX_N = 80.0
NOMINAL_AREA_MM2 = 126.7
SIGMA_GAIN = 0.10
SCHEMA = "insole-calibration/1"
PROCEDURES = ("nominal", "uniform", "puck")
MODELS = ("linear", "power", "pchip")
MAX_FILE_BYTES = 4 << 20


@dataclass(frozen=True)
class Electronics:
    """The divider and converter behind a channel: ``circuit`` fsr_high or fsr_low, ``r_m_ohm``, ADC ``bits``."""

    circuit: str
    r_m_ohm: float
    bits: int

    def __post_init__(self) -> None:
        """Refuse a circuit that the conductance formula does not cover."""
        if self.circuit not in ("fsr_high", "fsr_low"):
            raise CalibrationError(f"circuit {self.circuit!r} is not known; it is fsr_high or fsr_low")
        if self.bits not in (10, 12, 16):
            raise CalibrationError(f"{self.bits} bits a count are not supported; 10, 12 or 16 are")
        if not 1.0 <= self.r_m_ohm <= 1e7:
            raise CalibrationError(f"measuring resistor {self.r_m_ohm:g} ohm is outside 1 to 10 000 000")

    @property
    def n_codes(self) -> int:
        """Number of codes N = 2^bits."""
        return 1 << self.bits

    def _rho(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        return (np.asarray(counts, dtype=np.float64) + 0.5) / self.n_codes

    def conductance_s(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """FSR conductance in siemens of counts (any shape); the open-sensor code is exactly 0."""
        rho = self._rho(counts)
        if self.circuit == "fsr_high":
            return np.where(np.asarray(counts) == 0, 0.0, rho / ((1.0 - rho) * self.r_m_ohm))
        return np.where(np.asarray(counts) == self.n_codes - 1, 0.0, (1.0 - rho) / (rho * self.r_m_ohm))

    def quantisation_s(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """SD of the conductance due to rounding to a code, in siemens."""
        rho = self._rho(counts)
        open_share = 1.0 - rho if self.circuit == "fsr_high" else rho
        sd: NDArray[np.float64] = 1.0 / (open_share**2 * self.r_m_ohm * self.n_codes * math.sqrt(12.0))
        return sd

    def load_code(self, ten_bit_code: int) -> int:
        """A 10-bit limit of spec 2.1 in this converter's codes, counted from the unloaded end."""
        return ten_bit_code << (self.bits - 10)

    def loaded(self, counts: NDArray[Any]) -> NDArray[np.int64]:
        """Counts measured from the unloaded end: mirrored for ``fsr_low``."""
        codes = np.asarray(counts, dtype=np.int64)
        return codes if self.circuit == "fsr_high" else self.n_codes - 1 - codes


@dataclass(frozen=True)
class Response:
    """Force against conductance of one sensel, on G' = max(G − G_0, 0): F = k·G'^n, or knots of a monotone fit."""

    model: str = "power"
    k: float = NOMINAL_K
    n: float = NOMINAL_N
    g0_s: float = 0.0
    max_force_n: float = NOMINAL_MAX_N
    knots_s: tuple[float, ...] = ()
    knots_n: tuple[float, ...] = ()
    rmspe_percent: float | None = None
    hysteresis_percent: float | None = None

    def force_n(self, conductance_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Force in N of conductances in S (any shape)."""
        g = np.maximum(conductance_s - self.g0_s, 0.0)
        if self.model == "pchip":
            from scipy.interpolate import PchipInterpolator

            knots = np.array(self.knots_s)
            curve = PchipInterpolator(knots, np.array(self.knots_n))
            # Linear to (0, 0) below the first knot; the last level holds above it, where the sensel is flagged.
            return np.where(g < knots[0], g * self.knots_n[0] / knots[0], curve(np.clip(g, knots[0], knots[-1])))
        force: NDArray[np.float64] = self.k * g ** (self.n if self.model == "power" else 1.0)
        return force


@dataclass(frozen=True, eq=False)
class Calibration:
    """One insole's responses, in sensel order, and where they come from."""

    id: str
    procedure: str
    responses: tuple[Response, ...]
    date: str | None = None
    device_serial: str | None = None
    sigma_gain: float = SIGMA_GAIN
    sensel_ids: tuple[str, ...] = field(default=())

    @property
    def is_nominal(self) -> bool:
        """True if nobody calibrated this insole."""
        return self.procedure == "nominal"

    @property
    def rmspe_percent(self) -> float | None:
        """Worst fit error over the sensels, percent; None if none is known."""
        known = [r.rmspe_percent for r in self.responses if r.rmspe_percent is not None]
        return max(known) if known else None

    def in_order_of(self, sensel_ids: tuple[str, ...]) -> Calibration:
        """The same calibration with its responses in the order of a layout's sensels.

        Raises CalibrationError if it was made for other sensels. A calibration that only numbers its sensels is taken
        as it stands.
        """
        ours = self.sensel_ids or tuple(str(i) for i in range(len(self.responses)))
        if len(self.responses) != len(sensel_ids):
            raise CalibrationError(
                f"calibration {self.id} has {len(self.responses)} sensors, the insole has {len(sensel_ids)}; "
                "give the calibration of this insole"
            )
        if ours == sensel_ids or ours == tuple(str(i) for i in range(len(ours))):
            return self
        missing = [sensel for sensel in sensel_ids if sensel not in ours]
        if missing:
            raise CalibrationError(
                f"calibration {self.id} has no sensor {missing[0]}, the insole has; give the calibration of this insole"
            )
        responses = tuple(self.responses[ours.index(sensel)] for sensel in sensel_ids)
        return replace(self, responses=responses, sensel_ids=sensel_ids)

    def table_kpa(self, electronics: Electronics, area_mm2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pressure of every code, f8[n_sensels, 2^bits] in kPa: p = 1000·F/a (spec 2.2)."""
        g = electronics.conductance_s(np.arange(electronics.n_codes))
        area = np.where(np.isfinite(area_mm2), area_mm2, NOMINAL_AREA_MM2)
        return np.stack([1000.0 * r.force_n(g) / a for r, a in zip(self.responses, area, strict=True)])

    def above_range(self, electronics: Electronics) -> NDArray[np.bool_]:
        """True for every code beyond the calibrated range, bool[n_sensels, 2^bits]."""
        g = electronics.conductance_s(np.arange(electronics.n_codes))
        rows = []
        for r in self.responses:
            beyond = r.force_n(g) > r.max_force_n * (1.0 + 1e-9)
            rows.append(beyond | (g - r.g0_s > r.knots_s[-1]) if r.model == "pchip" else beyond)
        return np.stack(rows)

    def as_dict(self) -> dict[str, Any]:
        """The calibration as its JSON."""
        ids = self.sensel_ids or tuple(str(i) for i in range(len(self.responses)))
        return {
            "schema": SCHEMA, "id": self.id, "procedure": self.procedure, "date": self.date,
            "device_serial": self.device_serial, "sigma_gain": self.sigma_gain,
            "sensors": [
                {
                    "id": sensel, "model": r.model, "k": r.k, "n": r.n, "g0_s": r.g0_s, "max_force_n": r.max_force_n,
                    "g_s": list(r.knots_s), "force_n": list(r.knots_n), "rmspe_percent": r.rmspe_percent,
                    "hysteresis_percent": r.hysteresis_percent,
                }
                for sensel, r in zip(ids, self.responses, strict=True)
            ],
        }  # fmt: skip


def nominal_calibration(n_sensels: int) -> Calibration:
    """The nominal curve of spec E1 for every sensel."""
    return Calibration(id="nominal", procedure="nominal", responses=(Response(),) * n_sensels)


def fit_power(conductance_s: NDArray[np.float64], force_n: NDArray[np.float64]) -> Response:
    """Power law F = k·G'^n by least squares of ln F on ln G' (spec 2.2, model 2), f8[levels] each, all above 0.

    Raises CalibrationError for fewer than two levels or levels that are not positive.
    """
    if conductance_s.shape != force_n.shape or force_n.size < 2 or np.any(conductance_s <= 0) or np.any(force_n <= 0):
        raise CalibrationError("a fit needs two or more levels with conductance and force above 0")
    n, ln_k = np.polyfit(np.log(conductance_s), np.log(force_n), 1)
    response = Response("power", k=float(np.exp(ln_k)), n=float(n), max_force_n=float(force_n.max()))
    error = response.force_n(conductance_s) / force_n - 1.0
    return replace(response, rmspe_percent=float(100.0 * np.sqrt(np.mean(error**2))))


def calibration_from_dict(data: object) -> Calibration:
    """Check a calibration. Raises CalibrationError naming the field."""
    if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
        raise CalibrationError(f"calibration: schema is not {SCHEMA!r}; is this a calibration file?")
    procedure = data.get("procedure")
    if procedure not in PROCEDURES:
        raise CalibrationError(f"calibration: procedure is {procedure!r}, expected {', '.join(PROCEDURES)}")
    name, sensors = data.get("id"), data.get("sensors")
    if not isinstance(name, str) or not 1 <= len(name) <= 64:
        raise CalibrationError("calibration: id must be a text of 1 to 64 characters")
    if not isinstance(sensors, list) or not 1 <= len(sensors) <= 2048:
        raise CalibrationError("calibration: sensors must be a list of 1 to 2048 sensors")
    sigma = _number(data, "calibration", "sigma_gain", SIGMA_GAIN, 0.0, 1.0)
    ids = tuple(str(row.get("id", i))[:16] if isinstance(row, Mapping) else str(i) for i, row in enumerate(sensors))
    if len(set(ids)) != len(ids):
        raise CalibrationError("calibration: sensors: two share an id")
    return Calibration(
        id=name, procedure=procedure, responses=tuple(_response(i, row) for i, row in enumerate(sensors)),
        date=_optional_text(data, "date"), device_serial=_optional_text(data, "device_serial"), sigma_gain=sigma,
        sensel_ids=ids,
    )  # fmt: skip


def read_calibration(path: Path) -> Calibration:
    """Read a calibration JSON file. Raises CalibrationError with a line that names the file."""
    try:
        if not path.is_file():
            raise CalibrationError("no such calibration file; check the path")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CalibrationError(f"larger than {MAX_FILE_BYTES >> 20} MiB, not a calibration")
        return calibration_from_dict(json.loads(path.read_text(encoding="utf-8")))
    except CalibrationError as error:
        raise CalibrationError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"{path}: not readable as JSON ({error}); export the calibration again") from None
    except OSError as error:
        raise CalibrationError(f"{path}: can't be read ({error.strerror})") from None


def _optional_text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is not None and (not isinstance(value, str) or len(value) > 64):
        raise CalibrationError(f"calibration: {key} must be a text of at most 64 characters")
    return value


def _number(data: Mapping[str, Any], where: str, key: str, default: float | None, low: float, high: float) -> float:
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise CalibrationError(f"{where}: {key} is {value!r}, expected {low:g} to {high:g}")
    return float(value)


def _response(row_number: int, row: object) -> Response:
    where = f"calibration: sensors[{row_number}]"
    if not isinstance(row, Mapping):
        raise CalibrationError(f"{where} is not an object")
    model = row.get("model", "power")
    if model not in MODELS:
        raise CalibrationError(f"{where}.model is {model!r}, expected {', '.join(MODELS)}")
    rmspe, hysteresis = (
        None if row.get(key) is None else _number(row, where, key, 0.0, 0.0, 1e6)
        for key in ("rmspe_percent", "hysteresis_percent")
    )
    g0 = _number(row, where, "g0_s", 0.0, 0.0, 1.0)
    if model == "pchip":
        knots_s, knots_n = (_knots(row, where, key) for key in ("g_s", "force_n"))
        if len(knots_s) != len(knots_n):
            raise CalibrationError(f"{where}: g_s and force_n must be equally long")
        if knots_s[0] <= 0 or np.any(np.diff(knots_s) <= 0) or np.any(np.diff(knots_n) < 0):
            raise CalibrationError(f"{where}: g_s must rise from above 0 and force_n must never fall")
        return Response(
            "pchip", g0_s=g0, max_force_n=_number(row, where, "max_force_n", knots_n[-1], 0.1, 1e5),
            knots_s=knots_s, knots_n=knots_n, rmspe_percent=rmspe, hysteresis_percent=hysteresis,
        )  # fmt: skip
    # A curve without its own numbers is none: the nominal ones never stand in for a part of a calibration.
    k = _number(row, where, "k", None, 1e-6, 1e12)
    n = _number(row, where, "n", None if model == "power" else 1.0, 0.2, 5.0)
    top = _number(row, where, "max_force_n", NOMINAL_MAX_N, 0.1, 1e5)
    return Response(
        model, k=k, n=n, g0_s=g0, max_force_n=top, rmspe_percent=rmspe, hysteresis_percent=hysteresis
    )


def _knots(row: Mapping[str, Any], where: str, key: str) -> tuple[float, ...]:
    values = row.get(key)
    if not isinstance(values, list) or not 8 <= len(values) <= 1000:
        raise CalibrationError(f"{where}.{key}: a pchip needs a list of 8 to 1000 levels")
    return tuple(_number({key: value}, where, key, None, 0.0, 1e6) for value in values)
