"""The trial file, version 1: everything about one trial in one HDF5 file that h5dump, MATLAB and plain h5py open.

::

    /                        attrs: schema "insole-trial", schema_version 1, end complete|interrupted|recovered,
    │                               kappa_event, kappa_event_source static|borrowed|default
    ├── info                 attrs: subject (a code), mass_kg, size_eu, condition barefoot|shod, shoe, heel_drop_mm,
    │   │                           stack_mm, shoe_mass_kg, warmed_up_before_s, donning, posture, note, started_utc
    │   ├── treadmill        attrs: incline_entered, incline_unit, incline_percent, speed_entered, speed_unit,
    │   │                           speed_m_s, reported_* and measured_* where known
    │   ├── spans            attrs: unloaded_s, standing_s, warm_up_s, analysed_from_s
    │   └── pain             {site S160, side S5, rating i4}[k]  S160: 40 letters in UTF-8
    ├── versions             attrs: insole, h5py, numpy, python, firmware_left, ...
    └── left, right          (or: both)  attrs: kind counts|pressure_kpa|force_n|total, sample_rate_hz, first_side,
        │                           circuit, r_m_ohm, bits (counts only)
        ├── index            i8[n]  absolute sample number; a jump is a hole, listed in gaps
        ├── time_s           f8[n]  trial time; both feet on one base
        ├── values           u2[n, channels] counts | f8[n, sensels] kPa or N | f8[n] N for kind total
        ├── cop_mm           f8[n, 2]  kind total only, NaN where unknown
        ├── device_time_us   u4[n]  the board's own clock, wraps; only where a board recorded
        ├── frame_flags      u1[n]  the board's flags (sync level); only where a board recorded
        ├── host             {index i8, host_time_s f8}[m]  host stamp of each received chunk
        ├── gaps             {start_index i8, length i8, kind S12, n_damaged i8, n_dropped i8}[g]
        ├── clock            attrs: offset_s, aligned 1|0, drift_ppm, residual_s of the board against the time base
        │                     (aligned 0: the link was not at the pace of its board, each foot counts from its scan 0)
        │                     sync_moved_s: how far pulses on the sync wire moved this foot; only on the right one
        ├── layout_json      S<length>[1]  the layout in the foot frame (+x medial), spec 1.2
        ├── calibration_json S<length>[1]  the calibration used, absent where the nominal curve stands in
        ├── identify_json    S<length>[1]  what the board said it is; only where a board recorded
        ├── status           {device_time_us u4, frames_sent u4, frames_dropped u4, overruns u4, supply_mv u2,
        │                     temperature_c f8}[s]
        └── pulses           {device_time_us u4, kind S5, count u4, level u1}[p]

An attribute that is not there is unknown. Texts are UTF-8 of a fixed length; nothing is of variable length. Datasets
are chunked, shuffled, deflated and checksummed (fletcher32), the texts too; an empty one has no chunks. The file is
written beside its place, synced, opened again and compared, and only then renamed; decisions on steps live in
``<trial>.review.json``, never in here.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

import insole
from insole.errors import InsoleError, TrialFileError
from insole.hdf5_reader import PAIN, PULSE, SCHEMA, SCHEMA_VERSION, STATUS, read_trial
from insole.trial import Foot, Trial

__all__ = ["read_trial", "software_versions", "write_trial"]

CHUNK_ROWS = 8192


def software_versions() -> dict[str, str]:
    """What wrote the file."""
    return {
        "insole": insole.__version__, "h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version,
        "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip


def write_trial(path: Path, trial: Trial) -> None:
    """Write a trial file so that it is either whole or not there.

    Raises TrialFileError if the file exists, its folder does not, or the disk refuses; no partial file stays.
    """
    if path.exists():
        raise TrialFileError(f"{path}: exists already; choose another name, recordings are never overwritten")
    if not path.parent.is_dir():
        raise TrialFileError(f"{path}: the folder {path.parent} does not exist; make it first")
    part = path.with_name(path.name + ".part")
    try:
        image = _image(trial)
        with part.open("wb") as stream:
            stream.write(image)
            stream.flush()
            os.fsync(stream.fileno())
        _compare(part, trial)
        if path.exists():
            raise TrialFileError(f"{path}: appeared while it was being written; it was left as it is")
        os.replace(part, path)
    except OSError as error:
        _remove(part)
        raise TrialFileError(f"{path}: could not be written ({error.strerror or error})") from None
    except InsoleError as error:
        _remove(part)
        raise TrialFileError(str(error).replace(str(part), str(path))) from None
    except BaseException:  # Ctrl-C too: whatever ends this, nothing half-written stays
        _remove(part)
        raise
    _sync_folder(path)


def _image(trial: Trial) -> bytes:
    """The bytes of the file, built in memory: where a disk fills up under HDF5 the whole process dies at its exit."""
    options = {"driver": "core", "backing_store": False, "block_size": 1 << 20}
    with h5py.File("trial", "w", libver=("v110", "v110"), **options) as file:
        _write(file, trial)
        file.flush()
        return bytes(file.id.get_file_image())


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    """Make the rename of ``path`` last through a power cut; Windows has no handle for folders and needs none."""
    if os.name == "nt":
        return
    try:
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that can't sync folders
            raise TrialFileError(
                f"{path}: is complete, but its folder can't be synced ({error.strerror}); copy it to another disk"
            ) from None


def _attrs(group: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, str):
            text = value.encode("utf-8")  # declared as UTF-8, or other programs would read an umlaut as two letters
            group.attrs.create(name, text, dtype=h5py.string_dtype("utf-8", max(1, len(text))))
        else:
            group.attrs[name] = value


def _dataset(group: Any, name: str, data: NDArray[Any]) -> None:
    if data.size == 0:
        group.create_dataset(name, data=data)
        return
    chunks = (min(CHUNK_ROWS, data.shape[0]), *data.shape[1:])
    group.create_dataset(
        name, data=data, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True, fletcher32=True
    )


def _text(group: Any, name: str, value: Mapping[str, Any]) -> None:
    _dataset(group, name, np.array([json.dumps(value).encode("utf-8")]))


def _write(file: Any, trial: Trial) -> None:
    _attrs(file, {
        "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "end": trial.end,
        "kappa_event": trial.kappa_event.value, "kappa_event_source": trial.kappa_event.source,
    })  # fmt: skip
    data = trial.info.as_dict()
    info = file.create_group("info")
    treadmill, spans, pain = data.pop("treadmill"), data.pop("spans"), data.pop("pain")
    _attrs(info, {k: v for k, v in data.items() if v != ""})
    _attrs(info.create_group("treadmill"), treadmill)
    _attrs(info.create_group("spans"), {**spans, "analysed_from_s": trial.info.spans.analysed_from_s})
    rows = [(p["site"].encode("utf-8"), p["side"].encode(), p["rating"]) for p in pain]
    _dataset(info, "pain", np.array(rows, dtype=PAIN))
    versions = {**software_versions(), **trial.versions}
    # A file name may hold bytes that are no text; what is kept is only to be read by people.
    _attrs(file.create_group("versions"), {k: v.encode("utf-8", "replace").decode()[:80] for k, v in versions.items()})
    for side, foot in trial.feet.items():
        _write_foot(file.create_group(side), foot)


def _write_foot(group: Any, foot: Foot) -> None:
    recording = foot.recording
    _attrs(group, {
        "kind": recording.kind, "sample_rate_hz": recording.sample_rate_hz, "first_side": recording.first_side,
    })  # fmt: skip
    if foot.electronics is not None:
        _attrs(group, asdict(foot.electronics))
    _dataset(group, "index", recording.index.astype("<i8"))
    _dataset(group, "time_s", recording.time_s.astype("<f8"))
    _dataset(group, "values", recording.values)
    if recording.cop_mm is not None:
        _dataset(group, "cop_mm", recording.cop_mm.astype("<f8"))
    if foot.device_time_us is not None:
        _dataset(group, "device_time_us", foot.device_time_us.astype("<u4"))
    if foot.frame_flags is not None:
        _dataset(group, "frame_flags", foot.frame_flags.astype("u1"))
    _dataset(group, "host", foot.host)
    _dataset(group, "gaps", recording.gaps)
    _attrs(group.create_group("clock"), foot.clock)
    _text(group, "layout_json", foot.layout.as_dict())
    if foot.calibration is not None:
        _text(group, "calibration_json", foot.calibration.as_dict())
    if foot.identify is not None:
        _text(group, "identify_json", asdict(foot.identify))
    status = [
        (s.device_time_us, s.frames_sent, s.frames_dropped, s.overruns, s.supply_mv,
         np.nan if s.temperature_c is None else s.temperature_c)
        for s in foot.status
    ]  # fmt: skip
    _dataset(group, "status", np.array(status, dtype=STATUS))
    pulses = [(p.device_time_us, p.kind.encode(), p.count, p.level) for p in foot.pulses]
    _dataset(group, "pulses", np.array(pulses, dtype=PULSE))


def _compare(part: Path, trial: Trial) -> None:
    """Read the file back and refuse it unless every sample is there, bit for bit."""
    back = read_trial(part)
    for side, foot in trial.feet.items():
        ours, theirs = foot.recording, back.feet[side].recording
        same = (
            _same(ours.index, theirs.index)
            and _same(ours.time_s, theirs.time_s)
            and _same(ours.values, theirs.values)
            and _same(ours.gaps, theirs.gaps)
            and _same(ours.cop_mm, theirs.cop_mm)
            and _same(foot.device_time_us, back.feet[side].device_time_us)
            and _same(foot.frame_flags, back.feet[side].frame_flags)
        )
        if not same:
            raise TrialFileError(f"{part}: the {side} samples read back differ from those recorded; check the disk")
    if back.info != trial.info:
        raise TrialFileError(f"{part}: the trial's description read back differs from what was entered")


def _same(ours: NDArray[Any] | None, theirs: NDArray[Any] | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
