"""The two seeded trials behind the golden results, through the real pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAMES = ("barefoot", "shod", "comparison")
#: What may change without the numbers changing: versions, places, the moment of recording.
PASSING = ("software", "path", "started_utc", "versions")


def results(folder: Path) -> dict[str, Any]:
    """Record, analyse and compare; the three results as plain JSON."""
    from acquisition.recorder import RecordRequest, record
    from analysis import analyse, compare
    from insole.treadmill import Treadmill, parse_incline, parse_speed
    from insole.trial import Spans, TrialInfo, open_trial

    analysed = {}
    for minute, (condition, medial) in enumerate((("barefoot", 0.0), ("shod", 0.08))):
        info = TrialInfo(
            subject="GOLD", mass_kg=70.0, size_eu=42.0, condition=condition, spans=Spans(3.0, 4.0, 5.0),
            treadmill=Treadmill(parse_incline("4 %"), parse_speed("4.5 mph")), donning="one",
            started_utc=f"2026-01-01T00:0{minute}:00+00:00",
        )  # fmt: skip
        urls = {
            side: f"sim://{side}?medial={medial}&pace=0&seed=5&jitter=0.02,0.03&preload_n=0.4&dropout=0.002"
            for side in ("left", "right")
        }
        path = folder / f"{condition}.h5"
        record(RecordRequest(path, info, urls, duration_s=50.0, baud=None, kappa_borrowed=None, calibrations={}))
        analysed[condition] = analyse(open_trial(path))
    compared = compare([analysed["barefoot"]], [analysed["shod"]])
    return {name: _lasting(r.as_json()) for name, r in zip(NAMES, (*analysed.values(), compared), strict=True)}


def _lasting(value: Any) -> Any:
    """Without what passes, numbers to 6 significant digits."""
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if k not in PASSING}
    if isinstance(value, list):
        return [_lasting(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def stored(name: str) -> Any:
    """A golden result as committed."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
