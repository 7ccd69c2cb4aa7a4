"""How long the command line takes to start: ``insole --help`` against an empty Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 9


def seconds(*arguments: str) -> float:
    """Median wall time of a command over ``RUNS`` runs, after one that warms the disk."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Print one row."""
    empty, overview = seconds("-c", "pass"), seconds("-m", "insole.cli", "--help")
    print(f"insole --help: {overview:.3f} s, {overview / empty:.1f} x an empty Python ({empty:.3f} s)")


if __name__ == "__main__":
    main()
