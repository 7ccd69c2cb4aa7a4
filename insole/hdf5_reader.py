"""Reads a trial file, version 1, trusting nothing in it; the drawing of the file stands in `insole.hdf5`."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from insole.calibration import Electronics, calibration_from_dict
from insole.errors import InsoleError, ProtocolError, TrialFileError, UsageError
from insole.frame import Identify, Pulse, Status
from insole.hdf5_guard import MAX_TOTAL_BYTES, attribute, check_regular, has, member, read_array, read_text
from insole.layout import MAX_SENSELS, layout_from_dict
from insole.recording import GAP, KINDS, RECORDING_SIDES, Recording
from insole.trial import HOST, Foot, KappaEvent, Trial, TrialInfo

SCHEMA = "insole-trial"
SCHEMA_VERSION = 1
PAIN = np.dtype([("site", "S160"), ("side", "S5"), ("rating", "<i4")])
STATUS = np.dtype(
    [("device_time_us", "<u4"), ("frames_sent", "<u4"), ("frames_dropped", "<u4"), ("overruns", "<u4"),
     ("supply_mv", "<u2"), ("temperature_c", "<f8")]
)  # fmt: skip
PULSE = np.dtype([("device_time_us", "<u4"), ("kind", "S5"), ("count", "<u4"), ("level", "u1")])


def read_trial(path: Path) -> Trial:
    """Read a trial file, trusting nothing in it. Raises TrialFileError naming the file and the field."""
    check_regular(path)
    try:
        with h5py.File(path, "r") as file:
            return _read(file, path)
    except TrialFileError as error:
        message = str(error)
        raise TrialFileError(message if message.startswith(str(path)) else f"{path}: {message}") from None
    except InsoleError as error:
        raise TrialFileError(f"{path}: {error}") from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrialFileError(f"{path}: is damaged or cut short ({first}); record or copy it again") from None


def _read(file: Any, path: Path) -> Trial:
    if attribute(file, "schema") != SCHEMA:
        raise TrialFileError("is an HDF5 file but no insole trial")
    version = attribute(file, "schema_version")
    if version != SCHEMA_VERSION:
        raise TrialFileError(f"has schema version {version}; this insole reads version {SCHEMA_VERSION}, update it")
    budget = [MAX_TOTAL_BYTES]
    feet = {
        side: _read_foot(member(file, side, h5py.Group), side, budget) for side in RECORDING_SIDES if has(file, side)
    }
    kappa = KappaEvent(_float(file, "kappa_event"), str(attribute(file, "kappa_event_source")))
    versions = member(file, "versions", h5py.Group)
    return Trial(
        info=_read_info(member(file, "info", h5py.Group), budget), feet=feet, kappa_event=kappa,
        end=str(attribute(file, "end")), path=path, name=path.name.removesuffix(".part").removesuffix(".h5"),
        versions={str(k)[:40]: str(attribute(versions, k))[:80] for k in list(versions.attrs)[:40]},
    )  # fmt: skip


def _float(group: Any, name: str) -> float:
    value = attribute(group, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TrialFileError(f"{group.name}: attribute {name} is not a number")
    return float(value)


def _read_info(group: Any, budget: list[int]) -> TrialInfo:
    data: dict[str, Any] = {name: attribute(group, name) for name in list(group.attrs)[:64]}
    for child in ("treadmill", "spans"):
        part = member(group, child, h5py.Group)
        data[child] = {name: attribute(part, name) for name in list(part.attrs)[:32]}
    data["spans"].pop("analysed_from_s", None)
    pain = read_array(group, "pain", PAIN, (None,), budget)
    data["pain"] = [{"site": p["site"].decode(), "side": p["side"].decode(), "rating": p["rating"]} for p in pain[:99]]
    try:
        return TrialInfo.from_dict(data)
    except (UsageError, TypeError, AttributeError) as error:
        raise TrialFileError(f"/info: {error}") from None


def _read_foot(group: Any, side: str, budget: list[int]) -> Foot:
    kind = attribute(group, "kind")
    if kind not in KINDS:
        raise TrialFileError(f"{group.name}: kind is {kind!r}, expected one of {', '.join(KINDS)}")
    layout = layout_from_dict(json.loads(read_text(group, "layout_json", budget)), side)
    index = read_array(group, "index", np.dtype("<i8"), (None,), budget)
    n = index.shape[0]
    columns: tuple[int, ...] = () if kind == "total" else (layout.n_sensels,)
    dtype = np.dtype("<u2") if kind == "counts" else np.dtype("<f8")
    if columns and columns[0] > MAX_SENSELS:
        raise TrialFileError(f"{group.name}: more than {MAX_SENSELS} sensors")
    first = attribute(group, "first_side")
    recording = Recording(
        side=side, kind=str(kind), sample_rate_hz=_float(group, "sample_rate_hz"), index=index,
        time_s=read_array(group, "time_s", np.dtype("<f8"), (n,), budget),
        values=read_array(group, "values", dtype, (n, *columns), budget),
        gaps=read_array(group, "gaps", GAP, (None,), budget),
        cop_mm=read_array(group, "cop_mm", np.dtype("<f8"), (n, 2), budget) if has(group, "cop_mm") else None,
        first_side=None if first is None else str(first),
    )  # fmt: skip
    electronics = None
    if kind == "counts":
        bits = int(_float(group, "bits"))
        electronics = Electronics(str(attribute(group, "circuit")), _float(group, "r_m_ohm"), bits)
    status = read_array(group, "status", STATUS, (None,), budget)
    pulses = read_array(group, "pulses", PULSE, (None,), budget)
    clock = member(group, "clock", h5py.Group)
    return Foot(
        side=side, recording=recording, layout=layout, electronics=electronics,
        calibration=(
            calibration_from_dict(json.loads(read_text(group, "calibration_json", budget)))
            if has(group, "calibration_json") else None
        ),
        identify=_identify(read_text(group, "identify_json", budget)) if has(group, "identify_json") else None,
        status=tuple(
            Status(int(s["device_time_us"]), int(s["frames_sent"]), int(s["frames_dropped"]), int(s["overruns"]),
                   int(s["supply_mv"]), None if np.isnan(s["temperature_c"]) else float(s["temperature_c"]))
            for s in status
        ),
        pulses=tuple(
            Pulse(int(p["device_time_us"]), p["kind"].decode(), int(p["count"]), int(p["level"])) for p in pulses
        ),
        clock={str(k): _float(clock, k) for k in list(clock.attrs)[:16]},
        host=read_array(group, "host", HOST, (None,), budget),
        device_time_us=_optional(group, "device_time_us", np.dtype("<u4"), n, budget),
        frame_flags=_optional(group, "frame_flags", np.dtype("u1"), n, budget),
    )  # fmt: skip


def _optional(group: Any, name: str, dtype: np.dtype[Any], n: int, budget: list[int]) -> NDArray[Any] | None:
    return read_array(group, name, dtype, (n,), budget) if has(group, name) else None


def _identify(text: str) -> Identify:
    data = json.loads(text)
    if not isinstance(data, dict) or not isinstance(data.get("scan_offset_us"), list):
        raise TrialFileError("identify_json is no identify record")
    identify = Identify(**{**data, "scan_offset_us": tuple(data["scan_offset_us"])})
    try:
        known = Identify.unpack(identify.pack())
    except (ProtocolError, struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrialFileError(f"identify_json is no identify record ({error})") from None
    return known
