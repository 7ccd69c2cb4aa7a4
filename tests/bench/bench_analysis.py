"""How long ten minutes of both feet take to analyse, warm; and the first time, when the kernels are compiled.

    python tests/bench/bench_analysis.py [minutes]

Prints seconds, and the ratio to copying the counts once in memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import bumps
import closed_form as cf

from analysis import analyse
from analysis.events import contacts
from analysis.force import foot_signal
from analysis.measures import measure
from analysis.parameters import Parameters
from analysis.temporal import find_breaks
from insole.trial import Trial


def running(minutes: float) -> Trial:
    """Both feet as counts at 1 kHz, 0.75 s a stride, each step a little different, noise of a count."""
    rng = np.random.default_rng(1)
    n = round(minutes * 60_000)
    feet = {}
    for side in ("left", "right"):
        kpa = bumps.gait_kpa(n, cf.contact_starts("run", side, minutes * 60.0), 0.3, bumps.RUN, 0.1)
        kpa *= 1.0 + np.repeat(rng.normal(0.0, 0.04, n // 375 + 1), 375)[:n, None] * bumps.MEDIAL
        counts = bumps.counts_of(kpa, bumps.ELECTRONICS) + rng.integers(0, 2, kpa.shape, dtype=np.uint16)
        feet[side] = bumps.make_foot(counts, "counts", side=side)
    return Trial(cf.info(), feet)


def best(call: Callable[[], object], repeats: int = 3) -> float:
    """Shortest time of a few calls, s."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def cold_s() -> float:
    """Analysis of half a minute in a new process with an empty cache of kernels, s."""
    code = "import sys, time; sys.path[:0] = ['tests', 'tests/bench']\n"
    code += "import bench_analysis as b; t = b.running(0.5); a = time.perf_counter(); b.analyse(t)\n"
    code += "print(time.perf_counter() - a)"
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env={"NUMBA_CACHE_DIR": cache},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return float(done.stdout)


def main() -> None:
    """Print the table."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    parameters = Parameters()
    trial = running(minutes)
    analyse(trial)
    counts = [foot.recording.values for foot in trial.feet.values()]
    copy = best(lambda: [values.copy() for values in counts])
    rows = {"copy the counts (memcpy)": copy, "analyse": best(lambda: analyse(trial))}
    foot = trial.feet["left"]
    rows["  signal of one foot"] = best(lambda: foot_signal(foot, parameters))
    signal = foot_signal(foot, parameters)
    rows["  contacts of one foot"] = best(lambda: contacts(signal, trial.info, 1.0, parameters))
    found, breaks = contacts(signal, trial.info, 1.0, parameters), find_breaks(signal)
    rows["  steps of one foot"] = best(lambda: measure(signal, breaks, found, foot.layout, 70.0, parameters))
    print(f"{minutes:g} min, both feet, 1 kHz, 16 sensels, {len(found.start_s)} contacts a foot")
    for name, seconds in rows.items():
        print(f"{name:28s} {seconds:8.3f} s {seconds / copy:8.1f} x memcpy")
    print(f"{'cold, 0.5 min':28s} {cold_s():8.3f} s")


if __name__ == "__main__":
    main()
