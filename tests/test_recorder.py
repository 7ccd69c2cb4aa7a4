"""From two links to a trial file: exact, on one time base, and readable whatever ends it."""

from __future__ import annotations

import errno
import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from board import Board, counts_of, identify

import acquisition.recorder
from acquisition import handshake, journal
from acquisition.assembly import Plan, build_trial
from acquisition.disk import hold
from acquisition.journal import JournalReader, JournalWriter
from acquisition.protocol import encode_record
from acquisition.recorder import RecordRequest, record, recover
from insole.calibration import Calibration, Response, nominal_calibration
from insole.errors import CalibrationError, InsoleError, LayoutError, LinkError, TrialFileError, UsageError
from insole.frame import CommandType, Reply, ReplyCode
from insole.trial import Spans, TrialInfo, open_trial

INFO = TrialInfo(subject="S01", mass_kg=70.0, size_eu=42.0, condition="barefoot")


def request(folder, duration_s=3.0, info=INFO, sides=("left", "right"), knobs="", urls=None, **more):
    urls = urls or {side: f"sim://{side}?pace=0&seed=3{knobs}" for side in sides}
    return RecordRequest(folder / "t.h5", info, urls, duration_s, **more)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def boards(monkeypatch):
    """``boards(left=board)``: hand-made boards instead of what the addresses say."""

    def put(**made):
        monkeypatch.setattr(handshake, "open_link", lambda url, side, baud, context: made[side])
        monkeypatch.setattr(handshake, "is_virtual", lambda url: True)
        return {side: f"hand://{side}" for side in made}

    return put


# --- the ordinary way ------------------------------------------------------------------------------------------------


def test_both_feet_are_recorded_exactly(tmp_path):
    outcome = record(request(tmp_path, duration_s=3.2))
    assert names(tmp_path) == ["t.h5"]
    assert (outcome.end, outcome.reason, outcome.path) == ("complete", None, tmp_path / "t.h5")
    trial = open_trial(outcome.path)
    assert trial.end == "complete"
    for side in ("left", "right"):
        foot, counts = trial.feet[side], outcome.feet[side]
        assert (counts.frames, counts.lost, counts.damaged, counts.dropped, counts.gaps) == (3200, 0, 0, 0, 0)
        np.testing.assert_array_equal(foot.recording.index, np.arange(3200))
        np.testing.assert_array_equal(foot.recording.time_s, np.arange(3200) / 1000)
        assert foot.recording.gaps.size == 0
        assert (foot.identify.side, foot.layout.name, foot.electronics.bits) == (side, "ref16-EU42", 10)
        assert [s.frames_sent for s in foot.status][:3] == [1000, 2000, 3000]
        assert foot.host["index"][-1] == 2999  # of the last chunk that ends within the trial
        assert foot.clock["drift_ppm"] == pytest.approx(0.0, abs=1e-6)
    assert trial.info.started_utc.endswith("+00:00")
    assert trial.versions["firmware_left"] == "sim-1.0"


def test_the_counts_stand_where_they_were_measured(tmp_path, boards):
    urls = boards(left=Board(scans=2100, lose=range(300, 310), damage={700}, drop={900}))
    outcome = record(request(tmp_path, 2.0, urls=urls))
    recording = open_trial(outcome.path).feet["left"].recording
    there = np.setdiff1d(np.arange(2000), [*range(300, 310), 700, 900])
    np.testing.assert_array_equal(recording.index, there)
    np.testing.assert_array_equal(recording.values, counts_of(there))
    np.testing.assert_allclose(recording.time_s, there / 1000, atol=1e-9)
    counts = outcome.feet["left"]
    assert (counts.frames, counts.lost, counts.damaged, counts.dropped, counts.gaps) == (1988, 10, 1, 1, 3)


def test_the_same_request_gives_the_same_samples(tmp_path):
    trials = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        trials.append(open_trial(record(request(folder, 2.0, knobs="&dropout=0.05&jitter=0.02")).path))
    for side in ("left", "right"):
        one, other = (trial.feet[side] for trial in trials)
        np.testing.assert_array_equal(one.recording.values, other.recording.values)
        np.testing.assert_array_equal(one.recording.index, other.recording.index)
        np.testing.assert_array_equal(one.recording.gaps, other.recording.gaps)
        np.testing.assert_array_equal(one.host, other.host)


def test_feet_with_seeds_of_their_own_share_their_strides(tmp_path):
    urls = {"left": "sim://left?pace=0&seed=1&jitter=0.02", "right": "sim://right?pace=0&seed=2&jitter=0.02"}
    assert request(tmp_path, urls=urls).context.stride_seed == 1
    assert request(tmp_path, urls={"right": urls["right"]}).context.stride_seed is None


def test_progress_is_told_from_connecting_to_saving(tmp_path):
    seen = []
    record(request(tmp_path, 2.0, knobs="&lose=100:50"), on_progress=seen.append)
    phases = [p.phase for p in seen]
    assert phases[0] == "connecting"
    assert phases[-1] == "saving"
    assert set(phases) == {"connecting", "recording", "saving"}
    assert [p.elapsed_s for p in seen] == sorted(p.elapsed_s for p in seen)
    assert (seen[-1].elapsed_s, seen[-1].duration_s) == (2.0, 2.0)
    assert seen[-1].frames == {"left": 1950, "right": 1950}
    assert seen[-1].lost == {"left": 50, "right": 50}
    assert seen[-1].damaged == {"left": 0, "right": 0}


def test_two_rates_become_the_slower_one(tmp_path):
    urls = {"left": "sim://left?pace=0&rate=500", "right": "sim://right?pace=0"}
    trial = open_trial(record(request(tmp_path, 2.0, urls=urls)).path)
    assert [foot.recording.sample_rate_hz for foot in trial.feet.values()] == [500.0, 500.0]
    assert [foot.recording.n_samples for foot in trial.feet.values()] == [1000, 1000]


@pytest.mark.parametrize("ppm", [0, 200, -3000])
def test_the_clock_of_a_board_is_taken_out(tmp_path, ppm):
    trial = open_trial(record(request(tmp_path, 25.0, sides=("left",), knobs=f"&clock_ppm={ppm}")).path)
    foot = trial.feet["left"]
    assert foot.clock["drift_ppm"] == pytest.approx(ppm, abs=0.01)
    true = np.arange(25_000) / 1000 / (1 + ppm * 1e-6)
    np.testing.assert_allclose(foot.recording.time_s, true, atol=1e-7)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a thing of Unix")
def test_two_serial_ports_are_recorded_side_by_side(tmp_path):
    import tty

    ended = threading.Event()

    def plug_in(board):
        """A pseudo-terminal with the board behind it, 10 scans at a time when they are due."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)

        def run():
            due = time.perf_counter()
            while not ended.wait(max(0.0, due - time.perf_counter())):
                if select.select([ours], [], [], 0.0)[0]:
                    board.write(os.read(ours, 4096))
                os.write(ours, board.read(0.0)[0])
                due += 0.01
            os.close(ours)
            os.close(theirs)

        thread = threading.Thread(target=run)
        thread.start()
        return os.ttyname(theirs), thread

    left, right = Board(10**6, chunk=10, damage={100}), Board(10**6, chunk=10, who=identify(side="right"))
    ports = {side: plug_in(board) for side, board in (("left", left), ("right", right))}
    try:
        outcome = record(request(tmp_path, 0.5, urls={side: port for side, (port, _) in ports.items()}))
    finally:
        ended.set()
        for _, thread in ports.values():
            thread.join()
    assert (outcome.end, outcome.reason) == ("complete", None)
    trial = open_trial(outcome.path)
    assert trial.feet["left"].recording.gaps["start_index"].tolist() == [100]
    np.testing.assert_array_equal(trial.feet["right"].recording.values, counts_of(np.arange(500)))
    first = [foot.recording.time_s[0] for foot in trial.feet.values()]
    assert min(first) == 0.0
    for foot in trial.feet.values():
        assert np.all(np.diff(foot.recording.time_s) > 0)


# --- loss ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knobs", "rows"),
    [
        ("lose=500:7", [(500, 7, b"lost")]),
        ("drop=500:7", [(500, 7, b"board")]),
        ("damage=500;501;700", [(500, 2, b"damaged"), (700, 1, b"damaged")]),
        ("lose=0:3;1990:30", [(0, 3, b"lost"), (1990, 10, b"lost")]),
        ("lose=500:5&damage=505&drop=506:2", [(500, 8, b"mixed")]),
        ("lose=990:40&boot_us=4293967296", [(990, 40, b"lost")]),
    ],
)
def test_injected_loss_is_reported_exactly(tmp_path, knobs, rows):
    outcome = record(request(tmp_path, 2.0, sides=("left",), knobs="&" + knobs))
    recording = open_trial(outcome.path).feet["left"].recording
    got = [(int(r["start_index"]), int(r["length"]), bytes(r["kind"])) for r in recording.gaps]
    assert got == rows
    gone = np.concatenate([np.arange(start, start + length) for start, length, _ in rows])
    np.testing.assert_array_equal(recording.index, np.setdiff1d(np.arange(2000), gone))
    np.testing.assert_allclose(recording.time_s, recording.index / 1000, atol=1e-9)
    counts = outcome.feet["left"]
    assert counts.frames + counts.lost + counts.damaged + counts.dropped == 2000


@pytest.mark.parametrize(("kind", "length"), [("lose", 65_536), ("drop", 65_536), ("lose", 131_072)])
def test_a_gap_that_leaves_the_sequence_as_it_was_is_found(tmp_path, kind, length):
    duration_s = (length + 3000) / 1000
    # Across the wrap of the microsecond counter as well.
    knobs = f"&{kind}=1000:{length}&boot_us={2**32 - 10_000_300}&noise_lsb=0"
    outcome = record(request(tmp_path, duration_s, sides=("left",), knobs=knobs))
    recording = open_trial(outcome.path).feet["left"].recording
    (row,) = recording.gaps
    assert (row["start_index"], row["length"], row["kind"]) == (1000, length, {"lose": b"lost", "drop": b"board"}[kind])
    np.testing.assert_array_equal(recording.index, np.r_[0:1000, length + 1000 : length + 3000])
    np.testing.assert_allclose(recording.time_s, recording.index / 1000, atol=1e-6)


# --- ends ------------------------------------------------------------------------------------------------------------


def test_stopping_leaves_a_readable_trial(tmp_path):
    seen = []
    outcome = record(request(tmp_path, 30_000.0), seen.append, lambda: bool(seen and seen[-1].elapsed_s > 1))
    assert (outcome.end, outcome.reason) == ("interrupted", None)
    assert names(tmp_path) == ["t.h5"]
    trial = open_trial(outcome.path)
    assert trial.end == "interrupted"
    for foot in trial.feet.values():
        np.testing.assert_array_equal(foot.recording.index, np.arange(foot.recording.n_samples))
        assert foot.recording.n_samples > 1000


def test_ctrl_c_without_anybody_who_catches_it_does_the_same(tmp_path):
    def interrupt(progress):
        if progress.phase == "recording" and progress.elapsed_s > 1:
            raise KeyboardInterrupt

    outcome = record(request(tmp_path, 30_000.0), interrupt)
    assert outcome.end == "interrupted"
    assert open_trial(outcome.path).feet["right"].recording.n_samples > 900


def test_stopping_before_the_first_sample_leaves_nothing(tmp_path, boards):
    board = Board(then="silence", scans=0)
    with pytest.raises(KeyboardInterrupt):
        record(request(tmp_path, urls=boards(left=board)), should_stop=lambda: "START" in board.commands)
    assert names(tmp_path) == []
    assert board.closed


def test_a_link_that_is_lost_ends_the_trial_and_says_why(tmp_path, boards):
    urls = boards(left=Board(scans=1200, then="unplug"), right=Board(scans=9000, who=identify(side="right")))
    outcome = record(request(tmp_path, 8.0, urls=urls))
    assert outcome.end == "interrupted"
    assert "the device went away" in outcome.reason
    trial = open_trial(outcome.path)
    assert [foot.recording.n_samples for foot in trial.feet.values()] == [1200, 1200]


def test_a_refused_start_leaves_nothing(tmp_path, boards):
    right = Board(who=identify(side="right"), codes={CommandType.START: ReplyCode.HARDWARE_FAULT})
    with pytest.raises(InsoleError, match="the right insole refuses 'start': hardware fault, because"):
        record(request(tmp_path, urls=boards(left=Board(), right=right)))
    assert names(tmp_path) == []


def test_a_defect_keeps_the_journal(tmp_path, monkeypatch):
    def broken(self, side, samples):
        if samples["index"][-1] > 700:
            raise ZeroDivisionError("a defect")

    monkeypatch.setattr(acquisition.recorder._Keeper, "take_samples", broken)
    with pytest.raises(ZeroDivisionError):
        record(request(tmp_path))
    assert names(tmp_path) == ["t.jrn"]
    monkeypatch.undo()
    outcome = recover(tmp_path / "t.jrn")
    assert outcome.end == "interrupted"
    assert outcome.feet["left"].frames >= 700
    assert names(tmp_path) == ["t.h5"]


# --- the journal comes first -----------------------------------------------------------------------------------------


def test_the_journal_stands_before_the_first_command_and_goes_after_the_file(tmp_path, boards):
    class Looking(Board):
        def write(self, data):
            before = len(self.commands)
            super().write(data)
            if "START" in self.commands[before:]:
                with JournalReader(tmp_path / "t.jrn") as found:
                    plans.append(Plan.from_dict(found.header))

    plans = []
    record(request(tmp_path, 1.0, urls=boards(left=Looking()), kappa_borrowed=0.8))
    assert plans[0].info.subject == "S01"
    assert plans[0].identify == {"left": identify()}
    assert (plans[0].duration_s, plans[0].kappa_borrowed) == (1.0, 0.8)
    assert names(tmp_path) == ["t.h5"]


def test_if_the_file_can_not_be_built_the_journal_stays_and_the_next_recording_builds_it(tmp_path, monkeypatch):
    def no_room(path, trial):
        raise TrialFileError(f"{path}: could not be written (No space left on device)")

    monkeypatch.setattr(acquisition.recorder, "write_trial", no_room)
    with pytest.raises(TrialFileError, match=r"No space left on device.* safe in .*t\.jrn"):
        record(request(tmp_path))
    assert names(tmp_path) == ["t.jrn"]
    monkeypatch.undo()
    with pytest.raises(TrialFileError, match=r"now rebuilt.*choose another name"):
        record(request(tmp_path))
    assert names(tmp_path) == ["t.h5"]
    trial = open_trial(tmp_path / "t.h5")
    assert (trial.end, trial.feet["left"].recording.n_samples) == ("complete", 3000)


def test_a_slow_disk_and_a_fault_of_the_board_are_noted(tmp_path, boards, monkeypatch):
    class Ailing(Board):
        def read(self, timeout_s):
            data, host_s = super().read(timeout_s)
            time.sleep(0.01)
            return data + encode_record(Reply(0, 6, "channel 3 is stuck")) * (self._at == 500), host_s

    monkeypatch.setattr(journal, "sync_data", lambda file: time.sleep(0.03))
    monkeypatch.setattr(journal, "SYNC_EVERY_S", 0.001)
    monkeypatch.setattr(journal, "ALARM_BEHIND_S", 0.02)
    monkeypatch.setattr(acquisition.recorder, "ALARM_BEHIND_S", 0.02)
    outcome = record(request(tmp_path, 1.0, urls=boards(left=Ailing())))
    assert outcome.end == "complete"
    assert "the left insole reports: channel 3 is stuck" in outcome.notes
    assert outcome.notes[-1].startswith("the disk kept the journal waiting for up to 0.")


def test_a_journal_that_fails_ends_the_recording_with_what_is_there(tmp_path, monkeypatch):
    def broken(file):
        if os.fstat(file).st_size > 100_000:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(journal, "sync_data", broken)
    monkeypatch.setattr(journal, "SYNC_EVERY_S", 0.001)
    outcome = record(request(tmp_path, 30_000.0))
    assert outcome.end == "interrupted"
    assert "Input/output error" in outcome.reason
    assert open_trial(outcome.path).end == "interrupted"


def test_a_disk_that_fills_up_ends_the_recording_in_time(tmp_path, monkeypatch):
    looks = []
    usage = acquisition.recorder.shutil.disk_usage

    def filling(folder):
        looks.append(folder)
        return usage(folder)._replace(free=2**40 if len(looks) < 4 else 2**20)

    monkeypatch.setattr(acquisition.recorder.shutil, "disk_usage", filling)
    monkeypatch.setattr(acquisition.recorder, "_SPACE_EVERY_S", 0.0)
    outcome = record(request(tmp_path, 10_000.0))
    assert outcome.end == "interrupted"
    assert "nearly full" in outcome.reason
    assert open_trial(outcome.path).feet["left"].recording.n_samples > 0


def test_a_disk_that_is_full_at_once_leaves_nothing(tmp_path, monkeypatch):
    usage = acquisition.recorder.shutil.disk_usage
    monkeypatch.setattr("acquisition.request.RecordRequest.check_space", lambda self, identify: None)
    monkeypatch.setattr(acquisition.recorder.shutil, "disk_usage", lambda folder: usage(folder)._replace(free=0))
    with pytest.raises(TrialFileError, match="nearly full"):
        record(request(tmp_path))
    assert names(tmp_path) == []


def test_a_journal_in_use_is_left_alone(tmp_path):
    JournalWriter(tmp_path / "t.jrn", {}).close()
    file = os.open(tmp_path / "t.jrn", os.O_RDWR)
    hold(file)
    try:
        with pytest.raises(TrialFileError, match="under way"):
            record(request(tmp_path))
    finally:
        os.close(file)
    assert names(tmp_path) == ["t.jrn"]


def test_a_journal_of_something_else_can_not_be_rebuilt(tmp_path):
    JournalWriter(tmp_path / "t.jrn", {"schema": "insole-journal/9"}).close()
    with pytest.raises(TrialFileError, match="insole-journal/9"):
        recover(tmp_path / "t.jrn")
    assert names(tmp_path) == ["t.jrn"]


def test_killed_at_once_the_journal_gives_the_trial_back(tmp_path):
    code = (
        "import json, sys; from pathlib import Path; from acquisition.recorder import RecordRequest, record\n"
        "from insole.trial import TrialInfo\n"
        "tell = lambda p: print(json.dumps(p.frames), flush=True)\n"
        "urls = {side: f'sim://{side}?pace=2' for side in ('left', 'right')}\n"
        "record(RecordRequest(Path(sys.argv[1]) / 't.h5', TrialInfo(subject='S01'), urls, 600.0), tell)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        told = {}
        for line in process.stdout:
            told = json.loads(line)
            if told and min(told.values()) > 2000:
                break
        process.kill()
    assert names(tmp_path) == ["t.jrn"]
    outcome = recover(tmp_path / "t.jrn")
    assert outcome.end == "recovered"
    trial = open_trial(tmp_path / "t.h5")
    assert trial.end == "recovered"
    for side, frames in told.items():
        # What it had told to be there is there; up to a second may be lost.
        assert trial.feet[side].recording.n_samples >= frames - 1000
        np.testing.assert_array_equal(trial.feet[side].recording.index, np.arange(trial.feet[side].recording.n_samples))


# --- force scale and calibration -------------------------------------------------------------------------------------


def test_the_force_scale_is_static_before_borrowed_before_default(tmp_path):
    standing = TrialInfo(subject="S01", mass_kg=70.0, size_eu=42.0, spans=Spans(3.0, 4.0, 0.0))
    for number, (info, borrowed, source) in enumerate(
        [(standing, 0.6, "static"), (INFO, 0.6, "borrowed"), (INFO, None, "default")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        trial = open_trial(record(request(folder, 11.0, info, kappa_borrowed=borrowed)).path)
        assert trial.kappa_event.source == source
        # Generator A stands on 0.7465 when it runs (spec 11.1).
        assert trial.kappa_event.value == pytest.approx(
            {"static": 0.7465, "borrowed": 0.6, "default": 1.0}[source], rel=0.02
        )


def test_a_calibration_is_kept_with_the_trial(tmp_path):
    mine = Calibration("mine", "uniform", (Response(k=90000.0),) * 16)
    trial = open_trial(record(request(tmp_path, 1.0, calibrations={"left": mine})).path)
    assert trial.feet["left"].calibration.as_dict() == mine.as_dict()
    assert trial.feet["right"].calibration is None


# --- refusals: one line, nothing left --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urls", "more", "error", "message"),
    [
        ({}, {}, UsageError, "no insole to record"),
        ({"left": "sim://right?pace=0"}, {}, UsageError, "asked for as the left insole"),
        ({"left": "nonsense://x"}, {}, UsageError, "kind of address is not known"),
        ({"left": "/dev/nowhere"}, {}, LinkError, "no such port"),
        ({"left": "/dev/a", "right": "/dev/a"}, {}, UsageError, "given for both feet"),
        ({"left": "/dev/a", "right": "sim://right"}, {}, UsageError, "no common clock"),
        (
            {"left": "sim://left?pace=0&size=44"},
            {},
            UsageError,
            "size EU 42 is asked for, but the left insole is of size 44",
        ),
        ({"left": "sim://left"}, {"duration_s": 0.0}, UsageError, "duration of 0 s"),
        ({"left": "sim://left"}, {"duration_s": float("nan")}, UsageError, "duration of nan s"),
        (
            {"left": "sim://left?pace=0"},
            {"calibrations": {"left": nominal_calibration(3)}},
            CalibrationError,
            "has 3 sensors",
        ),
    ],
)
def test_what_can_not_be_recorded_is_refused(tmp_path, urls, more, error, message):
    fields = {"output": tmp_path / "t.h5", "info": INFO, "urls": urls, "duration_s": 2.0, **more}
    with pytest.raises(error, match=message):
        record(RecordRequest(**fields))
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ("right", "left", "swapped"),
        ("left", "left", "both insoles say that they are the left one"),
        ("right", "right", "both insoles say that they are the right one"),
        ("right", None, "given as --left says that it is a right one; give its address as --right"),
    ],
)
def test_the_wrong_side_is_refused(tmp_path, boards, left, right, message):
    made = {"left": Board(who=identify(side=left))}
    if right:
        made["right"] = Board(who=identify(side=right))
    with pytest.raises(UsageError, match=message):
        record(request(tmp_path, urls=boards(**made)))
    assert names(tmp_path) == []
    assert all(board.closed for board in made.values())


def test_a_device_without_a_side_takes_that_of_the_option(tmp_path, boards):
    outcome = record(request(tmp_path, 1.0, urls=boards(right=Board(who=identify(side="unset")))))
    assert list(outcome.feet) == ["right"]


@pytest.mark.parametrize(
    ("who", "message"), [({"layout": "mine-7"}, "mine-7"), ({"n_sensels": 4, "scan_offset_us": (0,) * 4}, "4 sensors")]
)
def test_a_layout_that_is_not_known_is_refused(tmp_path, boards, who, message):
    with pytest.raises(LayoutError, match=message):
        record(request(tmp_path, urls=boards(left=Board(who=identify(**who)))))
    assert names(tmp_path) == []


def test_a_calibration_of_another_insole_is_refused(tmp_path, boards):
    other = Calibration("c1", "uniform", (Response(),) * 16, device_serial="H2")
    with pytest.raises(CalibrationError, match="is of the insole H2, but the left one is H1"):
        record(request(tmp_path, urls=boards(left=Board()), calibrations={"left": other}))


def test_folders_and_files_in_the_way_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"give the trial file the ending \.h5"):
        record(replace(request(tmp_path), output=tmp_path / "t.jrn"))
    with pytest.raises(TrialFileError, match="no such folder"):
        record(request(tmp_path / "nowhere"))
    (tmp_path / "t.h5").write_text("precious")
    with pytest.raises(TrialFileError, match="exists already"):
        record(request(tmp_path))
    assert (tmp_path / "t.h5").read_text() == "precious"


def test_a_disk_without_room_is_refused_before_it_starts(tmp_path, monkeypatch):
    usage = acquisition.recorder.shutil.disk_usage
    monkeypatch.setattr("acquisition.request.shutil.disk_usage", lambda folder: usage(folder)._replace(free=17 << 20))
    # 3600 s of two feet: 3600 * 2 * 32 000 B * 1.35, and 16 MiB
    with pytest.raises(TrialFileError, match="18 MB are free, this recording needs 328 MB"):
        record(request(tmp_path, 3600.0))
    assert names(tmp_path) == []


def test_a_recording_that_could_not_be_read_back_is_refused_before_it_starts(tmp_path):
    with pytest.raises(UsageError, match="give up to 37025 s"):
        record(request(tmp_path, 86400.0))
    assert names(tmp_path) == []


def test_recording_needs_neither_numba_nor_qt():
    code = "import sys, acquisition.recorder; print(sorted({'numba', 'PyQt6', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"


def test_a_journal_without_samples_gives_no_trial(tmp_path):
    plan = Plan(INFO, 2.0, {"left": identify()})
    JournalWriter(tmp_path / "t.jrn", plan.as_dict()).close()
    with pytest.raises(TrialFileError, match="no sample was recorded"):
        build_trial(tmp_path / "t.jrn")
