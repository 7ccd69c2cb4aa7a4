"""``insole gui``: the window."""

from __future__ import annotations

import click

from insole.cli.console import quiet_option


@click.command(name="gui")
@click.argument("trials", nargs=-1, metavar="[A.h5 B.h5 ...]")
@quiet_option
def command(trials: tuple[str, ...], quiet: bool) -> int:
    """Open the compare page; the first trial is the baseline, the second is compared with it."""
    from pathlib import Path

    from gui.app import run

    return run([Path(p) for p in trials])
