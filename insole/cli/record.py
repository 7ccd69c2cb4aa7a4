"""``insole record``: one trial from the insoles into a trial file."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from insole.cli.console import check_output, messages, plain, quiet_option, results
from insole.cli.metadata import sensible, trial_info, trial_options
from insole.errors import UsageError


@click.command(
    name="record",
    epilog="Addresses: a serial port (/dev/ttyACM0, COM5), any pyserial URL, a simulated insole (sim://left?gait=run&"
    "medial=0.1&jitter=0.02,0.03&pace=0; a wrong knob lists them all), or replay://trial.h5. "
    "Ctrl-C ends the recording and leaves a readable file (exit code 130).",
)
@click.option("-o", "--output", required=True, metavar="T.h5", help="The trial file to write; it must not exist.")
@click.option("--left", metavar="URL", help="Address of the left insole.")
@click.option("--right", metavar="URL", help="Address of the right insole.")
@click.option("--duration", required=True, type=float, metavar="S", help="Length in s of device time, spans included.")
@trial_options
@click.option("--kappa-from", metavar="T0.h5", help="Take the force scale from another trial of this subject.")
@click.option("--calibration-left", metavar="F.json", help="Calibration of the left insole.")
@click.option("--calibration-right", metavar="F.json", help="Calibration of the right insole.")
@click.option("--baud", type=int, help="Baud rate; default: 1 000 000, then 500 000.")
@quiet_option
def command(
    output: str, left: str | None, right: str | None, duration: float, kappa_from: str | None,
    calibration_left: str | None, calibration_right: str | None, baud: int | None, quiet: bool, **options: Any,
) -> int:  # fmt: skip
    """Record one trial. At least one of --left and --right is needed."""
    urls = {side: url for side, url in (("left", left), ("right", right)) if url}
    if not urls:
        raise UsageError("no insole named; give --left URL, --right URL or both ('insole devices' lists the ports)")
    check_output(output, "-o", new=True)
    _check_numbers(duration, baud, options)

    from acquisition.recorder import RecordRequest
    from insole.calibration import read_calibration

    info = trial_info(options, now_utc())
    sensible(info)
    if duration <= info.spans.analysed_from_s:
        raise UsageError(
            f"--duration {duration:g} s counts the whole recording, and its spans alone take "
            f"{info.spans.analysed_from_s:g} s; make it longer"
        )
    given = {"left": calibration_left, "right": calibration_right}
    for side, path in given.items():
        if path == "":
            raise UsageError(f"--calibration-{side} is empty; give a file, or leave the option out")
        if path and side not in urls:
            raise UsageError(f"--calibration-{side} is given, but no --{side} insole")
    request = RecordRequest(
        output=Path(output), info=info, urls=urls, duration_s=duration, baud=baud,
        kappa_borrowed=None if kappa_from is None else _borrowed_kappa(Path(kappa_from), info),
        calibrations={side: read_calibration(Path(path)) for side, path in given.items() if path},
    )  # fmt: skip
    outcome = run_recording(request, quiet)
    console = results(quiet)
    console.print(plain(f"{outcome.path}: {outcome.end}"), markup=False)
    for side, foot in outcome.feet.items():
        console.print(f"  {side}: {_counts(foot)}", markup=False)
    for note in outcome.notes:
        click.echo(f"insole: note: {note}", err=True)
    if outcome.reason is not None:
        click.echo(f"insole: {outcome.reason}; what came in until then is in {outcome.path}", err=True)
        return 1
    return 130 if outcome.end == "interrupted" else 0


def run_recording(request: Any, quiet: bool) -> Any:
    """Record with a progress line; Ctrl-C, SIGTERM and SIGHUP end it, and the file is still built."""
    from acquisition.recorder import record

    stop = threading.Event()

    def asked_to_stop(signum: int, frame: FrameType | None) -> None:
        stop.set()

    in_main = threading.current_thread() is threading.main_thread()
    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # not under nohup
        signals.append(signal.SIGHUP)
    before = {s: signal.signal(s, asked_to_stop) for s in signals} if in_main else {}
    try:
        with _progress(request, quiet) as on_progress:
            return record(request, on_progress=_unfailing(on_progress), should_stop=stop.is_set)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unfailing(on_progress: Callable[[Any], None]) -> Callable[[Any], None]:
    """Progress that nobody can see any more (a closed pipe, a terminal that went away) is no reason to stop."""

    def told(progress: Any) -> None:
        with suppress(OSError):
            on_progress(progress)

    return told


@contextmanager
def _progress(request: Any, quiet: bool) -> Iterator[Callable[[Any], None]]:
    """A moving line on a terminal; elsewhere (a log, a pipe) one line a phase."""
    from rich.progress import BarColumn, Progress, TextColumn

    console = messages(quiet)
    if not console.is_terminal:
        phases: list[str] = []

        def by_phase(p: Any) -> None:
            if p.phase not in phases:
                phases.append(p.phase)
                console.print(plain(f"{request.output}: {p.phase}"), markup=False)

        yield by_phase
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("Connecting", total=request.duration_s, words="")

        def moving(p: Any) -> None:
            lost = sum(p.lost.values()) + sum(p.damaged.values())
            words = f"{p.elapsed_s:6.1f} of {p.duration_s:g} s, {lost} frames lost"
            bar.update(task, description=p.phase.capitalize(), completed=p.elapsed_s, words=words)

        yield moving


def _counts(foot: Any) -> str:
    parts = [f"{foot.frames} frames"]
    for name in ("lost", "damaged", "dropped"):
        parts.append(f"{getattr(foot, name)} {name}")
    parts.append(f"{foot.gaps} gap" + ("" if foot.gaps == 1 else "s"))
    return ", ".join(parts)


def _check_numbers(duration: float, baud: int | None, options: dict[str, Any]) -> None:
    if not 1.0 <= duration <= 86400.0:
        raise UsageError(f"--duration {duration:g} is outside 1 to 86400 s")
    if baud is not None and not 9600 <= baud <= 4_000_000:
        raise UsageError(f"--baud {baud} is outside 9600 to 4000000")
    if options["mass_kg"] is not None and options["mass_kg"] <= 0:
        raise UsageError(f"--mass-kg {options['mass_kg']:g} is not a body mass; give kilograms above 0")


def now_utc() -> str:
    """Now in UTC, ISO 8601 to the millisecond."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _borrowed_kappa(path: Path, info: Any) -> float:
    """The force scale of another trial: its static one, or else the one its analysed steps give (spec 2.4)."""
    from insole.trial import open_trial

    trial = open_trial(path)
    if trial.info.subject != info.subject or trial.info.mass_kg != info.mass_kg:
        raise UsageError(
            f"--kappa-from {path}: that trial is of subject {trial.info.subject or 'unknown'} with "
            f"{trial.info.mass_kg or 'unknown'} kg; a force scale is only borrowed from the same person and mass"
        )
    if trial.kappa_event.source == "static":
        return trial.kappa_event.value
    # Only this rare way needs the analysis (and numba), and only before the recording starts.
    from analysis import analyse

    kappa = analyse(trial).kappa_trial
    if kappa is None:
        raise UsageError(f"--kappa-from {path}: that trial has no force scale (no standing span, or one foot only)")
    return float(kappa)
