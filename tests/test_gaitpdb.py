"""The gaitpdb reader: made-up walks whose every number is known, files that are none, and every real walk at hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from trial_samples import differences, written

from insole.errors import FormatError, UsageError
from insole.formats import read_foreign
from insole.layout import REGIONS
from insole.trial import Foot, Trial, TrialInfo

HEADER = ",".join(
    ["Time(sec)", *(f"VGRF_{side}_s{i}" for side in ("left", "right") for i in range(1, 9)), "Total_force_left",
     "Total_force_right"]
)  # fmt: skip


def walk(times: list[float]) -> list[list[float]]:
    """Rows in which sensor i of the left foot holds i + row/100, of the right foot 100 + i + row/100."""
    rows = []
    for k, t in enumerate(times):
        left = [i + k / 100 for i in range(1, 9)]
        right = [100 + i + k / 100 for i in range(1, 9)]
        rows.append([t, *left, *right, sum(left), sum(right)])
    return rows


def as_text(rows: list[list[float]], end: str = "\r\n") -> str:
    return end.join("\t".join(f"{cell:g}" for cell in row) for row in rows) + end


def as_csv(rows: list[list[float]]) -> str:
    return "\n".join([HEADER, *(",".join(f"{cell:g}" for cell in row) for row in rows)]) + "\n"


def saved(folder: Path, content: str | bytes, name: str = "walk.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def feet(path: Path, format_name: str | None = None) -> dict[str, Foot]:
    name, found = read_foreign(path, format_name)
    assert name == "gaitpdb"
    assert list(found) == ["left", "right"]
    return found


TIMES = [0.0, 0.01, 0.02, 0.03]


@pytest.mark.parametrize("how", ["text", "unix text", "csv", "named"])
def test_every_number_of_a_small_walk_is_in_its_place(tmp_path: Path, how: str) -> None:
    rows = walk(TIMES)
    content = {"text": as_text(rows), "unix text": as_text(rows, "\n")}.get(how, as_csv(rows))
    found = feet(saved(tmp_path, content), "gaitpdb" if how == "named" else None)
    for first, side in ((0, "left"), (100, "right")):
        recording = found[side].recording
        assert (recording.side, recording.kind, recording.sample_rate_hz) == (side, "force_n", 100.0)
        assert recording.index.tolist() == [0, 1, 2, 3]
        assert recording.time_s.tolist() == TIMES
        expected = first + np.arange(1, 9) + np.arange(4)[:, None] / 100
        assert recording.values == pytest.approx(expected)
        assert recording.gaps.size == 0
        assert found[side].loads(slice(None)) == pytest.approx(expected)
        assert found[side].weight.tolist() == [1.0] * 8


def test_medial_sensors_are_medial_on_both_feet(tmp_path: Path) -> None:
    found = feet(saved(tmp_path, as_text(walk(TIMES))))
    for side, foot in found.items():
        layout = foot.layout
        assert layout.ids == tuple(f"{side[0].upper()}{i}" for i in range(1, 9))
        assert layout.units == "arbitrary"
        assert [i + 1 for i in range(8) if layout.x_mm[i] > 0] == [3, 5, 7], side
        assert [i + 1 for i in range(8) if layout.x_mm[i] < 0] == [2, 4, 6], side
        assert (layout.y_mm[0], layout.y_mm[7]) == (-800, 800)
    assert np.array_equal(found["left"].layout.x_mm, found["right"].layout.x_mm)
    # The source only says where the heel and the toe are.
    weight = found["left"].layout.region_weight
    assert [REGIONS[r] for r in np.flatnonzero(weight[0])] == ["HM", "HL"]
    assert [REGIONS[r] for r in np.flatnonzero(weight[7])] == ["T1", "T25"]
    assert not weight[1:7].any()


def test_a_walk_starts_at_nought_and_holes_are_gaps(tmp_path: Path) -> None:
    times = [0.01, 0.02, 0.05, 0.06, 0.08]
    recording = feet(saved(tmp_path, as_csv(walk(times))))["right"].recording
    assert recording.index.tolist() == [0, 1, 4, 5, 7]
    assert recording.time_s == pytest.approx([0.0, 0.01, 0.04, 0.05, 0.07])
    assert [(g["start_index"], g["length"], g["kind"]) for g in recording.gaps] == [(2, 2, b"lost"), (6, 1, b"lost")]


def test_a_clock_slightly_off_never_slips_a_sample(tmp_path: Path) -> None:
    times = [round(k * 0.01 * (1 + 70e-6), 4) for k in range(12_000)]
    recording = feet(saved(tmp_path, as_text(walk(times))))["left"].recording
    assert np.array_equal(recording.index, np.arange(12_000))
    assert recording.gaps.size == 0


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", "not recognised"),
        ("hello\nworld\n", "not recognised"),
        (b"\x89HDF\r\n\x1a\n", "not recognised"),
        ("1\t2\t3\n", "not recognised"),
        (HEADER + "\n", "0 rows"),
        (as_text(walk([0.0])), "1 rows"),
        (as_text(walk(TIMES)) + "0.04\t1\n", "not a table"),
        (as_text(walk(TIMES)).replace("102.02", "n/a"), "not a table"),
        (as_text(walk(TIMES)).replace("102", "nan", 1), "no numbers"),
        (as_text(walk(TIMES)).replace("102", "inf", 1), "no numbers"),
        (as_text(walk(TIMES)).replace("102", "-50", 1), "sensor forces"),
        (as_text(walk(TIMES)).replace("102", "99999", 1), "sensor forces"),
        (as_text(walk([0.0, 0.01, 0.01, 0.02])), "time column"),
        (as_text(walk([0.0, 0.01, 0.0, 0.01])), "time column"),
        (as_text(walk([0.0, 0.01, 0.025, 0.035])), "time column"),
        (as_text(walk([0.0, 1.0, 1.1])), None),
        (as_text(walk([0.0, 0.01, 1e9])), "time column|index"),
        (as_text(walk(TIMES)).encode() + b"\xff\xfe", "not a text"),
        (as_text([row[:18] for row in walk(TIMES)]), "not recognised"),
    ],
)
def test_what_is_no_walk_is_refused_with_its_name(tmp_path: Path, content: str | bytes, named: str | None) -> None:
    path = saved(tmp_path, content)
    if named is None:
        assert feet(path)["left"].recording.n_missing == 99 + 9
        return
    with pytest.raises(FormatError, match=named) as caught:
        read_foreign(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_format_is_taken_at_its_word_and_then_checked(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="columns"):
        read_foreign(saved(tmp_path, "1\t2\t3\n4\t5\t6\n"), "gaitpdb")
    with pytest.raises(FormatError, match="not a table"):
        read_foreign(saved(tmp_path, "hello\nworld\n"), "gaitpdb")
    with pytest.raises(UsageError, match="'pedar' is not known; formats are gaitpdb"):
        read_foreign(saved(tmp_path, as_text(walk(TIMES))), "pedar")


def test_missing_files_folders_and_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        read_foreign(tmp_path / "nowhere.txt")
    with pytest.raises(FormatError, match="is a folder"):
        read_foreign(tmp_path)
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as stream:
        stream.truncate(600 << 20)  # takes no room on the disk
    with pytest.raises(FormatError, match="512 MiB"):
        read_foreign(huge)


def test_an_imported_walk_is_a_trial_file(tmp_path: Path) -> None:
    trial = Trial(TrialInfo(), feet(saved(tmp_path, as_text(walk([0.0, 0.01, 0.04])))))
    from insole.hdf5 import read_trial

    assert differences(trial, read_trial(written(tmp_path, trial))) == []


# --- real walks --------------------------------------------------------------------------------------------------

#: file -> length in s as its description says
LENGTHS = {
    "GaCo01_01.txt": 121, "GaCo16_10.txt": 51, "GaPt03_01.txt": 121, "JuCo02_01.txt": 40, "JuPt03_01.txt": 54,
    "JuPt03_05.txt": 48, "JuPt07_01.txt": 46, "SiCo01_01.txt": 121, "SiPt02_01.txt": 121,
    "csv_variant/JuCo03_01.csv": 40,
}  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize("name", LENGTHS)
def test_a_real_walk_is_read_as_it_stands(real_data: Callable[[str], Path], name: str) -> None:
    path = real_data("gaitpdb") / name
    found = feet(path)
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream, delimiter="," if name.endswith("csv") else "\t"))
    table = np.array(rows[1:] if name.endswith("csv") else rows, dtype=float)
    for first, total, side in ((1, 17, "left"), (9, 18, "right")):
        recording = found[side].recording
        assert np.array_equal(recording.values, table[:, first : first + 8])
        # The file's own sum of a foot, to its rounding.
        assert np.abs(recording.values.sum(axis=1) - table[:, total]).max() < 0.0051
        assert recording.time_s == pytest.approx(table[:, 0] - table[0, 0], abs=1e-9)
        assert recording.n_missing == 0
        assert np.array_equal(recording.index, np.arange(len(table)))
    assert found["left"].recording.span_s()[1] == pytest.approx(LENGTHS[name], abs=1.0)


@pytest.mark.data
def test_every_real_walk_there_is_is_in_the_list(real_data: Callable[[str], Path]) -> None:
    root = real_data("gaitpdb")
    there = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.name[:2] in ("Ga", "Ju", "Si")}
    assert there == set(LENGTHS)


@pytest.mark.data
def test_the_layout_is_the_one_that_comes_with_the_walks(real_data: Callable[[str], Path]) -> None:
    root = real_data("gaitpdb")
    with (root / "sensor_layout.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = feet(root / "JuCo02_01.txt")
    assert len(rows) == 16
    for row in rows:
        sensor = row["sensor"]
        foot = found["left" if sensor.startswith("L") else "right"]
        at = foot.layout.index_of(sensor)
        x, y = float(row["x_arb"]), float(row["y_arb"])
        # Drawn from above with the origin between the legs: a foot's middle lies 500 to its side.
        medial = x + 500 if sensor.startswith("L") else 500 - x
        assert (foot.layout.x_mm[at], foot.layout.y_mm[at]) == (medial, y)
