"""``insole analyse``: the steps of a trial and its indices."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import click

from insole.cli.console import (
    between,
    check_one_stdout,
    check_output,
    check_two_names,
    messages,
    plain,
    quiet_option,
    results,
    say,
    write_output,
)
from insole.numerals import DASH, number

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

    Intervals speak for this recording: they allow for the long memory of steps.
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


def show(result: Any, quiet: bool) -> None:
    """Print the table of one trial, how many steps count, and the reasons for doubt."""
    from rich.table import Table
    from rich.text import Text

    from analysis.codes import reason_words, rejected_words
    from analysis.doubts import trial_doubts

    console = results(quiet)
    space = between(console)
    feet = [(side, foot) for side, foot in (("left", result.left), ("right", result.right)) if foot is not None]
    mode = (result.gait_mode or "gait mode unknown").replace("_", " ")
    title = Text(plain(f"{result.name}: {mode}"))
    table = Table(title=title, title_justify="left")
    table.add_column("Index")
    table.add_column("Unit")
    for side, _ in feet:
        table.add_column(f"{side.capitalize()}: mean ± SD{space}[95 % interval]", justify="right")
    for key, (label, unit, decimals) in SHOWN.items():
        cells = []
        for _, foot in feet:
            s = foot.indices[key]
            signed = key in ("mli", "foot_balance", "xm")
            if s.mean is None:
                cells.append(f"{DASH} ({reason_words(s.reason)})" if s.reason else DASH)
                continue
            cell = f"{number(s.mean, decimals, signed)} ± {number(s.sd, decimals)}"
            if s.ci_low is not None:
                cell += f"{space}[{number(s.ci_low, decimals, signed)}, {number(s.ci_high, decimals, signed)}]"
            cells.append(cell)
        table.add_row(label, unit, *cells)
    console.print(table)
    for side, foot in feet:
        say(
            console,
            f"{side.capitalize()}: {foot.n_valid} of {foot.n_contacts} contacts are valid steps; "
            f"left out: {rejected_words(foot.rejected)}; {foot.n_broken} more cut by a gap",
        )
    found = list(trial_doubts(result))
    if found:
        console.print("Reasons for doubt", style="bold")
    for sides, words in found:
        say(console, " and ".join(sides) + ": " * bool(sides) + words, "  - ")
    say(console, "MLI is a proxy: medial loading (pronation-related), from pressure; no joint angle, no diagnosis.")
