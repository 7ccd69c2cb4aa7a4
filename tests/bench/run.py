"""``poe bench``: every measurement of this folder in one run, as rows for ``BENCHMARKS.md``.

A row is a size, a time and a ratio to something measured in the same run, because times of different machines can't be
compared. Nothing here is asserted in a test.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run each ``bench_*.py`` in a process of its own and pass on what it prints."""
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    worst = 0
    for script in sorted(HERE.glob("bench_*.py")):
        print(f"\n{script.stem}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, str(script)], check=False, timeout=600).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
