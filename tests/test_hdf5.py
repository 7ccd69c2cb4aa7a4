"""The trial file: what goes in comes out, and plain h5py finds what the drawing says."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from trial_samples import (
    counts_foot,
    counts_trial,
    differences,
    full_info,
    gap_rows,
    left_behind,
    plain_layout,
    recording,
    trial_of,
    written,
)

import insole.hdf5
from insole.hdf5 import read_trial, write_trial
from insole.recording import KINDS, Recording
from insole.trial import Foot, KappaEvent, Spans, Trial, TrialInfo, open_trial

# --- there and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_as_it_was(tmp_path: Path, kind: str) -> None:
    trial = trial_of(kind)
    path = written(tmp_path, trial)
    back = read_trial(path)
    assert differences(trial, back) == []
    assert (back.path, back.name) == (path, "trial")
    assert left_behind(tmp_path) == ["trial.h5"]
    assert differences(back, open_trial(str(path))) == []
    again = tmp_path / "again.h5"
    write_trial(again, back)
    assert differences(back, read_trial(again)) == []


def test_one_foot_many_chunks_and_no_samples_come_back(tmp_path: Path) -> None:
    empty = Recording("right", "counts", 1000.0, np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 16), np.uint16))
    feet = {
        "left": counts_foot("left", n=20_000),
        "right": Foot("right", empty, counts_foot("right").layout, counts_foot("right").electronics),
    }
    trial = Trial(TrialInfo(), feet, KappaEvent(0.8, "borrowed"), "interrupted")
    path = written(tmp_path, trial)
    assert differences(trial, read_trial(path)) == []
    with h5py.File(path) as file:
        assert file["left/values"].chunks == (8192, 16)
        assert file["left/values"].id.get_num_chunks() == 3


def test_what_is_unknown_stays_unknown(tmp_path: Path) -> None:
    bare = replace(trial_of("total").feet["both"], recording=replace(recording("both", "total"), first_side=None))
    trial = Trial(TrialInfo(), {"both": bare})
    back = read_trial(written(tmp_path, trial))
    assert differences(trial, back) == []
    foot = back.feet["both"]
    assert (foot.identify, foot.calibration, foot.electronics, foot.device_time_us, foot.recording.first_side) == (
        None, None, None, None, None,
    )  # fmt: skip
    assert (foot.status, foot.pulses, foot.clock, foot.host.size) == ((), (), {}, 0)
    assert back.info == TrialInfo()


def test_a_file_name_that_is_no_text_is_kept_readable(tmp_path: Path) -> None:
    trial = replace(trial_of("force_n"), versions={"source_file": "walk\udcff.txt"})
    assert read_trial(written(tmp_path, trial)).versions["source_file"] == "walk?.txt"


# --- the drawing -------------------------------------------------------------------------------------------------


def drawing() -> tuple[dict[str, str], dict[str, list[str]]]:
    """What the docstring draws: path -> words behind it, and path -> names of its attributes (patterns)."""
    text = (insole.hdf5.__doc__ or "").split("::\n")[1].split("\nAn attribute")[0]
    said: dict[str, str] = {}
    parents: list[str] = []
    path = "/"
    for line in text.splitlines():
        body = line[4:]
        node = re.match(r"^([│ ]*)[├└]── (.*)$", body)
        if body.startswith("/ "):
            said["/"] = body[2:].strip()
        elif node:
            depth = len(node[1]) // 4
            name, _, words = node[2].replace("left, right", "side", 1).partition(" ")
            parents = [*parents[:depth], name]
            path = "/" + "/".join(parents)
            said[path] = words.strip()
        elif body.strip(" │"):
            said[path] += " " + body.strip(" │")
    attrs = {}
    for path, words in said.items():
        if "attrs:" not in words:
            continue
        listed = re.sub(r"\([^)]*\)", "", words.split("attrs:")[1])
        entries = [entry.split()[0] if "where known" not in entry else entry for entry in listed.split(",") if entry]
        attrs[path] = [w for e in entries for w in e.split() if w not in ("and", "where", "known")]
    return said, attrs


_TYPES = {"i8": "<i8", "f8": "<f8", "u4": "<u4", "u2": "<u2", "u1": "u1", "i4": "<i4"}


def drawn_type(words: str) -> np.dtype[Any] | None:
    """The dtype that the drawing gives a dataset, None for a text of any length."""
    table = re.match(r"\{(.*?)\}\[", words)
    if table:
        fields = [pair.split() for pair in table[1].split(",")]
        return np.dtype([(name, _TYPES.get(kind, kind)) for name, kind in fields])
    kind = words.split("[")[0]
    return None if kind.startswith("S") else np.dtype(_TYPES[kind])


def test_plain_h5py_finds_what_the_drawing_says(tmp_path: Path) -> None:
    said, attrs = drawing()
    groups = {path for path in said if "attrs:" in said[path]}
    assert groups == {"/", "/info", "/info/treadmill", "/info/spans", "/versions", "/side", "/side/clock"}
    seen: set[str] = set()
    seen_attrs: dict[str, set[str]] = {path: set() for path in attrs}
    for kind in KINDS:
        folder = tmp_path / kind
        folder.mkdir()
        with h5py.File(written(folder, trial_of(kind))) as file:
            found: dict[str, Any] = {"/": file}
            names: list[str] = []
            file.visit(names.append)
            found |= {f"/{name}": file[name] for name in names}
            for name, item in found.items():
                path = re.sub(r"^/(left|right|both)", "/side", name)
                seen.add(path)
                assert isinstance(item, h5py.Group) == (path in groups), path
                if path in groups:
                    seen_attrs[path] |= set(item.attrs)
                    continue
                expected = drawn_type(said[path]) if path != "/side/values" else {
                    "counts": np.dtype("<u2")}.get(kind, np.dtype("<f8"))  # fmt: skip
                assert item.dtype.kind == "S" if expected is None else item.dtype == expected, path
                assert not item.size or item.fletcher32, path
    assert seen == set(said)
    for path, names in attrs.items():
        if path != "/versions":  # the only open list
            for name in names:
                assert [a for a in seen_attrs[path] if fnmatch(a, name)], f"{path}: nobody writes {name}"
            for name in seen_attrs[path]:
                assert [n for n in names if fnmatch(name, n)], f"{path}: {name} is not drawn"
        else:
            assert {"insole", "h5py", "numpy", "python", "firmware_left"} <= seen_attrs[path]


def test_attributes_say_in_plain_h5py_what_was_entered(tmp_path: Path) -> None:
    with h5py.File(written(tmp_path, counts_trial())) as file:
        assert (file.attrs["schema"], file.attrs["schema_version"]) == (b"insole-trial", 1)
        assert (file.attrs["kappa_event"], file.attrs["kappa_event_source"]) == (1.0625, b"static")
        assert file["info"].attrs["shoe"].decode() == full_info().shoe
        assert (file["info"].attrs["mass_kg"], file["info"].attrs["condition"]) == (70.5, b"shod")
        belt = dict(file["info/treadmill"].attrs)
        assert (belt["incline_entered"], belt["incline_unit"], belt["speed_unit"]) == (4.0, b"%", b"mph")
        assert (belt["measured_speed_m_s"], belt["reported_speed_m_s"]) == (1.99, 2.0)
        assert file["info/spans"].attrs["analysed_from_s"] == 193.0
        assert file["info/pain"][1]["site"].decode() == "Ferse außen"
        assert (file["left"].attrs["circuit"], file["left"].attrs["r_m_ohm"]) == (b"fsr_high", 997.5)
        assert file["left/gaps"]["kind"].tolist() == [b"lost", b"mixed"]
        assert file["right/clock"].attrs["drift_ppm"] == -41.5


def test_no_text_has_a_variable_length_and_every_filter_is_built_in(tmp_path: Path) -> None:
    with h5py.File(written(tmp_path, counts_trial())) as file:
        names: list[str] = ["/"]
        file.visit(names.append)
        for item in (file[name] for name in names):
            for name in item.attrs:
                assert h5py.h5a.open(item.id, name.encode()).dtype.kind in "Sifu"
            if isinstance(item, h5py.Dataset):
                assert h5py.check_vlen_dtype(item.dtype) is None
                plist = item.id.get_create_plist()
                assert {plist.get_filter(i)[0] for i in range(plist.get_nfilters())} <= {1, 2, 3}


@pytest.mark.parametrize("kind", KINDS)
def test_wide_and_extreme_values_come_back(tmp_path: Path, kind: str) -> None:
    trial = trial_of(kind)
    foot = next(iter(trial.feet.values()))
    values = foot.recording.values.reshape(-1)
    values[:4] = [0, 65535, 1, 1023] if kind == "counts" else [-0.0, 1e300, 5e-324, np.nan]
    foot.recording = replace(
        foot.recording, index=foot.recording.index + 2**62, gaps=gap_rows((-5, 2**61, b"unplugged", 0, 0))
    )
    trial.info = replace(TrialInfo(), spans=Spans(0.1, 1 / 3, 86400.0), note="é" * 400)
    assert differences(trial, read_trial(written(tmp_path, trial))) == []


def test_layouts_keep_their_frame_on_both_sides(tmp_path: Path) -> None:
    layout = replace(plain_layout("right"), outline_mm=np.array([[-9.0, 0], [30, 0], [30, 300]]))
    foot = Foot("right", recording("right", "force_n", columns=3), layout)
    back = read_trial(written(tmp_path, Trial(TrialInfo(), {"right": foot})))
    assert back.feet["right"].layout.as_dict() == layout.as_dict()


def test_texts_say_that_they_are_utf_8(tmp_path: Path) -> None:
    with h5py.File(written(tmp_path, trial_of("counts"))) as file:
        for where, name in (("/", "schema"), ("/info", "subject"), ("/versions", "insole")):
            kind = h5py.h5a.open(file[where].id, name.encode()).get_type()
            assert kind.get_cset() == h5py.h5t.CSET_UTF8, name
            assert not kind.is_variable_str(), name
