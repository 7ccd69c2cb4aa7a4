"""A hand-made board on a link: it obeys ``hardware/PROTOCOL.md``, and misbehaves where it is told to."""

from __future__ import annotations

import time

import numpy as np

from acquisition.link import EndOfLink
from acquisition.protocol import CommandDecoder, encode_frames, encode_packet, encode_record
from insole.errors import LinkError
from insole.frame import CommandType, Identify, Reply, ReplyCode, Status, frame_dtype

RATE_HZ = 1000
BOOT_US = 7_000_000


def counts_of(scans, n_sensels=16):
    """What channel c reads in scan s: s and c can be told from it."""
    return ((np.asarray(scans)[:, None] * 7 + np.arange(n_sensels)) % 1024).astype(np.uint16)


def identify(**changes):
    """An ordinary left insole of size 42."""
    who = {
        "protocol_major": 1, "protocol_minor": 0, "firmware": "hand-1", "board": "by hand", "device_serial": "H1",
        "boot_id": 17, "side": "left", "n_sensels": 16, "bits": 10, "circuit": "fsr_high", "r_m_ohm": 1000.0,
        "layout": "ref16-EU42", "rate_hz": RATE_HZ, "scan_offset_us": (0,) * 16, "capabilities": 0x08,
    }  # fmt: skip
    return Identify(**{**who, **changes})


def frames_of(scans, boot_us=BOOT_US):
    """The frames of these scans."""
    scans = np.asarray(scans, dtype=np.int64)
    frames = np.zeros(scans.size, dtype=frame_dtype(16))
    frames["sequence"] = scans & 0xFFFF
    frames["device_time_us"] = (boot_us + scans * 1_000_000 // RATE_HZ) & 0xFFFFFFFF
    frames["counts"] = counts_of(scans)
    return frames


def spoilt(packet):
    """The packet with one bit flipped, its delimiter untouched."""
    return packet[:9] + bytes((packet[9] ^ (0x40 if packet[9] != 0x40 else 0x20),)) + packet[10:]


def stream(first, end, *, lose=(), drop=(), damage=(), boot_us=BOOT_US):
    """Bytes of scans [first, end) with a status every 1000 scans; ``lose`` and ``drop`` are sets of scans."""
    scans = [s for s in range(first, end) if s not in lose and s not in drop]
    packets = dict(zip(scans, encode_frames(frames_of(scans, boot_us), 10), strict=True))
    data = []
    for scan in range(first, end):
        if scan and scan % 1000 == 0:
            data.append(encode_record(status(scan, sum(s < scan for s in drop), boot_us)))
        if scan in packets:
            data.append(spoilt(packets[scan]) if scan in damage else packets[scan])
    return b"".join(data)


def status(scans, dropped=0, boot_us=BOOT_US):
    """The status after so many scans."""
    return Status((boot_us + scans * 1000) & 0xFFFFFFFF, scans - dropped, dropped, 0, 5000, None)


class Board:
    """A ``Link``. ``then`` says what happens after ``scans`` scans: "end", "silence", "noise", "unplug", "restart",
    "brown-out", "anew".

    ``deaf_for``: commands that are lost at first; ``unanswered``: commands that get no answer; ``codes``: replies that
    are not ok; ``running``: it streams already when it is opened.
    """

    url = "hand://made"

    def __init__(
        self, scans=3000, then="end", *, who=None, deaf_for=0, unanswered=(), codes=None, running=False, realtime=False,
        chunk=100, minor_bytes=b"", **holes,
    ):  # fmt: skip
        self.who = who or identify()
        self.realtime = realtime
        self.commands = []
        self.closed = False
        self._scans, self._then, self._chunk = scans, then, chunk
        self._deaf_for, self._unanswered, self._codes = deaf_for, unanswered, codes or {}
        self._holes = holes
        self._minor_bytes = minor_bytes
        self._inbox = CommandDecoder()
        self._outbox = b""
        self._at = 0
        self._running = running
        self._host_s = 100.0

    def read(self, timeout_s):
        if self._outbox:
            data, self._outbox = self._outbox, b""
            return data, self._host_s
        if not self._running:
            time.sleep(min(timeout_s, 0.002))
            return b"", self._host_s
        if self._at >= self._scans:
            return self._afterwards(timeout_s)
        first, self._at = self._at, min(self._at + self._chunk, self._scans)
        self._host_s += (self._at - first) / RATE_HZ
        return stream(first, self._at, **self._holes), self._host_s

    def _afterwards(self, timeout_s):
        if self._then == "end":
            raise EndOfLink
        if self._then == "unplug":
            raise LinkError("hand://made: the device went away; check cable and power")
        if self._then == "restart":
            self._running = False
            return encode_record(identify(boot_id=18)), self._host_s
        if self._then == "brown-out":
            self._then, cause = "silence", Reply(0, ReplyCode.HARDWARE_FAULT, "brown-out reset")
            return encode_record(identify(boot_id=18)) + encode_record(cause), self._host_s
        if self._then == "noise":
            time.sleep(min(timeout_s, 0.002))
            self._host_s += 0.01
            return b"\x07noise\0", self._host_s
        if self._then == "anew":
            self._host_s += 2.0
            return stream(0, 2000, boot_us=5), self._host_s
        time.sleep(min(timeout_s, 0.002))
        return b"", self._host_s

    def write(self, data):
        for command, payload in self._inbox.feed(data):
            self.commands.append(CommandType(command).name)
            if self._deaf_for:
                self._deaf_for -= 1
            elif command not in self._unanswered:
                self._answer(command, payload)

    def _answer(self, command, payload):
        if command == CommandType.IDENTIFY:
            packed = self.who.pack() + self._minor_bytes
            self._outbox += encode_packet(2, packed)
            return
        code = self._codes.get(command, ReplyCode.OK)
        if code == ReplyCode.OK and command == CommandType.SET_RATE:
            self.who = identify(rate_hz=int.from_bytes(payload, "little"))
        elif code == ReplyCode.OK and command == CommandType.START:
            if self._running:
                code = ReplyCode.WRONG_STATE
            else:
                self._running, self._at = True, 0
        elif command == CommandType.STOP:
            if self._running and self._at:
                self._outbox += encode_record(status(self._at, sum(s < self._at for s in self._holes.get("drop", ()))))
            self._running = False
        self._outbox += encode_record(Reply(command, code, "" if code == ReplyCode.OK else "because"))

    def close(self):
        self.closed = True
