"""``insole import``: a recording of another instrument as a trial file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from insole.cli.console import check_output, quiet_option, results
from insole.cli.metadata import sensible, trial_info, trial_options
from insole.errors import UsageError


@click.command(name="import")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", required=True, metavar="T.h5", help="The trial file to write; it must not exist.")
@click.option("--format", "format_name", metavar="NAME", help="Format of FILE: gaitpdb. Default: found out from FILE.")
@trial_options
@quiet_option
def command(file: str, output: str, format_name: str | None, quiet: bool, **options: Any) -> int:
    """Turn a recording of another instrument into a trial file.

    gaitpdb: PhysioNet's "Gait in Parkinson's Disease", 8 + 8 in-shoe force sensors, as text or CSV.
    """
    check_output(output, "-o", new=True)
    info = trial_info(options, "")
    sensible(info)

    from insole.formats import read_foreign
    from insole.hdf5 import write_trial
    from insole.trial import Trial
    from insole.zero import event_kappa

    name, feet = read_foreign(Path(file), format_name)
    lasts_s = max(float(foot.recording.time_s[-1]) for foot in feet.values())
    if lasts_s <= info.spans.analysed_from_s:
        raise UsageError(
            f"the spans take {info.spans.analysed_from_s:g} s, but {file} lasts {lasts_s:.2f} s; make them shorter"
        )
    trial = Trial(
        info=info, feet=feet, kappa_event=event_kappa(info, feet), name=Path(output).stem,
        versions={"imported_from": name, "source_file": Path(file).name[:80]},
    )  # fmt: skip
    write_trial(Path(output), trial)
    results(quiet).print(f"{output}: {trial.duration_s:.1f} s from {name}", markup=False)
    return 0
