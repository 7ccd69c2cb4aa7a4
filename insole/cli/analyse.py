"""``insole analyse``: the steps of a trial and its indices."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import click

from insole.cli.console import (
    check_one_stdout,
    check_output,
    check_two_names,
    messages,
    plain,
    quiet_option,
    results,
    write_output,
)

#: index -> (label, unit, decimals): what the table shows; the rest is in the JSON and the CSV
SHOWN: dict[str, tuple[str, str, int]] = {
    "mli": ("MLI, medial loading", "points", 1),
    "foot_balance": ("Foot balance", "points", 1),
    "mt34": ("MT34, load share of MTH 3+4", "%", 1),
    "xm": ("Mean CoP, medial", "% half-width", 1),
    "peak_force_bw": ("Peak force", "BW", 2),
    "contact_time_s": ("Contact time", "s", 3),
    "stride_time_s": ("Stride time", "s", 3),
    "strike_index": ("Strike index", "% length", 1),
}


@click.command(name="analyse")
@click.argument("trial", metavar="T.h5")
@click.option("--steps", metavar="S.csv", help="Write one row a contact; '-' is stdout.")
@click.option("--json", "json_path", metavar="R.json", help="Write the whole result; '-' is stdout.")
@quiet_option
def command(trial: str, steps: str | None, json_path: str | None, quiet: bool) -> int:
    """Find the steps of a trial and work out its indices, each with its 95 % interval.

    Intervals speak for this recording: they allow for the long memory of steps (spec 8.2a).
    """
    to_stdout = check_one_stdout(steps=steps, json=json_path)
    check_two_names(steps=steps, json=json_path)
    check_output(steps, "--steps", inputs=[trial])
    check_output(json_path, "--json", inputs=[trial])
    result = analysed(Path(trial), quiet)
    if steps is not None:
        write_output(steps, steps_csv(result))
    if json_path is not None:
        write_output(json_path, json.dumps(result.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    show(result, quiet or to_stdout)
    return 0


def analysed(path: Path, quiet: bool) -> Any:
    """Open and analyse one trial, saying so on stderr."""
    from rich.text import Text

    from insole.trial import open_trial

    trial = open_trial(path)
    console = messages(quiet)
    with console.status(Text(f"Analysing {plain(path.name)}")):
        from analysis import analyse

        return analyse(trial)


def steps_csv(result: Any) -> str:
    """The step table of both feet as CSV, null empty."""
    from analysis.steps import STEP_COLUMNS

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(STEP_COLUMNS)
    for foot in (result.left, result.right):
        for row in [] if foot is None else foot.steps.to_rows():
            writer.writerow(["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row])
    return stream.getvalue()


def number(value: float | None, decimals: int, signed: bool = False) -> str:
    """A number for people: true minus sign, en dash for null."""
    if value is None:
        return "–"
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = f"{0:.{decimals}f}"
    return text.replace("-", "−")


def show(result: Any, quiet: bool) -> None:
    """Print the table of one trial."""
    from rich.table import Table
    from rich.text import Text

    console = results(quiet)
    feet = [(side, foot) for side, foot in (("left", result.left), ("right", result.right)) if foot is not None]
    title = Text(plain(f"{result.name}: {result.gait_mode or 'gait mode unknown'}"))
    table = Table(title=title, title_justify="left")
    table.add_column("Index")
    table.add_column("Unit")
    for side, _ in feet:
        table.add_column(f"{side.capitalize()}: mean ± SD [95 % interval]", justify="right")
    for key, (label, unit, decimals) in SHOWN.items():
        cells = []
        for _, foot in feet:
            s = foot.indices[key]
            signed = key in ("mli", "foot_balance", "xm")
            if s.mean is None:
                cells.append(f"– ({s.reason})" if s.reason else "–")
                continue
            cell = f"{number(s.mean, decimals, signed)} ± {number(s.sd, decimals)}"
            if s.ci_low is not None:
                cell += f" [{number(s.ci_low, decimals, signed)}, {number(s.ci_high, decimals, signed)}]"
            cells.append(cell)
        table.add_row(label, unit, *cells)
    console.print(table)
    for side, foot in feet:
        rejected = ", ".join(f"{n} {reason}" for reason, n in foot.rejected.items() if n) or "none"
        console.print(
            f"{side}: {foot.n_contacts} contacts, {foot.n_valid} valid, rejected: {rejected}; "
            f"{foot.n_broken} cut by a gap" + (f"; flags: {', '.join(foot.flags)}" if foot.flags else ""),
            markup=False,
        )
    if result.flags:
        console.print(f"trial flags: {', '.join(result.flags)}", markup=False)
    console.print("MLI is a proxy: medial loading (pronation-related), from pressure; no joint angle, no diagnosis.")
