"""``insole compare``: two conditions, each of one or several trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from insole.cli.analyse import analysed
from insole.cli.console import (
    between,
    check_one_stdout,
    check_output,
    check_two_names,
    plain,
    quiet_option,
    results,
    say,
    write_output,
)
from insole.errors import UsageError
from insole.numerals import DASH, number, p_value

EXIT_GUARD = 3
SIDE_WORDS = {"left": "Left", "right": "Right", "did": "Right − left"}


@click.command(name="compare")
@click.argument("trials", nargs=-1, metavar="[BASE.h5 OTHER.h5]")
@click.option("--base", multiple=True, metavar="A.h5", help="A trial of the baseline; may be repeated.")
@click.option("--other", multiple=True, metavar="B.h5", help="A trial of the other condition; may be repeated.")
@click.option("--json", "json_path", metavar="C.json", help="Write the comparison; '-' is stdout.")
@click.option("--report", metavar="C.html", help="Write the report; '-' is stdout.")
@click.option(
    "--accept-unmatched", is_flag=True,
    help="Compare although speed or incline differ: no p-values, and every output says so.",
)  # fmt: skip
@quiet_option
def command(
    trials: tuple[str, ...], base: tuple[str, ...], other: tuple[str, ...], json_path: str | None,
    report: str | None, accept_unmatched: bool, quiet: bool,
) -> int:  # fmt: skip
    """Compare OTHER with BASE (differences are other minus base, for example shod minus barefoot).

    One trial each: the interval speaks for these recordings. Repeated trials (A-B-B-A) let it speak for the
    effect of the condition. Order in time is taken from the files. Exit code 3: the guard refuses to compare.
    """
    if trials and (base or other):
        raise UsageError("give either BASE.h5 OTHER.h5, or --base and --other, not both")
    if trials:
        if len(trials) != 2:
            raise UsageError(f"{len(trials)} trial files given; compare takes BASE.h5 OTHER.h5, or --base and --other")
        base, other = (trials[0],), (trials[1],)
    if not base or not other:
        raise UsageError("nothing to compare; give BASE.h5 OTHER.h5, or --base and --other")
    paths = [Path(p).resolve() for p in (*base, *other)]
    if len(set(paths)) != len(paths):
        raise UsageError("the same trial file is given twice; a trial can't be compared with itself")
    to_stdout = check_one_stdout(json=json_path, report=report)
    check_two_names(json=json_path, report=report)
    check_output(json_path, "--json", inputs=paths)
    check_output(report, "--report", inputs=paths)

    before = [analysed(Path(p), quiet) for p in base]
    after = [analysed(Path(p), quiet) for p in other]
    from analysis import compare

    comparison = compare(before, after, accept_unmatched=accept_unmatched)
    if json_path is not None:
        write_output(json_path, json.dumps(comparison.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    refused = comparison.guard.verdict == "refuse"
    if report is not None and not refused:
        from analysis.report import render_report

        write_output(report, render_report(comparison))
    if refused:
        click.echo(plain(f"insole: not compared: {'; '.join(comparison.guard.of('refuse'))}"), err=True)
        return EXIT_GUARD
    show(comparison, quiet or to_stdout)
    return 0


def show(comparison: Any, quiet: bool) -> None:
    """Print the primary differences, what may be said of each foot, and the reasons for doubt."""
    from rich.table import Table
    from rich.text import Text

    from analysis.doubts import doubts

    console = results(quiet)
    warnings = [f"Warning: {reason}" for reason in comparison.guard.of("warn")]
    for warning in warnings:
        say(console, warning)
    title = f"MLI in points, {comparison.other_label} minus {comparison.base_label}"
    table = Table(title=Text(plain(title)), title_justify="left")
    space = between(console)
    for column, justify in (("Foot", "left"), ("Base", "right"), ("Other", "right"),
                            (f"Difference{space}[95 % interval]", "right"), ("p (Holm)", "right"), ("Floor", "right"),
                            ("Speaks for", "left")):  # fmt: skip
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for d in comparison.primary:
        speaks_for = {"recordings": "these recordings", "effect": "the effect"}.get(d.speaks_for or "", DASH)
        table.add_row(
            SIDE_WORDS[d.side], number(d.mean_base, 1, True), number(d.mean_other, 1, True),
            _interval(d, space), p_value(d.p_holm),
            number(d.floor, 1), speaks_for,
        )  # fmt: skip
    console.print(table)
    for side, words in (*comparison.wording.items(), ("did", comparison.wording_did)):
        say(console, f"{SIDE_WORDS[side]}: {words}")
    console.print("Reasons for doubt", style="bold")
    for doubt in doubts(comparison):
        if doubt not in warnings:
            say(console, doubt, "  - ")


def _interval(d: Any, separator: str) -> str:
    from analysis.codes import reason_words

    if d.difference is None:
        return f"{DASH} ({reason_words(d.reason)})" if d.reason else DASH
    text = number(d.difference, 1, True)
    if d.ci_low is not None:
        text += f"{separator}[{number(d.ci_low, 1, True)}, {number(d.ci_high, 1, True)}]"
    return text
