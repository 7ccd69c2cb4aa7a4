"""What the command line may write, and where: nothing of a user's is replaced, nothing hostile reaches a terminal."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acquisition.assembly import Plan
from acquisition.journal import JournalWriter
from insole.cli import main
from insole.cli.console import plain, write_output
from insole.errors import InsoleError
from insole.trial import TrialInfo

BASE = ["--subject", "S01", "--mass-kg", "70", "--incline", "4 %", "--speed", "4.5 mph", "--quiet"]
INSOLE = [sys.executable, "-m", "insole.cli"]


def record(path: Path, *more: str, duration: str = "8") -> int:
    urls = [word for side in ("left", "right") for word in (f"--{side}", f"sim://{side}?pace=0&rate=200")]
    return main(["record", "-o", str(path), *urls, "--duration", duration, *BASE, *more])


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("console") / "T.h5"
    assert record(path, "--condition", "barefoot") == 0
    return path


def said_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of an error."""
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("See ")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("insole: ")
    assert "internal error" not in lines[0]
    return lines[0]


def test_a_result_never_replaces_its_trial(trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = trial.read_bytes()
    link, other = tmp_path / "same.h5", tmp_path / "other.h5"
    link.symlink_to(trial)
    other.write_bytes(before)
    for option in ("--json", "--steps"):
        for name in (trial, link):
            assert main(["analyse", str(trial), option, str(name)]) == 2
            assert "would replace the trial" in said_line(capsys)
    for option in ("--json", "--report"):
        assert main(["compare", str(other), str(trial), option, str(trial)]) == 2
        assert "would replace the trial" in said_line(capsys)
    assert trial.read_bytes() == before


def test_two_results_do_not_share_a_file(trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = str(tmp_path / "both")
    assert main(["analyse", str(trial), "--json", both, "--steps", both]) == 2
    assert "same file" in said_line(capsys)
    assert main(["analyse", str(trial), "--json", os.devnull, "--steps", os.devnull, "--quiet"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(str(pipe), "words")
        assert os.read(reader, 100) == b"words\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_results_are_as_private_as_the_user_asked(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_output(str(tmp_path / "r.json"), "{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o600


def test_what_can_not_be_written_is_a_failure_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InsoleError, match="No space left") as failure:
        write_output(str(tmp_path / "r.json"), "{}")
    assert failure.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_no_defect(trial: Path) -> None:
    for arguments in (["info", str(trial)], ["analyse", str(trial), "--json", "-"]):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run([*INSOLE, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 1
        assert b"No space left" in done.stderr
        assert b"internal error" not in done.stderr


def test_a_narrow_code_page_gets_the_table_and_utf8_data(trial: Path) -> None:
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    table = subprocess.run([*INSOLE, "analyse", str(trial)], capture_output=True, check=False, env=narrow)
    assert table.returncode == 0, table.stderr
    assert b"MLI" in table.stdout
    data = subprocess.run([*INSOLE, "analyse", str(trial), "--json", "-"], capture_output=True, check=False, env=narrow)
    assert data.returncode == 0, data.stderr
    json.loads(data.stdout.decode("utf-8"))


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_a_file_name_that_is_no_utf8_is_analysed(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, result = tmp_path / os.fsdecode(b"\xff.h5"), tmp_path / "r.json"
    name.write_bytes(trial.read_bytes())
    assert main(["analyse", str(name), "--json", str(result), "--quiet"]) == 0
    assert json.loads(result.read_text(encoding="utf-8"))["trial"]["name"] == "\udcff"


def test_markup_in_names_is_printed_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shod, base = tmp_path / "[red]m[q].h5", tmp_path / "[bold]b.h5"
    shoe = "[red]x[/] [link=file:///etc]l[/link] :smile:"
    assert record(shod, "--condition", "shod", "--shoe", shoe, "--donning", "[d]", "--note", "[/]", duration="40") == 0
    assert record(base, "--condition", "barefoot", "--incline", "5 %", duration="40") == 0
    capsys.readouterr()
    assert main(["analyse", str(shod)]) == 0
    assert "[red]m[q]: run" in capsys.readouterr().out
    assert main(["info", str(shod)]) == 0
    assert shoe in capsys.readouterr().out
    assert main(["compare", str(base), str(shod), "--accept-unmatched"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"Warning: .*\[red\]m\[q\]", said)
    assert shoe in said


def test_control_characters_reach_no_terminal(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plain("a\x1b[31m\x9b\x07\r\nb\tc") == "a\\x1b[31m\\x9b\\x07\\r\nb\tc"
    target = tmp_path / "T.h5"
    assert record(target, "--note", "a\x1b[31mred") == 2
    assert "\x1b" not in said_line(capsys)
    assert main(["record", "-o", str(target), "--left", "x\ny\x1b[31m", "--duration", "8", *BASE]) == 1
    assert "\x1b" not in said_line(capsys)
    assert main(["info", str(tmp_path / "a\x1bb.h5")]) == 1
    assert "a\\x1bb.h5" in said_line(capsys)
    assert list(tmp_path.iterdir()) == []
    assert record(target, "--note", "two\nlines") == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["-o", "-"], "stdout"),
        (["-o", "a" * 300 + ".h5"], "-o"),
        (["--left", "sim://[left"], "not understood"),
        (["--left", "loop://?x=1"], "loop://?x=1"),
        (["--pain", "heel:left:²"], "SITE:SIDE:0-10"),
        (["--pain", "heel:left:" + "9" * 5000], "SITE:SIDE:0-10"),
        (["--calibration-left", ""], "--calibration-left"),
    ],
)
def test_odd_words_are_refused_in_one_line(
    change: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["record", "-o", "T.h5", "--left", "sim://left?pace=0", "--duration", "8", *BASE, *change]) in (1, 2)
    assert words in said_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_knob_is_refused_before_anything_is_said_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = ["--left", "sim://left?pace=0", "--right", "sim://right?medial=nan"]
    assert main(["record", "-o", str(tmp_path / "T.h5"), *urls, "--duration", "8"]) == 2
    assert "medial=nan" in said_line(capsys)


def test_spans_longer_than_an_imported_walk_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walk, target = tmp_path / "walk.txt", tmp_path / "W.h5"
    walk.write_text("".join("\t".join([f"{i / 100:.2f}", *["5.0"] * 18]) + "\n" for i in range(300)))
    assert main(["import", str(walk), "-o", str(target), "--unloaded-s", "100"]) == 2
    assert "spans" in said_line(capsys)
    assert not target.exists()
    assert main(["import", str(walk), "-o", str(target), "--unloaded-s", "1", "--quiet"]) == 0


def test_a_journal_is_named_for_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    JournalWriter(tmp_path / "T.jrn", Plan(TrialInfo(), 10.0, {}).as_dict()).close()
    for name in ("T.h5", "T.jrn"):
        assert main(["info", str(tmp_path / name)]) == 1
        line = said_line(capsys)
        assert "cut off" in line
        assert f"insole record -o {tmp_path / 'T.h5'}" in line


def test_trials_without_the_usual_ending_have_journals_of_their_own(tmp_path: Path) -> None:
    for name in ("S01.barefoot", "S01.shod"):
        JournalWriter(tmp_path / f"{name}.jrn", {}).close()
    assert record(tmp_path / "S01.h5") == 0
    assert record(tmp_path / "S01.other") == 0
    assert {p.name for p in tmp_path.iterdir()} == {"S01.barefoot.jrn", "S01.shod.jrn", "S01.h5", "S01.other"}


def test_a_demo_replaces_nothing_but_a_demo(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in (("A1.h5", trial.read_bytes()), ("B2.h5", b"damaged"), ("report.html", b"mine")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(content)
        assert main(["demo", "-o", str(folder), "--quiet"]) == 2
        assert f"{name} in it is not of a demo" in said_line(capsys)
        assert [p.read_bytes() for p in folder.iterdir()] == [content]
    (tmp_path / "dir" / "A1.h5").mkdir(parents=True)
    assert main(["demo", "-o", str(tmp_path / "dir"), "--quiet"]) == 2
    said_line(capsys)


def test_a_demo_that_was_killed_makes_room_for_the_next(tmp_path: Path) -> None:
    from insole.cli.demo import _prepare

    for subject, left in (("DEMO", []), ("S01", ["A1.jrn"])):
        folder = tmp_path / subject
        folder.mkdir()
        JournalWriter(folder / "A1.jrn", Plan(TrialInfo(subject=subject), 10.0, {}).as_dict()).close()
        if left:
            with pytest.raises(InsoleError, match="not of a demo"):
                _prepare(folder)
        else:
            _prepare(folder)
        assert [p.name for p in folder.iterdir()] == left


def running(path: Path, *more: str, **how: object) -> subprocess.Popen[bytes]:
    """A recording in a process of its own, well under way."""
    command = [*INSOLE, "record", "-o", str(path), "--left", "sim://left?rate=200", "--duration", "4", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, **how)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_recording_outlives_whoever_watched_it(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)  # nobody reads the progress
    recording = running(tmp_path / "T.h5", stderr=theirs)
    os.close(theirs)
    recording.communicate(timeout=30)
    assert recording.returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["T.h5"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminals that hang up here")
def test_a_terminal_that_hangs_up_leaves_a_trial(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a suite under nohup would hand on that it is ignored
    try:
        recording = running(tmp_path / "T.h5", stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGHUP, before)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not list(tmp_path.glob("*.jrn")):
        time.sleep(0.05)
    time.sleep(1.0)
    recording.send_signal(signal.SIGHUP)
    recording.communicate(timeout=20)
    assert recording.returncode == 130
    assert [p.name for p in tmp_path.iterdir()] == ["T.h5"]


def test_a_port_by_two_names_is_one_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port, name = tmp_path / "port", tmp_path / "by-id"
    port.touch()
    name.symlink_to(port)
    urls = ["--left", str(port), "--right", str(name)]
    assert main(["record", "-o", str(tmp_path / "T.h5"), *urls, "--duration", "8"]) == 2
    assert "given for both feet" in said_line(capsys)


def test_output_goes_to_what_stdout_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", now)
    write_output("-", "−2 %")
    assert now.buffer.getvalue() == "−2 %\n".encode()  # type: ignore[attr-defined]
