"""Files that are no trial, are cut short or have rotted: one clear line, or the trial as it was written."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from trial_samples import differences, refused, sole, written

from insole.errors import TrialFileError
from insole.hdf5 import read_trial


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("whole"), sole()).read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    file = tmp_path / "trial.h5"
    file.write_bytes(whole)
    return file


def test_a_file_that_is_none_is_refused_before_hdf5_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("HDF5 was asked")

    monkeypatch.setattr(h5py, "File", never)
    (tmp_path / "empty.h5").touch()
    (tmp_path / "words.h5").write_text("time,force\n0,1\n")
    (tmp_path / "almost.h5").write_bytes(b"\x89HDF\r\n\x1a")
    (tmp_path / "loop.h5").symlink_to(tmp_path / "loop.h5")
    (tmp_path / "dangling.h5").symlink_to(tmp_path / "nowhere.h5")
    refused(tmp_path / "missing.h5", "no such file")
    refused(tmp_path / "missing" / "trial.h5", "no such file")
    refused(tmp_path / "words.h5" / "trial.h5", "can't be read")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "loop.h5", "can't be read")
    refused(tmp_path / "dangling.h5", "no such file")
    for name in ("empty.h5", "words.h5", "almost.h5"):
        refused(tmp_path / name, "is not an HDF5 file")
    with pytest.raises(TrialFileError, match="is no path"):
        read_trial(Path("nul\0.h5"))
    with pytest.raises(TrialFileError, match="can't be read"):
        read_trial(tmp_path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_a_device_and_a_socket_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    refused(tmp_path / "pipe.h5", "not a regular file")
    (tmp_path / "link.h5").symlink_to(tmp_path / "pipe.h5")
    refused(tmp_path / "link.h5", "not a regular file")
    refused(Path("/dev/zero"), "not a regular file")
    with socket.socket(socket.AF_UNIX) as server:
        place = os.path.relpath(tmp_path / "s")  # the path of a socket may have some hundred bytes only
        server.bind(place)
        refused(Path(place), "not a regular file")


def test_a_link_to_a_trial_is_followed(path: Path) -> None:
    other = path.with_name("other.h5")
    other.symlink_to(path)
    assert differences(sole(), read_trial(other)) == []
    assert read_trial(other).name == "other"


def test_a_file_cut_short_anywhere_is_refused(path: Path, whole: bytes) -> None:
    everywhere = np.linspace(0, len(whole) - 1, 120).astype(int).tolist()
    for cut in (*range(0, 64, 3), *everywhere, *range(len(whole) - 8, len(whole))):
        path.write_bytes(whole[:cut])
        refused(path, "not an HDF5 file" if cut < 8 else "damaged or cut short")


def test_a_file_with_a_hole_of_zeros_is_refused_or_the_same(path: Path, whole: bytes) -> None:
    refusals = 0
    for start in range(0, len(whole), 1009):
        path.write_bytes(whole[:start] + bytes(min(512, len(whole) - start)) + whole[start + 512 :])
        refusals += survives(path)
    assert refusals > 10


def test_a_flipped_byte_is_refused_or_does_no_harm(path: Path, whole: bytes) -> None:
    rng = np.random.default_rng(20261122)
    refusals = 0
    for place in rng.integers(0, len(whole), 100):
        rotten = bytearray(whole)
        rotten[place] ^= int(rng.integers(1, 256))
        path.write_bytes(rotten)
        refusals += survives(path)
    assert refusals > 30


def survives(path: Path) -> int:
    """1 for a refusal in one line, 0 for a trial that is the one written; anything else fails."""
    try:
        back = read_trial(path)
    except TrialFileError:
        refused(path)
        return 1
    assert differences(sole(), back) == []
    return 0
