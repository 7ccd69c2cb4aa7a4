"""The Uno's firmware on the desk and under npm avr8js, an independent simulator: the same codes in the same order?

Needs node, npm and a network: ``python tests/bench/avr8js_check.py [scans]``. Prints one line.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from chain import latched, session  # noqa: E402
from desk import Written  # noqa: E402

from acquisition.eeprom import eeprom_image  # noqa: E402
from acquisition.silicon import HARDWARE, SimulatedHardware, build_desk, build_firmware  # noqa: E402

PACKAGE = "avr8js@0.20.1"
RATE_HZ = 500
SETS = 50


def under_avr8js(folder: Path, sets: np.ndarray, scans: int) -> tuple[np.ndarray, str]:
    """Codes u2[scans, 16] as avr8js's converter and the firmware give them, and what it says about the run."""
    shutil.copy(HERE / "avr8js_check.mjs", folder)
    subprocess.run(["npm", "install", "--silent", PACKAGE], cwd=folder, check=True)
    make = ["make", "-s", "-C", str(HARDWARE / "firmware"), "BOARD=uno", f"BUILD={folder / 'build'}"]
    subprocess.run(make, check=True)
    command = ["node", "avr8js_check.mjs", "build/insole-uno.hex", str(RATE_HZ), str(scans)]
    voltages = json.dumps(sets.tolist())
    done = subprocess.run(command, cwd=folder, input=voltages, capture_output=True, text=True, check=True)
    frames = json.loads(done.stdout)
    assert [frame["sequence"] for frame in frames] == list(range(scans))
    return np.array([frame["counts"] for frame in frames], dtype=np.uint16), done.stderr.strip()


def on_the_desk(folder: Path, sets: np.ndarray, scans: int) -> np.ndarray:
    """The same from the desk: each set of voltages holds for one scan."""
    period_s = 1.0 / RATE_HZ
    rows = [b"seconds,mV\n"]
    for scan in range(scans + 200):
        volts = ",".join(f"{mv:.1f}" for mv in sets[scan % len(sets)])
        rows += [f"{(scan + edge) * period_s:.6f},{volts}\n".encode() for edge in (0.0, 0.999)]
    image = eeprom_image("left", "check", "ref16-EU42", 1000.0, "fsr_high", 0)
    board = SimulatedHardware(
        "uno", folder / "port", rows, image, elf=build_firmware("uno"), desk=build_desk(),
        options={"seconds": scans * period_s + 30.0, "truth": folder / "truth", "report": folder / "report"},
    )  # fmt: skip
    try:
        board.wait_ready()
        run = session(board, scans, rate_hz=RATE_HZ)
        assert board.wait(60.0) == 0, board.words
    finally:
        board.close()
    codes, _ = latched(Written(folder))
    assert (codes[:scans] == run.frames["counts"][:scans]).all()
    return run.frames["counts"][:scans]


def main() -> None:
    """Run both and compare."""
    scans = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    sets = np.random.default_rng(1).uniform(0.0, 5000.0, (SETS, 16)).round(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        other, words = under_avr8js(folder, sets, scans)
        began = time.perf_counter()
        ours = on_the_desk(folder, sets, scans)
        took = time.perf_counter() - began
    wanted = np.minimum(np.floor(sets * (1024 / 5000)), 1023)[np.arange(scans) % SETS]
    equal, right = int((ours == other).sum()), int((ours == wanted).sum())
    print(f"avr8js: {words}; desk: {took:.2f} s; {equal} of {ours.size} codes equal, {right} as the voltages say")
    sys.exit(int(equal != ours.size))


if __name__ == "__main__":
    main()
