"""The journal: whatever ends it, what was written before is there, and what is not is counted."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.disk import is_held
from acquisition.journal import JournalReader, JournalWriter
from insole.errors import TrialFileError

HEADER = {"info": {"subject": "S01", "note": "Füße"}, "rate_hz": 1000}
CHUNKS = [(side, bytes([i % 256]) * (20 + i), 10.0 + i / 8) for i in range(40) for side in ("left", "right")]


def write(path, end="complete"):
    """A journal of 82 records (with END 83)."""
    with JournalWriter(path, HEADER) as journal:
        journal.write_event("", 9.0, "recording")
        for side, data, host_s in CHUNKS:
            journal.take_bytes(side, data, host_s)
        if end:
            journal.close(end, "done")
    return path.read_bytes()


def chunks_of(side):
    return [(data, host_s) for s, data, host_s in CHUNKS if s == side]


def test_what_was_written_is_read_back(tmp_path):
    path = tmp_path / "a.jrn"
    write(path)
    with JournalReader(path) as journal:
        assert journal.header == HEADER
        assert journal.end == {"end": "complete", "reason": "done"}
        assert journal.events == [("", 9.0, {"kind": "recording"})]
        for side in ("left", "right"):
            assert list(journal.chunks(side)) == chunks_of(side)
        assert (journal.dropped_bytes, journal.missing_records) == (0, 0)


def test_the_header_is_on_disk_before_anything_else_happens(tmp_path):
    path = tmp_path / "a.jrn"
    with JournalWriter(path, HEADER) as journal, JournalReader(path) as seen:
        assert (seen.header, seen.end, journal.size) == (HEADER, None, path.stat().st_size)


@pytest.mark.parametrize("cut", [1, 5, 60, 200])
def test_a_torn_tail_costs_the_torn_record_only(tmp_path, cut):
    path = tmp_path / "a.jrn"
    whole = write(path, end=None)
    last = len(CHUNKS[-1][1]) + 28
    path.write_bytes(whole[:-cut])
    with JournalReader(path) as journal:
        got = [len(list(journal.chunks(side))) for side in ("left", "right")]
        assert sum(got) == 80 - (1 if cut < last else 1 + (cut - last) // (last - 1) + 1)
        assert journal.end is None
        assert 0 < journal.dropped_bytes < last + 1


def test_zeros_behind_the_end_as_some_file_systems_leave_them_are_dropped(tmp_path):
    path = tmp_path / "a.jrn"
    path.write_bytes(write(path, end=None) + bytes(5000))
    with JournalReader(path) as journal:
        assert len(list(journal.chunks("left"))) == 40
        assert journal.dropped_bytes == 5000


def test_damage_in_the_middle_costs_one_record(tmp_path):
    path = tmp_path / "a.jrn"
    data = bytearray(write(path))
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    with JournalReader(path) as journal:
        assert sum(len(list(journal.chunks(side))) for side in ("left", "right")) == 79
        assert journal.missing_records == 1
        assert journal.end is not None


def test_a_record_that_stands_there_twice_counts_once(tmp_path):
    path = tmp_path / "a.jrn"
    whole = write(path, end=None)
    path.write_bytes(whole + whole[-88:])
    with JournalReader(path) as journal:
        assert list(journal.chunks("right")) == chunks_of("right")
        assert journal.dropped_bytes == 88


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_makes_a_record_up(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("journal", numbered=True)
    path = folder / "a.jrn"
    whole = write(path)
    cut = data.draw(st.integers(0, len(whole)))
    damaged = bytearray(whole[:cut])
    for _ in range(data.draw(st.integers(0, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    try:
        journal = JournalReader(path)
    except TrialFileError:
        return
    with journal:
        for side in ("left", "right"):
            true = chunks_of(side)
            assert all(chunk in true for chunk in journal.chunks(side))


def test_an_existing_journal_is_never_touched(tmp_path):
    path = tmp_path / "a.jrn"
    before = write(path)
    with pytest.raises(TrialFileError, match="exists already"):
        JournalWriter(path, HEADER)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(TrialFileError, match="choose another folder"):
        JournalWriter(tmp_path / "nowhere" / "a.jrn", HEADER)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_at_once_leaves_nothing(tmp_path, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrialFileError, match="No space left"):
        JournalWriter(tmp_path / "a.jrn", HEADER)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_cuts_the_torn_record_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "a.jrn"
    room = [700]
    write_to = os.write

    def filling(file, data):
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        n = write_to(file, data[: room[0]])
        room[0] -= n
        return n

    with JournalWriter(path, HEADER) as journal:
        monkeypatch.setattr(os, "write", filling)
        kept = []

        def go_on():
            for side, data, host_s in CHUNKS:
                journal.take_bytes(side, data, host_s)
                kept.append(side)

        with pytest.raises(TrialFileError, match=r"No space left on device.*make room"):
            go_on()
        with pytest.raises(TrialFileError, match="No space left"):
            journal.write_event("", 0.0, "later")
        room[0] = 1000  # somebody made room: the end is kept after all
        journal.close("interrupted", "disk full")
    with JournalReader(path) as journal:
        assert journal.dropped_bytes == 0
        assert len(list(journal.chunks("left"))) + len(list(journal.chunks("right"))) == len(kept) > 5
        assert journal.end == {"end": "interrupted", "reason": "disk full"}


def test_a_sync_that_fails_stops_the_recording(tmp_path, monkeypatch):
    import acquisition.journal

    def broken(file):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(acquisition.journal, "sync_data", broken)
    monkeypatch.setattr(acquisition.journal, "SYNC_EVERY_S", 0.005)
    with JournalWriter(tmp_path / "a.jrn", HEADER) as journal:

        def go_on():
            for _ in range(2000):
                journal.take_bytes("left", b"x", 0.0)
                journal._stop.wait(0.001)

        with pytest.raises(TrialFileError, match=r"brought to disk .Input/output error"):
            go_on()
        journal.close("interrupted")


def test_the_bytes_go_to_disk_while_the_recording_runs(tmp_path, monkeypatch):
    import acquisition.journal

    synced = []
    monkeypatch.setattr(acquisition.journal, "sync_data", lambda file: synced.append(os.fstat(file).st_size))
    monkeypatch.setattr(acquisition.journal, "SYNC_EVERY_S", 0.005)
    with JournalWriter(tmp_path / "a.jrn", HEADER) as journal:
        journal.take_bytes("left", bytes(100), 0.0)
        for _ in range(2000):
            if synced and synced[-1] == journal.size:
                break
            journal._stop.wait(0.005)
        assert synced[-1] == journal.size
    assert acquisition.journal.ALARM_BEHIND_S > 0.25


def test_a_journal_in_use_can_be_told_from_one_left_behind(tmp_path):
    path = tmp_path / "a.jrn"
    code = (
        "import sys; from pathlib import Path; from acquisition.journal import JournalWriter\n"
        "journal = JournalWriter(Path(sys.argv[1]), {'a': 1}); print('recording', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "recording\n"
        assert is_held(path)
        process.kill()
    assert not is_held(path)
    with JournalReader(path) as journal:
        assert (journal.header, journal.end) == ({"a": 1}, None)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"INSOLEJ1", b"INSOLEJ1" + bytes(64)])
def test_what_is_no_journal_is_refused(tmp_path, content):
    path = tmp_path / "a.jrn"
    path.write_bytes(content)
    with pytest.raises(TrialFileError, match=r"a\.jrn"):
        JournalReader(path)


def test_a_missing_journal_is_refused(tmp_path):
    with pytest.raises(TrialFileError, match="can't be read"):
        JournalReader(tmp_path / "a.jrn")
    with pytest.raises(TrialFileError, match="can't be opened"):
        is_held(tmp_path / "a.jrn")
