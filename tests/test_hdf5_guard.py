"""Nothing in a trial file is trusted: each way to tamper with one is refused by the name of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from trial_samples import counts_foot, counts_trial, differences, identify, refused, sole, written

from insole.hdf5 import read_trial, write_trial
from insole.hdf5_reader import PAIN, PULSE
from insole.recording import GAP
from insole.trial import HOST

COUNTS, INDEX, TIME = "left/values", "left/index", "left/time_s"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("whole"), sole()).read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    file = tmp_path / "trial.h5"
    file.write_bytes(whole)
    return file


Edit = Callable[[h5py.File], Any]


def put(name: str, data: Any, **how: Any) -> Edit:
    """Replace a dataset."""

    def edit(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, data=data, **how)

    return edit


def attr(name: str, value: Any, where: str = "/") -> Edit:
    """Replace an attribute; None takes it away."""

    def edit(file: h5py.File) -> None:
        if name in file[where].attrs:
            del file[where].attrs[name]
        if value is not None:
            file[where].attrs[name] = value

    return edit


def link(name: str, target: Any) -> Edit:
    """Replace an object by a link."""

    def edit(file: h5py.File) -> None:
        del file[name]
        file[name] = target

    return edit


def drop(name: str) -> Edit:
    return lambda file: file.__delitem__(name)


def text(name: str, value: Any) -> Edit:
    """Replace a JSON text."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return put(f"left/{name}", np.array([content]))


def changed_rows(name: str, field: str, value: Any) -> Edit:
    def edit(file: h5py.File) -> None:
        rows = file[name][()]
        rows[field][0] = value
        put(name, rows)(file)

    return edit


def absent_chunks(file: h5py.File) -> None:
    del file[COUNTS]
    made = file.create_dataset(COUNTS, (60, 16), "<u2", chunks=(10, 16), compression="gzip", fletcher32=True)
    made[:20] = 1


def huge(file: h5py.File) -> None:
    for name, shape, dtype in ((INDEX, (2**33,), "<i8"), (TIME, (2**33,), "<f8"), (COUNTS, (2**33, 16), "<u2")):
        del file[name]
        chunks = (8192, *shape[1:])
        file.create_dataset(name, shape, dtype, chunks=chunks, compression="gzip")[:1] = 0


def large(file: h5py.File) -> None:
    del file[INDEX]
    file.create_dataset(INDEX, (2**27,), "<i8", chunks=(8192,), compression="gzip")[:1] = 0


def wide_chunk(file: h5py.File) -> None:
    del file[INDEX]
    file.create_dataset(INDEX, (60,), "<i8", maxshape=(None,), chunks=(3 << 20,))[:] = np.arange(60)


def virtual(file: h5py.File) -> None:
    del file[INDEX]
    layout = h5py.VirtualLayout((60,), "<i8")
    layout[:] = h5py.VirtualSource("other.h5", "index", (60,))
    file.create_virtual_dataset(INDEX, layout)


def outside(file: h5py.File) -> None:
    del file[INDEX]
    file.create_dataset(INDEX, (60,), "<i8", external=[("/etc/passwd", 0, 480)])


def ragged(file: h5py.File) -> None:
    del file[INDEX]
    file.create_dataset(INDEX, (60,), h5py.vlen_dtype("i8"))[0] = np.arange(3)


def named_type(file: h5py.File) -> None:
    del file[INDEX]
    file[INDEX] = np.dtype("<i8")


def loop(file: h5py.File) -> None:
    del file["left/clock"]
    file["left/clock"] = file["left"]


def half_a_sample(file: h5py.File) -> None:
    for name in (INDEX, TIME, COUNTS, "left/device_time_us", "left/frame_flags"):
        put(name, file[name][:59] if name == TIME else file[name][()])(file)


VLEN = h5py.string_dtype()
LEFT_INDEX = np.arange(60, dtype="<i8")
LAYOUT = counts_foot("left").layout.as_dict()
WHO = asdict(identify("left"))

TAMPERED: dict[str, tuple[Edit, str]] = {
    "no schema": (attr("schema", None), "no insole trial"),
    "another schema": (attr("schema", np.bytes_(b"weather")), "no insole trial"),
    "newer version": (attr("schema_version", 2), "schema version 2.*reads version 1, update"),
    "no version": (attr("schema_version", None), "schema version None"),
    "version in words": (attr("schema_version", np.bytes_(b"1")), "schema version 1"),
    "variable-length attribute": (attr("schema", "insole-trial"), "schema is not a plain"),
    "array attribute": (attr("schema_version", np.array([1, 1])), "schema_version is not a plain"),
    "empty attribute": (attr("started_utc", h5py.Empty("S1"), "info"), "started_utc"),
    "empty number": (attr("kappa_event", h5py.Empty("f8")), "kappa_event"),
    "reference attribute": (lambda f: attr("end", f["left"].ref)(f), "end is not a plain"),
    "unknown end": (attr("end", np.bytes_(b"lost")), "end is 'lost'"),
    "no end": (attr("end", None), "end"),
    "wild scale": (attr("kappa_event", 1e9), "kappa_event"),
    "scale in words": (attr("kappa_event", np.bytes_(b"one")), "kappa_event is not a number"),
    "unknown scale": (attr("kappa_event_source", np.bytes_(b"magic")), "kappa_event"),
    "no feet": (drop("left"), "left or right"),
    "both and left": (lambda f: f.copy("left", "both"), "trial"),
    "a foot that is a dataset": (put("left", np.zeros(3)), "/left is not a group"),
    "external link": (link("left", h5py.ExternalLink("/etc/passwd", "/")), "/left is a link"),
    "soft link": (link("left", h5py.SoftLink("/info")), "/left is a link"),
    "soft link below": (link(COUNTS, h5py.SoftLink("/left/index")), "/left/values is a link"),
    "external link below": (link("info", h5py.ExternalLink("other.h5", "/info")), "/info is a link"),
    "dangling link": (link("left/clock", h5py.SoftLink("/nowhere")), "/left/clock is a link"),
    "a named type": (named_type, "/left/index is not a dataset"),
    "a group that is a dataset": (put("left/clock", np.zeros(3)), "/left/clock is not a group"),
    "a loop of groups": (loop, "/left.*is not a number"),
    "info is missing": (drop("info"), "/info is missing"),
    "spans are missing": (drop("info/spans"), "/info/spans is missing"),
    "values are missing": (drop(COUNTS), "/left/values is missing"),
    "layout is missing": (drop("left/layout_json"), "/left/layout_json is missing"),
    "gaps are missing": (drop("left/gaps"), "/left/gaps is missing"),
    "kind is missing": (attr("kind", None, "left"), "kind is None"),
    "unknown kind": (attr("kind", np.bytes_(b"volts"), "left"), "kind is 'volts'"),
    "another kind": (attr("kind", np.bytes_(b"pressure_kpa"), "left"), "/left/values holds uint16"),
    "kind total": (attr("kind", np.bytes_(b"total"), "left"), "/left/values"),
    "no resistor": (attr("r_m_ohm", None, "left"), "r_m_ohm"),
    "no circuit": (attr("circuit", None, "left"), "circuit"),
    "eight bits": (attr("bits", 8, "left"), "8 bits"),
    "no rate": (attr("sample_rate_hz", 0.0, "left"), "sample_rate_hz"),
    "a rate that is none": (attr("sample_rate_hz", np.nan, "left"), "sample_rate_hz"),
    "first of two feet": (attr("first_side", np.bytes_(b"left"), "left"), "first_side"),
    "counts as f4": (put(COUNTS, np.zeros((60, 16), "<f4")), "/left/values holds float32"),
    "counts as i2": (put(COUNTS, np.zeros((60, 16), "<i2")), "/left/values holds int16"),
    "big-endian": (put(INDEX, LEFT_INDEX.astype(">i8")), "/left/index holds >i8"),
    "index as i4": (put(INDEX, LEFT_INDEX.astype("<i4")), "/left/index holds int32"),
    "three axes": (put(COUNTS, np.zeros((60, 16, 1), "<u2")), "/left/values has shape"),
    "one axis": (put(COUNTS, np.zeros(60, "<u2")), "/left/values has shape"),
    "no axis": (put(INDEX, np.int64(5)), "/left/index has shape"),
    "fewer columns": (put(COUNTS, np.zeros((60, 15), "<u2")), "/left/values has shape 60 x 15, expected 60 x 16"),
    "fewer rows": (put(COUNTS, np.zeros((59, 16), "<u2")), "/left/values has shape"),
    "fewer times": (half_a_sample, "/left/time_s has shape 59, expected 60"),
    "cop of one column": (lambda f: f.create_dataset("left/cop_mm", data=np.zeros((60, 1))), "/left/cop_mm"),
    "variable-length strings": (put("left/layout_json", ["x"], dtype=VLEN), "layout_json is not one text"),
    "variable-length numbers": (ragged, "/left/index holds object"),
    "two texts": (put("left/layout_json", np.array([b"{}", b"{}"])), "layout_json is not one text"),
    "a text of 2 MiB": (put("left/layout_json", np.array([b" " * (2 << 20)])), "layout_json is not one text"),
    "text that is no UTF-8": (text("layout_json", b"\xff\xfe"), "layout_json is not UTF-8"),
    "attribute that is no UTF-8": (attr("note", np.bytes_(b"\xff"), "info"), "note is not UTF-8"),
    "layout that is no JSON": (text("layout_json", b"{"), "damaged"),
    "layout that is deep": (text("layout_json", b"[" * 100_000), "damaged"),
    "layout that is a list": (text("layout_json", [1]), "layout"),
    "layout of fewer sensors": (text("layout_json", {**LAYOUT, "sensors": LAYOUT["sensors"][:15]}), "expected 60 x 15"),
    "calibration that is a list": (text("calibration_json", []), "calibration"),
    "identify that is a list": (text("identify_json", []), "identify"),
    "identify of a newer board": (text("identify_json", {**WHO, "protocol_major": 2}), "identify.*protocol 2"),
    "identify with less": (text("identify_json", {k: v for k, v in WHO.items() if k != "bits"}), "damaged"),
    "identify with more": (text("identify_json", {**WHO, "colour": "red"}), "damaged"),
    "identify of another type": (text("identify_json", {**WHO, "bits": "ten"}), "identify"),
    "identify with wild offsets": (text("identify_json", {**WHO, "scan_offset_us": [-1] * 16}), "identify"),
    "identify with text offsets": (text("identify_json", {**WHO, "scan_offset_us": ["a"] * 16}), "identify"),
    "identify with a number for a name": (text("identify_json", {**WHO, "board": 7}), "identify"),
    "huge shape, tiny storage": (huge, "declares more data"),
    "large shape, tiny storage": (large, "/left/index is not all there"),
    "absent chunks": (absent_chunks, "/left/values is not all there: 2 of 6 chunks"),
    "never written": (lambda f: (drop(INDEX)(f), f.create_dataset(INDEX, (60,), "<i8")), "/left/index is not all"),
    "a chunk of 24 MiB": (wide_chunk, "/left/index has chunks"),
    "virtual dataset": (virtual, "/left/index keeps its data outside"),
    "external storage": (outside, "/left/index keeps its data outside"),
    "another filter": (put(INDEX, LEFT_INDEX, chunks=(60,), compression="lzf"), "/left/index uses a filter"),
    "index that goes back": (put(INDEX, LEFT_INDEX[::-1].copy()), "index does not increase"),
    "index with a wild number": (put(INDEX, np.append(LEFT_INDEX[:-1], 2**50)), "index spans"),
    "time that is none": (put(TIME, np.append(np.arange(59) / 1e3, np.nan)), "time_s"),
    "gap without a kind": (put("left/gaps", np.zeros(1, GAP)), "gaps"),
    "gap that is negative": (changed_rows("left/gaps", "length", -1), "gaps"),
    "gap as plain numbers": (put("left/gaps", np.zeros((2, 5))), "/left/gaps holds float64"),
    "host as another table": (put("left/host", np.zeros(2, [*HOST.descr, ("x", "u1")])), "/left/host holds"),
    "pulse of no kind": (put("left/pulses", np.array([(1, b"\xff", 1, 1)], PULSE)), "damaged"),
    "a name for a subject": (attr("subject", np.bytes_("Anna Schmidt"), "info"), "never a name"),
    "mass in words": (attr("mass_kg", np.bytes_(b"70"), "info"), "/info"),
    "negative mass": (attr("mass_kg", -70.0, "info"), "mass-kg"),
    "number for a shoe": (attr("shoe", 5, "info"), "/info"),
    "number for a start": (attr("started_utc", 5, "info"), "/info"),
    "a negative span": (attr("standing_s", -1.0, "info/spans"), "standing-s"),
    "an unknown span": (attr("jumping_s", 1.0, "info/spans"), "/info"),
    "an incline in words": (attr("incline_entered", np.bytes_(b"steep"), "info/treadmill"), "damaged"),
    "an incline without unit": (attr("incline_unit", None, "info/treadmill"), "damaged"),
    "a measured speed in words": (attr("measured_speed_m_s", np.bytes_(b"fast"), "info/treadmill"), "/info"),
    "a measured speed off the belt": (attr("measured_speed_m_s", -2.0, "info/treadmill"), "measured_speed"),
    "pain off the scale": (changed_rows("info/pain", "rating", 11), "pain"),
    "pain on no side": (changed_rows("info/pain", "side", b"mid"), "pain"),
    "pain that is no text": (put("info/pain", np.array([(b"\xff", b"left", 1)], PAIN)), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_file_is_refused_by_name(path: Path, name: str) -> None:
    edit, named = TAMPERED[name]
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        edit(file)
    refused(path, named)


def test_what_a_later_version_may_add_is_left_alone(path: Path) -> None:
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        file["left/imu"] = np.zeros((60, 6))
        file["notes"] = h5py.SoftLink("/nowhere")
        file["info"].attrs["humidity_percent"] = 40.0
        file.attrs["checked"] = True
    assert differences(sole(), read_trial(path)) == []


def test_both_feet_are_guarded_alike(tmp_path: Path) -> None:
    path = tmp_path / "trial.h5"
    write_trial(path, counts_trial())
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        put("right/values", np.zeros((50, 16), "<f8"))(file)
    refused(path, "/right/values holds float64")
