"""``insole info``: what a trial file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from insole.cli.console import plain, quiet_option, results

#: where the force scale that was fixed before the first step comes from
KAPPA_FROM = {
    "static": "from the standing span",
    "borrowed": "borrowed from another trial",
    "default": "not measured: that takes a standing span and the body mass",
}


@click.command(name="info")
@click.argument("trial", metavar="T.h5")
@quiet_option
def command(trial: str, quiet: bool) -> int:
    """Say what a trial file holds, without analysing it."""
    from insole.trial import open_trial

    show(open_trial(Path(trial)), quiet)
    return 0


def show(trial: Any, quiet: bool) -> None:
    """Print the description, the spans, the feet and their gaps."""
    from rich.table import Table

    console = results(quiet)
    info, table = trial.info, Table(show_header=False, box=None)
    mill, spans = info.treadmill, info.spans
    shoe = ", ".join(
        text
        for text in (
            info.shoe,
            None if info.heel_drop_mm is None else f"drop {info.heel_drop_mm:g} mm",
            None if info.stack_mm is None else f"stack {info.stack_mm:g} mm",
            None if info.shoe_mass_kg is None else f"{info.shoe_mass_kg:g} kg the pair",
        )
        if text
    )
    incline = "unknown"
    if mill.incline is not None:
        same = f"{mill.incline.degrees:.2f}°" if mill.incline.unit == "%" else f"{mill.incline_percent:.2f} %"
        incline = f"{mill.incline} ({same})"
    lengths = (
        f"unloaded {spans.unloaded_s:g} s, standing {spans.standing_s:g} s, warm-up {spans.warm_up_s:g} s, "
        f"analysed from {spans.analysed_from_s:g} s"
    )
    rows = [
        ("Trial", f"{trial.name}, {trial.end}, {trial.duration_s:.1f} s, started {info.started_utc or 'unknown'}"),
        ("Subject", info.subject or "unknown"),
        ("Body mass", "unknown" if info.mass_kg is None else f"{info.mass_kg:g} kg"),
        ("Condition", (info.condition or "unknown") + (f" ({shoe})" if shoe else "")),
        ("Incline", incline),
        ("Speed", "unknown" if mill.speed is None else f"{mill.speed} ({mill.speed_m_s:.3f} m/s)"),
        ("Spans", lengths),
        ("Donning", info.donning or "not named"),
        ("Posture", info.posture or "–"),
        ("Pain", ", ".join(f"{p.site} {p.side} {p.rating}/10" for p in info.pain) or "–"),
        ("Note", info.note or "–"),
        ("Force scale", f"{trial.kappa_event.value:.4f}, {KAPPA_FROM[trial.kappa_event.source]}"),
        ("Written by", ", ".join(f"{k} {v}" for k, v in trial.versions.items())),
    ]  # fmt: skip
    for side, foot in trial.feet.items():
        rows.append((side.capitalize(), _foot(foot)))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    from rich.text import Text

    for label, words in rows:
        table.add_row(label, Text(plain(words)))
    console.print(table)


def _foot(foot: Any) -> str:
    recording = foot.recording
    parts = [
        f"{recording.n_samples} samples of {recording.kind} at {recording.sample_rate_hz:g} Hz",
        f"{foot.layout.n_sensels} sensors ({foot.layout.name})",
        f"{recording.n_missing} missing in {recording.gaps.shape[0]} gaps",
    ]
    kinds: dict[str, int] = {}
    for gap in recording.gaps:
        kind = gap["kind"].decode()
        kinds[kind] = kinds.get(kind, 0) + int(gap["length"])
    if kinds:
        parts[-1] += " (" + ", ".join(f"{n} {kind}" for kind, n in kinds.items()) + ")"
    if foot.identify is not None:
        parts.append(f"{foot.identify.board} {foot.identify.device_serial}, firmware {foot.identify.firmware}")
    if recording.kind == "counts":
        parts.append("nominal calibration" if foot.calibration is None else f"calibration {foot.calibration.id}")
    if "drift_ppm" in foot.clock:
        parts.append(f"clock off by {foot.clock['drift_ppm']:+.1f} ppm")
    if "sync_moved_s" in foot.clock:
        parts.append(f"moved by {1000.0 * foot.clock['sync_moved_s']:+.2f} ms by the sync wire")
    return ", ".join(parts)
