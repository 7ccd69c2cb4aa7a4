"""The command line as a user meets it: every refusal is one line that says what to do, and leaves nothing behind."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from insole.cli import main
from insole.trial import open_trial

BASE = ["--subject", "S01", "--mass-kg", "70", "--size-eu", "42", "--condition", "barefoot", "--incline", "4 %"]
SPEED = ["--speed", "4.5 mph"]


def record(path: Path, *more: str, duration: str = "8", medial: str = "0.1") -> int:
    urls = [word for side in ("left", "right") for word in (f"--{side}", f"sim://{side}?medial={medial}&pace=0")]
    return main(["record", "-o", str(path), *urls, "--duration", duration, "--quiet", *BASE, *SPEED, *more])


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "T.h5"
    assert record(path, "--unloaded-s", "3", "--standing-s", "3", duration="45") == 0
    return path


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, *words: str) -> str:
    """Run; expect the code and one clear line on stderr that holds the words."""
    assert main(arguments) == code
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if not line.startswith("See ")]
    assert len(lines) == 1, said.err
    assert lines[0].startswith("insole: ")
    assert "Traceback" not in said.err
    for word in words:
        assert word in lines[0], lines[0]
    return lines[0]


@pytest.mark.parametrize("command", ["info", "analyse"])
def test_files_that_are_no_trials_are_refused_by_name(
    command: str, tmp_path: Path, trial: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, cut, empty = tmp_path / "words.h5", tmp_path / "cut.h5", tmp_path / "empty.h5"
    text.write_text("not a trial")
    cut.write_bytes(trial.read_bytes()[: trial.stat().st_size // 2])
    empty.write_bytes(b"")
    refused(capsys, [command, str(tmp_path / "none.h5")], 1, "none.h5", "no such file")
    refused(capsys, [command, str(text)], 1, "words.h5", "not an HDF5 file")
    refused(capsys, [command, str(empty)], 1, "empty.h5", "not an HDF5 file")
    refused(capsys, [command, str(cut)], 1, "cut.h5")
    refused(capsys, [command, str(tmp_path)], 1, "folder")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--left", "sim://left?nonsense=1"], ["nonsense"]),
        (["--left", "sim://left?medial=much"], ["medial"]),
        (["--left", "sim://right"], ["left", "right"]),
        (["--left", "ftp://somewhere"], ["ftp"]),
        (["--left", "/dev/no-such-port"], ["/dev/no-such-port"]),
        (["--mass-kg", "-70"], ["mass"]),
        (["--mass-kg", "heavy"], ["mass"]),
        (["--speed", "-4 mph"], ["negative"]),
        (["--speed", "4.5"], ["unit", "mph"]),
        (["--speed", "4.5 knots"], ["knots"]),
        (["--incline", "4"], ["unit", "%"]),
        (["--duration", "0"], ["duration"]),
        (["--duration", "5", "--standing-s", "10"], ["spans"]),
        (["--subject", "Jane Doe"], ["code"]),
        (["--condition", "sandals"], ["sandals"]),
        (["--pain", "forefoot"], ["SITE:SIDE:0-10"]),
        (["--pain", "forefoot:right:11"], ["0-10"]),
        (["--shoe", "Racer"], ["barefoot"]),
        (["--calibration-left", "none.json"], ["none.json"]),
        (["--kappa-from", "none.h5"], ["none.h5"]),
        (["--size-eu", "300"], ["size"]),
        (["--unloaded-s", "-1"], ["unloaded"]),
        (["--baud", "7"], ["baud"]),
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused_and_leave_no_file(
    change: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "T.h5"
    usual = ["record", "-o", str(target), "--left", "sim://left?pace=0", "--duration", "8", *BASE, *SPEED]
    assert main([*usual, *change, "--quiet"]) in (1, 2)
    said = capsys.readouterr().err
    line = said.splitlines()[0]
    assert line.startswith("insole: ")
    assert "Traceback" not in said
    for word in words:
        assert word in line, line
    assert list(tmp_path.iterdir()) == []


def test_recording_needs_an_insole_a_folder_and_a_free_name(
    tmp_path: Path, trial: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ["--duration", "8", *BASE, *SPEED]
    refused(capsys, ["record", "-o", str(tmp_path / "T.h5"), *usual], 2, "--left")
    sim = ["--left", "sim://left?pace=0"]
    refused(capsys, ["record", "-o", str(tmp_path / "no" / "T.h5"), *sim, *usual], 2, "does not exist")
    before = trial.read_bytes()
    refused(capsys, ["record", "-o", str(trial), *sim, *usual], 2, "exists already")
    assert trial.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_both_devices_the_same_side_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    urls = ["--left", "sim://left?pace=0", "--right", "sim://left?pace=0"]
    assert main(["record", "-o", str(tmp_path / "T.h5"), *urls, "--duration", "8", *BASE, *SPEED, "--quiet"]) != 0
    line = capsys.readouterr().err.splitlines()[0]
    assert "right" in line
    assert "left" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open any port")
def test_a_port_without_permission_names_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = tmp_path / "port"
    port.write_bytes(b"")
    port.chmod(0)
    target = ["record", "-o", str(tmp_path / "T.h5"), "--left", str(port), "--duration", "8", *BASE, *SPEED, "--quiet"]
    refused(capsys, target, 1, "dialout")


def test_help_lists_every_command_and_misspelt_ones_get_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in ("record", "analyse", "compare", "import", "devices", "info", "doctor", "gui", "demo"):
        assert name in listed
        assert main([name, "--help"]) == 0
        assert "--quiet" in capsys.readouterr().out
    refused(capsys, ["anlyse"], 2, "analyse")


def test_csv_and_json_keep_their_contract(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(trial), "--steps", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0])[:12] == [
        "side", "step", "initial_contact_s", "toe_off_s", "contact_time_s", "stride_time_s", "peak_force_bw",
        "impulse_bw_s", "mli", "foot_balance", "mt34", "ami",
    ]  # fmt: skip
    assert list(rows[0])[-3:] == ["valid", "reject_reason", "flags"]
    assert main(["analyse", str(trial), "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"trial", "left", "right", "gait_mode", "flags", "software"} <= set(result)
    assert result["gait_mode"] == "run"
    for side in ("left", "right"):
        mine, foot = [row for row in rows if row["side"] == side], result[side]
        assert [int(row["step"]) for row in mine] == list(range(1, len(mine) + 1))
        assert foot["n_contacts"] == len(mine) == foot["n_valid"] + sum(foot["rejected"].values())
        assert foot["n_valid"] == sum(row["valid"] == "true" for row in mine)
        assert foot["rejected"]["edge"] == 10
        assert set(foot["indices"]["mli"]) >= {"mean", "sd", "ci_low", "ci_high", "n", "unit", "reason"}
        assert foot["indices"]["mli"]["mean"] == pytest.approx(21.14, abs=0.3)


def test_tables_stay_off_stdout_with_quiet_and_beside_a_dash(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(trial), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.out == said.err == ""
    assert main(["analyse", str(trial)]) == 0
    shown = capsys.readouterr().out
    assert "proxy" in shown
    assert "contacts are valid steps; left out: 10 at the start or end" in shown
    assert "  - no calibration was given" in shown
    assert "_" not in shown  # words, no codes
    refused(capsys, ["analyse", str(trial), "--steps", "-", "--json", "-"], 2, "stdout")
    refused(capsys, ["analyse", str(trial), "--json", "/no/such/folder/R.json"], 2, "does not exist")


def test_compare_refuses_with_exit_code_three_and_empty_lists(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steep = tmp_path / "steep.h5"
    assert record(steep, "--incline", "8 %", duration="45") == 0
    out, report = tmp_path / "C.json", tmp_path / "C.html"
    capsys.readouterr()
    arguments = ["compare", str(trial), str(steep), "--json", str(out), "--report", str(report), "--quiet"]
    assert main(arguments) == 3
    said = capsys.readouterr().err
    assert said.startswith("insole: not compared: incline differs by 4.00 points of grade")
    assert "counterbalanced" not in said  # a note decides nothing
    written = json.loads(out.read_text())
    assert written["guard"]["verdict"] == "refuse"
    assert written["primary"] == written["exploratory"] == []
    assert not report.exists()
    assert main([*arguments, "--accept-unmatched"]) == 0
    assert json.loads(out.read_text())["guard"]["verdict"] == "warn"
    assert report.exists()


def test_a_narrow_terminal_breaks_no_interval(
    trial: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")  # no bold type
    assert main(["analyse", str(trial)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    cells = [cell for line in lines for cell in line.split("│") if "[" in cell]
    assert len(cells) > 8
    assert all("]" in cell for cell in cells)


def test_compare_wants_two_different_trials(trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, ["compare"], 2, "BASE.h5")
    refused(capsys, ["compare", str(trial)], 2, "1 trial")
    refused(capsys, ["compare", str(trial), str(trial)], 2, "twice")
    refused(capsys, ["compare", str(trial), "--base", str(trial)], 2, "either")
    refused(capsys, ["compare", "--base", str(trial)], 2, "--other")


def test_ctrl_c_ends_a_recording_readably(tmp_path: Path) -> None:
    path = tmp_path / "T.h5"
    command = [sys.executable, "-m", "insole.cli", "record", "-o", str(path), "--left", "sim://left?pace=1"]
    running = subprocess.Popen(
        [*command, "--duration", "60", *BASE, *SPEED], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not list(tmp_path.glob("*.jrn")):
        time.sleep(0.05)
    time.sleep(2.0)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert b"Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["T.h5"]
    assert main(["info", str(path), "--quiet"]) == 0


def test_an_unstated_size_is_that_of_the_insoles_and_a_mixed_pair_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "T.h5"
    usual = ["record", "-o", str(path), "--duration", "4", "--quiet", "--left", "sim://left?size=44&pace=0"]
    refused(capsys, [*usual, "--right", "sim://right?pace=0"], 2, "different sizes", "EU 42 and EU 44")
    assert main([*usual, "--right", "sim://right?size=44&pace=0"]) == 0
    assert open_trial(path).info.size_eu == 44.0


def test_a_copy_of_a_recording_is_no_repeat_of_it(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "A2.h5"
    copy.write_bytes(trial.read_bytes())
    other = tmp_path / "B1.h5"
    assert record(other, duration="45") == 0
    capsys.readouterr()
    arguments = ["compare", "--base", str(trial), "--base", str(copy), "--other", str(other), "--quiet"]
    refused(capsys, arguments, 2, "T and A2 are the same recording")


def test_one_recorded_foot_stands_on_its_own_leg(tmp_path: Path) -> None:
    scales = {}
    for name, sides in (("both", ("left", "right")), ("one", ("left",))):
        path = tmp_path / f"{name}.h5"
        urls = [word for side in sides for word in (f"--{side}", f"sim://{side}?pace=0&seed=3")]
        spans = ["--unloaded-s", "3", "--standing-s", "4", "--duration", "8"]
        assert main(["record", "-o", str(path), *urls, *spans, "--mass-kg", "70", "--quiet"]) == 0
        scales[name] = open_trial(path).kappa_event
    assert scales["one"].source == "static"
    assert scales["one"].value == pytest.approx(scales["both"].value, rel=0.01)
