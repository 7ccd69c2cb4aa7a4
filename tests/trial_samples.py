"""Small trials of every kind for the tests of the floor: made up, complete, and never the same value twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from insole.calibration import Calibration, Electronics, Response
from insole.errors import TrialFileError
from insole.frame import Identify, Pulse, Status
from insole.hdf5 import read_trial, write_trial
from insole.layout import Layout, layout_from_dict, reference_layout
from insole.recording import GAP, Recording
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import HOST, Foot, KappaEvent, Pain, Spans, Trial, TrialInfo

RATE_HZ = 1000.0


def full_info() -> TrialInfo:
    """A description in which everything is known."""
    return TrialInfo(
        subject="S01-b", mass_kg=70.5, size_eu=42.0, condition="shod", shoe="Läufer \N{GREEK SMALL LETTER MU}-3",
        heel_drop_mm=8.0, stack_mm=32.0, shoe_mass_kg=0.61,
        treadmill=Treadmill(parse_incline("4 %"), parse_speed("4.5 mph"), 4.1, 2.0, 3.9, 1.99),
        spans=Spans(3.0, 10.0, 180.0), warmed_up_before_s=60.0, donning="D1", posture="hip level",
        pain=(Pain("forefoot", "right", 4), Pain("Ferse außen", "left", 0)), note="zweite Socke, 20 °C",
        started_utc="2026-11-20T10:00:00.000+00:00",
    )  # fmt: skip


def gap_rows(*rows: tuple[int, int, bytes, int, int]) -> NDArray[np.void]:
    """A gap table."""
    return np.array(list(rows), dtype=GAP)


def recording(side: str, kind: str, n: int = 50, columns: int = 16, seed: int = 1) -> Recording:
    """Samples with two holes: five lost, then three of which two were damaged."""
    rng = np.random.default_rng(seed)
    missing = [*range(10, 15), *range(30, 33)]
    index = np.setdiff1d(np.arange(n + len(missing)), missing) + 7
    values = {
        "counts": rng.integers(0, 1024, (n, columns)).astype(np.uint16),
        "pressure_kpa": rng.uniform(0, 500, (n, columns)),
        "force_n": rng.uniform(0, 90, (n, columns)),
        "total": rng.uniform(0, 1500, n),
    }[kind]
    cop = np.where(rng.random((n, 1)) < 0.2, np.nan, rng.uniform(-40, 260, (n, 2)))
    return Recording(
        side=side, kind=kind, sample_rate_hz=RATE_HZ, index=index, time_s=(index - 7) / RATE_HZ + 0.0123, values=values,
        gaps=gap_rows((17, 5, b"lost", 0, 0), (37, 3, b"mixed", 2, 1)), cop_mm=cop if kind == "total" else None,
        first_side="right" if side == "both" else None,
    )  # fmt: skip


def identify(side: str) -> Identify:
    """What a board said it is."""
    return Identify(
        protocol_major=1, protocol_minor=0, firmware="1.2.3", board="mega2560", device_serial=f"SN-{side}",
        boot_id=0xDEADBEEF, side=side, n_sensels=16, bits=10, circuit="fsr_high", r_m_ohm=997.5, layout="ref16-EU42",
        rate_hz=1000, scan_offset_us=tuple(26 * i for i in range(16)), capabilities=0x7F,
    )  # fmt: skip


def counts_foot(side: str, n: int = 50, seed: int = 1) -> Foot:
    """One foot as a board records it, with everything that a board tells."""
    samples = recording(side, "counts", n, seed=seed)
    curves = tuple(Response(k=1e5 + i, n=1.1, rmspe_percent=2.0 + i) for i in range(16))
    host = np.array([(16, 100.25), (56, 100.3)], dtype=HOST)
    return Foot(
        side=side, recording=samples, layout=reference_layout(), electronics=Electronics("fsr_high", 997.5, 10),
        calibration=Calibration("cal-7", "puck", curves, "2026-11-01", f"SN-{side}", 0.08, reference_layout().ids),
        identify=identify(side),
        status=(Status(4_294_967_290, 40, 1, 1, 4987, 31.5), Status(1_000_000, 90, 3, 2, 0, None)),
        pulses=(Pulse(123, "belt", 1, 1), Pulse(456, "sync", 7, 0)),
        clock={"offset_s": 0.0123, "aligned": 1.0, "drift_ppm": -41.5, "residual_s": 2e-5}, host=host,
        device_time_us=(samples.index * 1000 + 4_294_967_000).astype(np.uint32),
        frame_flags=(samples.index % 4).astype(np.uint8),
    )  # fmt: skip


def plain_layout(side: str) -> Layout:
    """Three sensors that only have a name and a place, in arbitrary units."""
    sensors = [{"id": f"S{i}", "x_mm": 10.0 * i - 7, "y_mm": 100.0 * i} for i in range(3)]
    return layout_from_dict({"schema": "insole-layout/1", "name": "three", "units": "arbitrary", "sensors": sensors},
                            side)  # fmt: skip


def counts_trial() -> Trial:
    """Both feet in counts with everything known."""
    feet = {side: counts_foot(side, seed=seed) for seed, side in enumerate(("left", "right"))}
    return Trial(full_info(), feet, KappaEvent(1.0625, "static"), "recovered", {"firmware_left": "1.2.3", "empty": ""})


def sole() -> Trial:
    """One foot with everything known: a small file."""
    return Trial(full_info(), {"left": counts_foot("left", n=60)})


def trial_of(kind: str) -> Trial:
    """A trial of one recording kind; ``total`` is one signal for both feet, the others have only a left foot."""
    if kind == "counts":
        return counts_trial()
    side = "both" if kind == "total" else "left"
    foot = Foot(side, recording(side, kind, columns=3), plain_layout(side))
    return Trial(TrialInfo(), {side: foot})


def equal(one: Any, other: Any) -> bool:
    """The same arrays in type and value, or the same objects."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray) and one.dtype == other.dtype
            and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        )  # fmt: skip
    return bool(one == other)


def differences(ours: Trial, theirs: Trial) -> list[str]:
    """Every field in which two trials differ."""
    found = [name for name in ("info", "kappa_event", "end") if getattr(ours, name) != getattr(theirs, name)]
    if not ours.versions.items() <= theirs.versions.items():
        found.append("versions")
    if list(ours.feet) != list(theirs.feet):
        return [*found, "feet"]
    for side, a in ours.feet.items():
        b = theirs.feet[side]
        for name in ("side", "electronics", "identify", "status", "pulses", "clock", "host", "device_time_us",
                     "frame_flags"):  # fmt: skip
            if not equal(getattr(a, name), getattr(b, name)):
                found.append(f"{side}.{name}")
        for name in ("side", "kind", "sample_rate_hz", "index", "time_s", "values", "gaps", "cop_mm", "first_side"):
            if not equal(getattr(a.recording, name), getattr(b.recording, name)):
                found.append(f"{side}.recording.{name}")
        for name in ("layout", "calibration"):
            x, y = getattr(a, name), getattr(b, name)
            if (None if x is None else x.as_dict()) != (None if y is None else y.as_dict()):
                found.append(f"{side}.{name}")
    return found


def written(folder: Path, trial: Trial) -> Path:
    """A trial as a file."""
    path = folder / "trial.h5"
    write_trial(path, trial)
    return path


def left_behind(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(p.name for p in folder.iterdir())


def refused(path: Path, named: str | None = None) -> None:
    """The one line with which a file is refused; it starts with the file's name."""
    with pytest.raises(TrialFileError, match=named) as caught:
        read_trial(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    assert len(line) < 500
