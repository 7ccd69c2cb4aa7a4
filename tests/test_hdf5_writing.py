"""A trial file is written whole or not at all: order of steps, full disks, Ctrl-C, names that are taken."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_samples import counts_foot, counts_trial, differences, full_info, left_behind, trial_of, written

import insole.hdf5
from insole.errors import TrialFileError
from insole.hdf5 import read_trial, write_trial
from insole.trial import Trial


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "trial.h5"
    path.write_bytes(b"mine")
    with pytest.raises(TrialFileError, match="never overwritten"):
        write_trial(path, trial_of("force_n"))
    assert path.read_bytes() == b"mine"
    assert left_behind(tmp_path) == ["trial.h5"]


def test_a_file_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trial.h5"

    def slow(part: Path) -> Trial:
        path.write_bytes(b"somebody else's")
        return read_trial(part)

    monkeypatch.setattr(insole.hdf5, "read_trial", slow)
    with pytest.raises(TrialFileError, match="appeared"):
        write_trial(path, trial_of("force_n"))
    assert path.read_bytes() == b"somebody else's"
    assert left_behind(tmp_path) == ["trial.h5"]


def test_an_old_part_is_replaced_and_a_folder_of_its_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "trial.h5.part").write_bytes(b"half")
    trial = trial_of("force_n")
    assert differences(trial, read_trial(written(tmp_path, trial))) == []
    assert left_behind(tmp_path) == ["trial.h5"]
    (tmp_path / "other.h5.part").mkdir()
    with pytest.raises(TrialFileError, match=r"other\.h5: could not be written \(Is a directory\)"):
        write_trial(tmp_path / "other.h5", trial)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrialFileError, match="does not exist; make it first"):
        write_trial(tmp_path / "nowhere" / "trial.h5", trial_of("force_n"))
    assert left_behind(tmp_path) == []


def test_file_then_check_then_name_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    path, part = tmp_path / "trial.h5", tmp_path / "trial.h5.part"
    fsync, rename, read = os.fsync, os.replace, read_trial

    def saw_fsync(handle: int) -> None:
        status = os.fstat(handle)
        names = {p.stat().st_ino: p.name for p in (tmp_path, part, path) if p.exists()}
        happened.append(f"fsync {names[status.st_ino]} {'of all' if status.st_size > 10_000 else ''}".strip())
        fsync(handle)

    def saw_rename(a: Path, b: Path) -> None:
        happened.append(f"rename {a.name} {b.name}")
        rename(a, b)

    def saw_read(a: Path) -> Trial:
        happened.append(f"read {a.name}")
        return read(a)

    monkeypatch.setattr(os, "fsync", saw_fsync)
    monkeypatch.setattr(os, "replace", saw_rename)
    monkeypatch.setattr(insole.hdf5, "read_trial", saw_read)
    write_trial(path, counts_trial())
    assert happened == [
        "fsync trial.h5.part of all", "read trial.h5.part", "rename trial.h5.part trial.h5", f"fsync {tmp_path.name}",
    ]  # fmt: skip


def no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_one_line_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(os, step, no_space)
    with pytest.raises(TrialFileError, match="could not be written \\(No space left on device\\)") as caught:
        write_trial(tmp_path / "trial.h5", trial_of("force_n"))
    assert "\n" not in str(caught.value)
    assert ".part" not in str(caught.value)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("leave", [KeyboardInterrupt, MemoryError, SystemExit])
def test_whatever_ends_the_writing_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: type[BaseException]
) -> None:
    def stop(_: Path) -> Trial:
        raise leave

    monkeypatch.setattr(insole.hdf5, "read_trial", stop)
    with pytest.raises(leave):
        write_trial(tmp_path / "trial.h5", trial_of("force_n"))
    assert left_behind(tmp_path) == []


def test_a_full_disk_ends_no_process(tmp_path: Path) -> None:
    """The disk refuses after 20 kB for real; a child process has to say so in one line and end by itself."""
    pytest.importorskip("resource")
    code = f"""
        import resource, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from trial_samples import counts_trial
        from insole.errors import TrialFileError
        from insole.hdf5 import write_trial
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        try:
            write_trial(Path({str(tmp_path / "trial.h5")!r}), counts_trial())
        except TrialFileError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{tmp_path / 'trial.h5'}: could not be written (File too large)"]
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    patch_folder_sync(tmp_path, monkeypatch, number)
    trial = trial_of("force_n")
    assert differences(trial, read_trial(written(tmp_path, trial))) == []


def test_a_folder_that_fails_to_sync_is_said_and_the_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch_folder_sync(tmp_path, monkeypatch, errno.EIO)
    trial = trial_of("force_n")
    with pytest.raises(TrialFileError, match="is complete, but its folder"):
        write_trial(tmp_path / "trial.h5", trial)
    assert differences(trial, read_trial(tmp_path / "trial.h5")) == []


def patch_folder_sync(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fsync = os.fsync

    def fail_for_folders(handle: int) -> None:
        if os.fstat(handle).st_ino == folder.stat().st_ino:
            raise OSError(number, os.strerror(number))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", fail_for_folders)


def changed(field: str) -> Callable[[Trial], None]:
    """Something that flips one value of a trial as if the disk had."""

    def change(trial: Trial) -> None:
        foot = next(iter(trial.feet.values()))
        if field == "info":
            trial.info = replace(trial.info, mass_kg=71.0)
            return
        array = getattr(foot if field in ("device_time_us", "frame_flags") else foot.recording, field)
        array.reshape(-1).view(np.uint8)[0] ^= 1

    return change


@pytest.mark.parametrize(
    ("kind", "field"),
    [("counts", "index"), ("counts", "time_s"), ("counts", "values"), ("counts", "gaps"), ("counts", "device_time_us"),
     ("counts", "frame_flags"), ("counts", "info"), ("pressure_kpa", "values"), ("total", "values"),
     ("total", "cop_mm")],
)  # fmt: skip
def test_what_reads_back_differently_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, field: str
) -> None:
    def rotten(part: Path) -> Trial:
        back = read_trial(part)
        changed(field)(back)
        return back

    monkeypatch.setattr(insole.hdf5, "read_trial", rotten)
    with pytest.raises(TrialFileError, match="differ") as caught:
        write_trial(tmp_path / "trial.h5", trial_of(kind))
    assert ".part" not in str(caught.value)
    assert left_behind(tmp_path) == []


def test_a_table_of_another_kind_is_not_kept(tmp_path: Path) -> None:
    foot = counts_foot("left")
    foot.host = np.zeros((2, 2))
    with pytest.raises(TrialFileError, match=r"trial\.h5: /left/host"):
        write_trial(tmp_path / "trial.h5", Trial(full_info(), {"left": foot}))
    assert left_behind(tmp_path) == []
