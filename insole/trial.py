"""One trial: who (a code), which condition, which belt, which spans; and what each insole recorded."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insole.calibration import Calibration, Electronics, nominal_calibration
from insole.errors import TrialFileError, UsageError
from insole.frame import Identify, Pulse, Status
from insole.layout import Layout
from insole.recording import Recording
from insole.treadmill import Treadmill

GRAVITY_M_S2 = 9.80665
CONDITIONS = ("barefoot", "shod")
ENDS = ("complete", "interrupted", "recovered")
MAX_TEXT = 400
MAX_SITE = 40
MAX_PAIN = 99
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,23}")
_RANGES: dict[str, tuple[float, float, str]] = {
    "mass_kg": (1.0, 400.0, "kg"),
    "size_eu": (20.0, 60.0, ""),
    "heel_drop_mm": (-50.0, 100.0, "mm"),
    "stack_mm": (0.0, 200.0, "mm"),
    "shoe_mass_kg": (0.0, 10.0, "kg"),
    "warmed_up_before_s": (0.0, 86400.0, "s"),
}


def _check_text(name: str, text: str, longest: int) -> None:
    """Refuse a text that a trial file can't give back as entered, or that a terminal would obey."""
    if len(text) > longest:
        raise UsageError(f"{name} is longer than {longest} characters")
    if any(letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise UsageError(f"{name} {text!r} holds characters that are no text; type it again")


@dataclass(frozen=True)
class Spans:
    """The sequence unloaded | standing | warm-up | analysed of a recording, in s; each may be empty (spec 2.5)."""

    unloaded_s: float = 0.0
    standing_s: float = 0.0
    warm_up_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse spans that can't be lengths."""
        for name, value in asdict(self).items():
            if not math.isfinite(value) or value < 0 or value > 86400:
                raise UsageError(f"{name.replace('_', '-')} is {value:g}; give 0 to 86400 seconds")

    @property
    def standing_from_s(self) -> float:
        """Where quiet standing begins."""
        return self.unloaded_s

    @property
    def warm_up_from_s(self) -> float:
        """Where the belt trial begins: nothing steps before it."""
        return self.unloaded_s + self.standing_s

    @property
    def analysed_from_s(self) -> float:
        """Where the analysed span begins."""
        return self.warm_up_from_s + self.warm_up_s


@dataclass(frozen=True)
class Pain:
    """One pain rating: ``site`` in the operator's words, ``side`` left or right, ``rating`` 0-10."""

    site: str
    side: str
    rating: int

    def __post_init__(self) -> None:
        """Refuse ratings off the scale."""
        _check_text("pain site", self.site, MAX_SITE)
        if self.side not in ("left", "right") or not 0 <= self.rating <= 10 or not self.site:
            raise UsageError(
                f"pain {self.site}:{self.side}:{self.rating} is not SITE:SIDE:0-10, for example forefoot:right:4"
            )


@dataclass(frozen=True)
class TrialInfo:
    """Everything about a trial except samples; units stand in the names, None is unknown."""

    subject: str | None = None
    mass_kg: float | None = None
    size_eu: float | None = None
    condition: str | None = None
    shoe: str | None = None
    heel_drop_mm: float | None = None
    stack_mm: float | None = None
    shoe_mass_kg: float | None = None
    treadmill: Treadmill = field(default_factory=Treadmill)
    spans: Spans = field(default_factory=Spans)
    warmed_up_before_s: float | None = None
    donning: str | None = None
    posture: str | None = None
    pain: tuple[Pain, ...] = ()
    note: str | None = None
    started_utc: str = ""

    def __post_init__(self) -> None:
        """Refuse what can't be meant (UsageError names the option)."""
        if self.subject is not None and not _SUBJECT.fullmatch(self.subject):
            raise UsageError(
                f"subject {self.subject!r} is not a code; use up to 24 letters, digits, '-', '_' or '.', never a name"
            )
        if self.condition is not None and self.condition not in CONDITIONS:
            raise UsageError(f"condition {self.condition!r} is not known; it is barefoot or shod")
        for name, (low, high, unit) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                option = name.replace("_", "-")
                raise UsageError(f"{option} {value:g} is outside {low:g} to {high:g}{' ' + unit if unit else ''}")
        for name in ("shoe", "donning", "posture", "note", "started_utc"):
            text = getattr(self, name)
            if text == "" and name != "started_utc":  # nothing entered is nothing known
                object.__setattr__(self, name, None)
            elif text is not None:
                _check_text(name, text, MAX_TEXT)
        if len(self.pain) > MAX_PAIN:
            raise UsageError(f"{len(self.pain)} pain ratings are given; at most {MAX_PAIN} are kept")

    @property
    def body_weight_n(self) -> float | None:
        """BW in N: body mass, in a shod trial with the pair of shoes (spec 1.1); None if the mass is unknown."""
        if self.mass_kg is None:
            return None
        shoes = self.shoe_mass_kg or 0.0
        return (self.mass_kg + (shoes if self.condition == "shod" else 0.0)) * GRAVITY_M_S2

    @property
    def acclimatisation_s(self) -> float | None:
        """Time on the belt before the analysed span: the warm-up, or what was done before recording (spec 2.5)."""
        if self.spans.warm_up_s > 0:
            return self.spans.warm_up_s + (self.warmed_up_before_s or 0.0)
        return self.warmed_up_before_s

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe, complete: ``from_dict`` gives the same TrialInfo back."""
        data: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        data["treadmill"] = self.treadmill.as_dict()
        data["spans"] = asdict(self.spans)
        data["pain"] = [asdict(p) for p in self.pain]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrialInfo:
        """Back from ``as_dict``. Raises UsageError for values that can't be."""
        known = {f.name for f in fields(cls)}
        plain = {k: v for k, v in data.items() if k in known}
        plain["treadmill"] = Treadmill.from_dict(dict(data.get("treadmill") or {}))
        plain["spans"] = Spans(**dict(data.get("spans") or {}))
        plain["pain"] = tuple(Pain(str(p["site"]), str(p["side"]), int(p["rating"])) for p in data.get("pain") or ())
        return cls(**plain)


@dataclass(frozen=True)
class KappaEvent:
    """The force scale fixed before the first event (spec 2.4): ``source`` static, borrowed or default."""

    value: float = 1.0
    source: str = "default"

    def __post_init__(self) -> None:
        """Refuse a scale that can't be one."""
        if self.source not in ("static", "borrowed", "default") or not 1e-3 <= self.value <= 1e3:
            raise TrialFileError(f"force scale kappa_event {self.value:g} ({self.source}) can't be used")


#: Host time stamp of a received chunk: ``index`` of the last sample in it, ``host_time_s`` on the host's clock.
HOST = np.dtype([("index", "<i8"), ("host_time_s", "<f8")])


@dataclass(eq=False)
class Foot:
    """What one insole recorded and what is needed to read it.

    ``calibration`` None means the nominal curve. ``device_time_us`` u4[n] and ``frame_flags`` u1[n] are the
    device's own stamps of each sample, ``host`` the host's stamp of each received chunk.
    """

    side: str
    recording: Recording
    layout: Layout
    electronics: Electronics | None = None
    calibration: Calibration | None = None
    identify: Identify | None = None
    status: tuple[Status, ...] = ()
    pulses: tuple[Pulse, ...] = ()
    clock: dict[str, float] = field(default_factory=dict)
    host: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, dtype=HOST))
    device_time_us: NDArray[np.uint32] | None = None
    frame_flags: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        """Refuse samples that the layout and the electronics can't read (TrialFileError names the field)."""
        recording, n = self.recording, self.recording.n_samples
        if recording.kind != "total" and recording.values.shape[1] != self.layout.n_sensels:
            raise TrialFileError(
                f"{self.side}: values have {recording.values.shape[1]} columns, "
                f"the layout {self.layout.name} has {self.layout.n_sensels} sensors"
            )
        if recording.kind == "counts" and self.electronics is None:
            raise TrialFileError(f"{self.side}: counts without circuit and resistor can't become pressures")
        for name, stamps in (("device_time_us", self.device_time_us), ("frame_flags", self.frame_flags)):
            if stamps is not None and stamps.shape != (n,):
                raise TrialFileError(f"{self.side}: {name} is not one a sample")

    @property
    def curves(self) -> Calibration:
        """The calibration in sensel order, or the nominal one. Raises CalibrationError if it is of another insole."""
        return (self.calibration or nominal_calibration(self.layout.n_sensels)).in_order_of(self.layout.ids)

    @property
    def weight(self) -> NDArray[np.float64]:
        """N per unit of a load (spec 1.5), f8[n_sensels]: A_trib/1000 for pressures, 1 for forces."""
        if self.recording.kind in ("counts", "pressure_kpa"):
            return self.layout.trib_area_mm2 / 1000.0
        return np.ones(1 if self.recording.kind == "total" else self.layout.n_sensels)

    def loads(self, rows: slice) -> NDArray[np.float64]:
        """Loads of some samples in sensel order: kPa, or N for kinds in force, f8[m, n_sensels]."""
        recording = self.recording
        if recording.kind == "total":
            return recording.values[rows].astype(np.float64)[:, None]
        values = recording.values[rows][:, self.layout.channel]
        if recording.kind != "counts":
            return values.astype(np.float64)
        if self.electronics is None:
            raise TrialFileError(f"{self.side}: counts without circuit and resistor can't become pressures")
        table = self.curves.table_kpa(self.electronics, self.layout.area_mm2)
        return np.take_along_axis(table, np.minimum(values, self.electronics.n_codes - 1).T.astype(np.int64), axis=1).T


@dataclass(eq=False)
class Trial:
    """One recording of both feet, one foot, or one signal for both. Keys of ``feet``: left, right, or both."""

    info: TrialInfo
    feet: dict[str, Foot]
    kappa_event: KappaEvent = field(default_factory=KappaEvent)
    end: str = "complete"
    versions: dict[str, str] = field(default_factory=dict)
    path: Path | None = None
    name: str = "trial"

    def __post_init__(self) -> None:
        """Refuse a trial without a foot or with a foot on the wrong shelf."""
        if not self.feet or ("both" in self.feet and len(self.feet) > 1):
            raise TrialFileError("trial: needs a left or right recording, or one for both")
        for side, foot in self.feet.items():
            if foot.side != side or foot.recording.side != side:
                raise TrialFileError(f"trial: the recording kept as {side} says it is {foot.recording.side}")
        if self.end not in ENDS:
            raise TrialFileError(f"trial: end is {self.end!r}, expected one of {', '.join(ENDS)}")

    @property
    def duration_s(self) -> float:
        """Length on the trial's time base, in s, up to one sample after the last."""
        return max(
            (f.recording.time_s[-1] + 1.0 / f.recording.sample_rate_hz if f.recording.n_samples else 0.0)
            for f in self.feet.values()
        )


def open_trial(path: Path | str) -> Trial:
    """Read a trial file. Raises TrialFileError with one clear line."""
    from insole.hdf5 import read_trial

    return read_trial(Path(path))
