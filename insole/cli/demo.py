"""``insole demo``: two simulated insoles, the real pipeline, four trials A-B-B-A, and what the shoe does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from insole.cli.console import messages, quiet_option, results
from insole.errors import InsoleError, UsageError

SUBJECT = "DEMO"
DURATION_S, UNLOADED_S, STANDING_S = 112.0, 3.0, 9.0
#: One made-up runner in a made-up shoe that moves load medially, on the right foot more. Nothing here is a measurement.
FEET = {
    ("barefoot", "left"): "medial=0.02&T_c=0.29",
    ("barefoot", "right"): "medial=0.03&T_c=0.29",
    ("shod", "left"): "medial=0.02&T_c=0.30&footwear=cushioned",
    ("shod", "right"): "medial=0.13&T_c=0.30&footwear=cushioned",
}
ORDER = ("barefoot", "shod", "shod", "barefoot")
NAMES = ("A1", "B1", "B2", "A2")


@click.command(name="demo")
@click.option("-o", "--output", default="demo", metavar="DIR", help="Folder for the trials, report and picture.")
@quiet_option
def command(output: str, quiet: bool) -> int:
    """Record four simulated trials at 4 % and 4.5 mph (barefoot, shod, shod, barefoot) and compare them.

    Everything but the feet is real: wire protocol, decoder, ring, journal, trial files, kernels, statistics, report.
    """
    folder = Path(output)
    console = messages(quiet)
    console.print("Simulated insoles at 4 % and 4.5 mph: barefoot, shod, shod, barefoot.")
    _prepare(folder)
    # The kernels compile (once per installation) in a process of their own while the trials are being recorded.
    compiling = subprocess.Popen([sys.executable, "-m", "analysis.warm_up"], stderr=subprocess.DEVNULL)
    try:
        trials = [_record(folder, number, quiet) for number in range(len(ORDER))]
        with console.status("Compiling the kernels (once per installation)"):
            compiling.wait(timeout=120)
    except subprocess.TimeoutExpired:
        console.print("The kernels are slow to compile here; going on without.")
    finally:
        compiling.kill()
        compiling.wait()
    comparison = _compare(trials, quiet)

    from analysis.report import render_report
    from insole.cli.compare import show
    from insole.cli.console import write_output

    show(comparison, quiet)
    report = folder / "report.html"
    write_output(str(report), render_report(comparison))
    shown = results(quiet)
    shown.print(f"\nTrials and report: {report}", markup=False)
    picture = _picture(comparison, folder / "compare.png", quiet)
    if picture:
        shown.print(f"Picture: {folder / 'compare.png'}", markup=False)
        return _window(trials, quiet)
    return 0


def _prepare(folder: Path) -> None:
    """Make the folder; an earlier demo in it is replaced, anything else refused: a visit has files of such names."""
    try:
        folder.mkdir(exist_ok=True)
    except (FileNotFoundError, FileExistsError, NotADirectoryError):
        raise UsageError(f"-o {folder}: the folder around it does not exist, or a file is in its way") from None
    except OSError as error:
        raise UsageError(f"-o {folder}: can't be made ({error.strerror})") from None
    there = [path for name in NAMES for path in (folder / f"{name}.h5", folder / f"{name}.jrn") if path.exists()]
    pictures = [path for path in (folder / "report.html", folder / "compare.png") if path.exists()]
    others = [path for path in there if not _is_demo(path)] or ([] if there else pictures)
    if others:
        name = others[0].name
        raise UsageError(f"-o {folder}: {name} in it is not of a demo and would be lost; choose another folder")
    try:
        for path in (*there, *pictures):
            path.unlink()
    except OSError as error:
        raise UsageError(f"-o {folder}: the demo in it can't be replaced ({error.strerror}); choose another") from None


def _is_demo(path: Path) -> bool:
    """Whether an earlier demo made this trial file, or this journal that nobody writes any more."""
    from acquisition.disk import is_held
    from acquisition.journal import JournalReader
    from insole.trial import open_trial

    try:
        if path.suffix == ".h5":
            return open_trial(path).info.subject == SUBJECT
        with JournalReader(path) as journal:
            return not is_held(path) and journal.header["info"]["subject"] == SUBJECT
    except (InsoleError, KeyError, TypeError, ValueError):
        return False


def _record(folder: Path, number: int, quiet: bool) -> Path:
    from acquisition.recorder import RecordRequest
    from insole.cli.record import now_utc, run_recording
    from insole.treadmill import Treadmill, parse_incline, parse_speed
    from insole.trial import Spans, TrialInfo

    condition = ORDER[number]
    shod = condition == "shod"
    info = TrialInfo(
        subject=SUBJECT, mass_kg=70.0, size_eu=42.0, condition=condition, shoe="Simulated trainer" if shod else None,
        heel_drop_mm=8.0 if shod else None, shoe_mass_kg=0.5 if shod else None,
        treadmill=Treadmill(incline=parse_incline("4 %"), speed=parse_speed("4.5 mph")),
        spans=Spans(UNLOADED_S, STANDING_S, 0.0), warmed_up_before_s=180.0, donning="demo-1", started_utc=now_utc(),
        note="Simulated feet",
    )  # fmt: skip
    common = f"gait=run&speed=4.5mph&incline=4%25&jitter=0.015,0.03&jitter_contact=0.02&pace=0&seed={11 + number}"
    path = folder / f"{NAMES[number]}.h5"
    outcome = run_recording(
        RecordRequest(
            output=path, info=info, duration_s=DURATION_S, baud=None, kappa_borrowed=None, calibrations={},
            urls={side: f"sim://{side}?{common}&{FEET[condition, side]}" for side in ("left", "right")},
        ),
        quiet,
    )  # fmt: skip
    if outcome.end != "complete":
        raise KeyboardInterrupt
    frames = sum(foot.frames for foot in outcome.feet.values())
    messages(quiet).print(f"  {path}: {condition}, {frames} frames", markup=False, soft_wrap=True)
    return path


def _compare(trials: list[Path], quiet: bool) -> Any:
    from insole.cli.analyse import analysed

    done = [analysed(path, quiet) for path in trials]
    from analysis import compare

    return compare(
        [r for r, c in zip(done, ORDER, strict=True) if c == "barefoot"],
        [r for r, c in zip(done, ORDER, strict=True) if c == "shod"],
    )


def _picture(comparison: Any, path: Path, quiet: bool) -> bool:
    """Draw the compare page without a screen. Without Qt's libraries: one line saying what to install."""
    try:
        from gui.app import render

        render(comparison, path)
    except (ImportError, InsoleError) as error:
        messages(quiet).print(f"No picture: {error}", markup=False, soft_wrap=True)
        return False
    return True


def _window(trials: list[Path], quiet: bool) -> int:
    """Open the window where there is a display and somebody to look at it."""
    display = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not display or not sys.stdout.isatty():
        arguments = " ".join(str(path) for path in trials)
        program = "insole" if shutil.which("insole") else ".venv/bin/insole"
        messages(quiet).print(f"To look around in it: {program} gui {arguments}", markup=False, soft_wrap=True)
        return 0
    from gui.app import run

    return run(trials)
