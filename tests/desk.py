"""The desk of software in tests: build it and a firmware for it, run it, talk to it, read what it wrote down."""

from __future__ import annotations

import errno
import json
import os
import select
import struct
import subprocess
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MCU = {"mega": "atmega2560", "uno": "atmega328p"}
ENTRY = {"mega": 5, "uno": 4}
"""Cycles of an interrupt's entry, and of RETI: one more for the 22-bit program counter of the 2560."""

TRUTH = np.dtype([("t_us", "<f8"), ("kind", "u1"), ("channel", "u1"), ("code", "<u2"), ("a", "<u2"), ("b", "<u2")])
CONVERSION, START, STOP, RESET, UNPLUG, PLUG, GARBAGE, FLIP, STALL, STALL_END, BAUD = range(1, 12)
LATENCY, PULSE, SYNC_OUT = range(12, 15)
ADC_DROPPED, ADC_OVERRUN, MUX_RACE, RX_OVERRUN, TX_IGNORED, NOT_MODELLED, HANG, END = range(15, 23)
FIRST, LOST = 0x40, 0x80
_WAIT_S = 20.0


def make_desk(build):
    """Path of the desk, built into the folder ``build``."""
    _run("make", "-C", str(ROOT / "hardware" / "simavr"), f"BUILD={build}", "-j2")
    return build / "desk"


def make_probe(build, board):
    """Path of the probe firmware for ``board``."""
    elf = build / f"probe-{board}.elf"
    source = ROOT / "tests" / "firmware_probe" / "probe.c"
    _run(
        "avr-gcc", f"-mmcu={MCU[board]}", "-DF_CPU=16000000UL", "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror",
        "-o", str(elf), str(source),
    )  # fmt: skip
    return elf


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def feed_bytes(millivolt, rate_hz=1000):
    """A feed of rows f8[n, 16] in mV."""
    rows = np.atleast_2d(np.asarray(millivolt, dtype=float))
    assert rows.shape[1] == 16
    return b"INSFEED1" + struct.pack("<II", 16, rate_hz) + np.rint(rows * 10).astype("<u2").tobytes()


class Desk:
    """One run of the desk; its port is open while the ``with`` block lasts.

    ``millivolt``: rows for the feed, or the bytes of a feed file. ``faults`` and ``pulses``: text. Other keywords are
    options of the desk, ``_`` for ``-``.
    """

    def __init__(self, desk, elf, board, folder, millivolt, *, faults="", pulses="", open_port=True, **options):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port_path = self.folder / "port"
        feed = self.folder / "feed"
        feed.write_bytes(millivolt if isinstance(millivolt, bytes) else feed_bytes(millivolt))
        command = [
            str(desk), "--elf", str(elf), "--board", board, "--eeprom", str(self.folder / "eeprom"),
            "--port", str(self.port_path), "--feed", str(feed), "--truth", str(self.folder / "truth"),
            "--report", str(self.folder / "report"),
        ]  # fmt: skip
        for name, text in (("faults", faults), ("pulses", pulses)):
            if text:
                (self.folder / name).write_text(text)
                command += [f"--{name}", str(self.folder / name)]
        for name, value in {"seconds": 60, "pace": 0, **options}.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.port = -1
        try:
            if open_port:
                self.open_port()
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_port()
        self.kill()

    def kill(self):
        """End the desk if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def open_port(self):
        """Open the port as soon as it is there."""
        self.port = self._until(lambda: self._try_open())

    def _try_open(self):
        assert self.process.poll() is None, self.process.stderr.read()
        try:
            return os.open(self.port_path, os.O_RDWR | os.O_NOCTTY)
        except FileNotFoundError:
            return None

    @staticmethod
    def _until(what):
        deadline = time.monotonic() + _WAIT_S
        while (result := what()) is None:
            assert time.monotonic() < deadline, "the desk did not come up to it"
            time.sleep(0.005)
        return result

    def close_port(self):
        """Hang up."""
        if self.port >= 0:
            os.close(self.port)
        self.port = -1

    def write(self, data):
        """Send bytes to the board."""
        os.write(self.port, data)

    def read(self, n):
        """Exactly n bytes."""
        data = b""
        while len(data) < n:
            ready, _, _ = select.select([self.port], [], [], _WAIT_S)
            assert ready, f"{len(data)} of {n} bytes came: {data!r}"
            data += os.read(self.port, n - len(data))
        return data

    def ask(self, data, form):
        """Send a command and take the answer apart, as ``struct`` does."""
        self.write(data)
        return struct.unpack("<" + form, self.read(struct.calcsize("<" + form)))

    def rest(self):
        """All bytes until the desk hangs up."""
        data = []
        while True:
            try:
                chunk = os.read(self.port, 1 << 16)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                chunk = b""
            if not chunk:
                self.close_port()
                return b"".join(data)
            data.append(chunk)

    def finish(self):
        """Hang up, wait for the desk to end well, and give what it wrote down."""
        self.close_port()
        code = self.process.wait(timeout=_WAIT_S)
        assert code == 0, self.process.stderr.read()
        return Written(self.folder)


class Written:
    """Truth and report of a run."""

    def __init__(self, folder):
        self.report = json.loads((folder / "report").read_text())
        self.truth_bytes = (folder / "truth").read_bytes()
        assert self.truth_bytes[:8] == b"INSTRUTH"
        self.all = np.frombuffer(self.truth_bytes, dtype=TRUTH, offset=32)

    def of(self, kind):
        """Records of one kind; of conversions, the first after switching the ADC on are left out."""
        chosen = self.all[(self.all["kind"] & 0x1F) == kind]
        return chosen[(chosen["kind"] & FIRST) == 0] if kind == CONVERSION else chosen

    def details(self, kind):
        """The numbers that events of one kind carry."""
        events = self.of(kind)
        return (events["a"].astype(np.int64) | (events["b"].astype(np.int64) << 16)).tolist()
