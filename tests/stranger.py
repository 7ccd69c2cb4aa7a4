"""An insole by a stranger: its bytes from ``hardware/PROTOCOL.md`` alone, its feet from spec 2 and 11 alone.

Nothing of Insole is imported here. The board listens on a loopback TCP port, is silent until it is told to start, and
then sends its scans in real time, or as fast as they are read.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# --------------------------------------------------------------------------------------------- the wire protocol

FRAME, IDENTIFY, STATUS, PULSE, REPLY = 0x01, 0x02, 0x03, 0x04, 0x05
ASK_IDENTIFY, START, STOP, SET_RATE, SET_SIDE, SYNC_OUT = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86
OK, UNKNOWN_COMMAND, WRONG_STATE = 0, 1, 4
LEFT, RIGHT = 0, 1
FSR_HIGH, FSR_LOW = 0, 1
U32 = 2**32
CHUNK_SCANS = 20


def _crc_table() -> tuple[int, ...]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


CRC_TABLE = _crc_table()


def crc16(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def stuffed(body: bytes) -> bytes:
    """COBS of a body of at most 253 bytes, and the delimiter."""
    return b"".join(bytes([len(piece) + 1]) + piece for piece in body.split(b"\0")) + b"\0"


def unstuffed(wire: bytes) -> bytes | None:
    """The body of what stood before a delimiter; none if its distances don't fit."""
    body, at = bytearray(), 0
    while at < len(wire):
        code = wire[at]
        if at + code > len(wire):
            return None
        body += wire[at + 1 : at + code]
        at += code
        if at < len(wire):
            body.append(0)
    return bytes(body)


def packet(kind: int, payload: bytes = b"") -> bytes:
    body = bytes([kind]) + payload
    return stuffed(body + struct.pack("<H", crc16(body)))


def string(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def packed(counts: Counts, bits: int) -> list[bytes]:
    """Each row of counts as one stream of bits, the least significant first."""
    stream = np.stack([(counts >> k & 1).astype(np.uint8) for k in range(bits)], axis=2)
    return [row.tobytes() for row in np.packbits(stream.reshape(len(counts), -1), axis=1, bitorder="little")]


def frame(scan: int, device_time_us: int, flags: int, packed_counts: bytes) -> bytes:
    return packet(FRAME, struct.pack("<HIB", scan % 65536, device_time_us % U32, flags) + packed_counts)


def status(device_time_us: int, sent: int, dropped: int, mv: int = 0, temp: int = -32768, more: bytes = b"") -> bytes:
    return packet(STATUS, struct.pack("<IIIIHh", device_time_us % U32, sent, dropped, 0, mv, temp) + more)


def pulse(device_time_us: int, kind: int, level: int, count: int) -> bytes:
    return packet(PULSE, struct.pack("<IBBI", device_time_us % U32, kind, level, count))


def reply(command: int, code: int = OK, text: str = "") -> bytes:
    return packet(REPLY, bytes([command, code]) + string(text))


@dataclass(frozen=True)
class Board:
    """What a board says it is, and how it turns conductance into counts."""

    side: int
    layout: str = "ref16-EU42"
    bits: int = 10
    circuit: int = FSR_HIGH
    r_m_ohm: int = 1000
    rate_hz: int = 1000
    boot_id: int = 0x0BADCAFE
    minor: int = 0
    appended: bytes = b""
    """What a newer minor version puts behind the payloads of identify and status."""

    def identify(self) -> bytes:
        fields = struct.pack("<BBIBBBB", 1, self.minor, self.boot_id, self.side, 16, self.bits, self.circuit)
        fields += struct.pack("<IHI", self.r_m_ohm * 1000, self.rate_hz, 0) + bytes(2 * 16)
        words = ("0.9", "stranger", f"X{self.side}", self.layout)
        return packet(IDENTIFY, fields + b"".join(string(word) for word in words) + self.appended)

    def counts(self, pressures_kpa: Floats) -> Counts:
        """Inverse nominal curve, divider and converter (spec 2.1, 2.2, 11.3)."""
        force_n = pressures_kpa * ACTIVE_MM2 / 1000
        loaded = (force_n / NOMINAL_K) ** (1 / NOMINAL_N) * self.r_m_ohm  # G R_M
        rho = loaded / (1 + loaded) if self.circuit == FSR_HIGH else 1 / (1 + loaded)
        full = 2**self.bits
        return np.minimum(np.floor(rho * full), full - 1).astype(np.int64)


@dataclass(frozen=True)
class Hole:
    """Scans ``[start, start + length)`` that never become frames at the host.

    lost: sent, never arrived. damaged: arrived with a flipped bit. board: the board dropped them and says so.
    """

    start: int
    length: int
    kind: str


@dataclass(frozen=True)
class Chunk:
    """Some bytes, when on the board's clock the last of them is due, and the status that a stop would send then."""

    wire: bytes
    due_s: float
    closing: bytes


def flip(wire: bytes, at: int, bit: int) -> bytes:
    """One bit of a packet flipped; no delimiter is made or unmade."""
    damaged = bytearray(wire)
    damaged[at] ^= 1 << bit
    if damaged[at] == 0:
        damaged[at] = wire[at] ^ (2 if bit == 0 else 1)
    return bytes(damaged)


def stream(
    board: Board,
    counts: Counts,
    n_scans: int,
    start_us: int = 5_000_000,
    holes: Iterable[Hole] = (),
    extra: Callable[[int], bytes] = lambda scan: b"",
) -> Iterator[Chunk]:
    """What the board sends from start on: scan i carries row i of ``counts`` (again from the top when they end)."""
    rows = packed(counts, board.bits)
    return _chunks(board, rows, n_scans, start_us, {hole.start: hole for hole in holes}, extra)


def _chunks(
    board: Board, rows: list[bytes], n_scans: int, start_us: int, fates: dict[int, Hole], extra: Callable[[int], bytes]
) -> Iterator[Chunk]:
    period_us = 1_000_000 // board.rate_hz
    sent = dropped = hole_end = 0
    kind = ""
    for first in range(0, n_scans, CHUNK_SCANS):
        wire = bytearray()
        for scan in range(first, min(first + CHUNK_SCANS, n_scans)):
            now_us = start_us + scan * period_us
            if scan in fates:
                hole_end, kind = scan + fates[scan].length, fates[scan].kind
            fate = kind if scan < hole_end else "whole"
            if fate != "lost":
                wire += _status(board, now_us, sent, dropped) if scan and scan % board.rate_hz == 0 else b""
                wire += extra(scan)
            if fate == "board":
                dropped += 1
                continue
            sent += 1
            if fate == "lost":
                continue
            one = frame(scan, now_us, 0, rows[scan % len(rows)])
            wire += flip(one, 3 + scan % (len(one) - 5), scan % 8) if fate == "damaged" else one
        yield Chunk(bytes(wire), (scan + 1) / board.rate_hz, _status(board, now_us + period_us, sent, dropped))


def _status(board: Board, now_us: int, sent: int, dropped: int) -> bytes:
    return status(now_us, sent, dropped, more=board.appended)


class Device:
    """A board behind a loopback TCP port, for one host at a time; ``real_time`` or as fast as the host reads."""

    def __init__(self, board: Board, chunks: Iterable[Chunk], real_time: bool = False) -> None:
        self.board = board
        self.commands: list[int] = []
        self.started_s: float | None = None
        """When the first scan was made, in ``time.monotonic``."""
        self._chunks = iter(chunks)
        self._real_time = real_time
        self._streaming = False
        self._next: Chunk | None = None
        self._closing = status(0, 0, 0)
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name=f"stranger {board.side}")

    def __enter__(self) -> Device:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=10)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            host, _ = self._listener.accept()
            with host:
                try:
                    self._talk(host)
                except ConnectionError:
                    continue

    def _talk(self, host: socket.socket) -> None:
        host.setblocking(False)
        heard, queued = bytearray(), bytearray(b"\0" + self.board.identify())
        while not self._ended.is_set():
            while self._streaming and len(queued) < 65536 and (chunk := self._due()) is not None:
                queued += chunk.wire
                self._closing = chunk.closing
            readable, writable, _ = select.select([host], [host] if queued else [], [], 0.005)
            if readable:
                got = host.recv(4096)
                if not got:
                    return
                heard += got
                *packets, rest = bytes(heard).split(b"\0")
                heard = bytearray(rest)
                for wire in packets:
                    queued += self._answer(wire)
            if writable:
                del queued[: host.send(queued)]

    def _due(self) -> Chunk | None:
        """The next chunk, if its time has come."""
        self._next = self._next or next(self._chunks, None)
        chunk = self._next
        if chunk is None or self.started_s is None:
            return None
        if self._real_time and time.monotonic() < self.started_s + chunk.due_s:
            return None
        self._next = None
        return chunk

    def _answer(self, wire: bytes) -> bytes:
        body = unstuffed(wire)
        if body is None or len(body) < 3 or crc16(body) != 0:
            return b""  # a damaged command is not answered
        command = body[0]
        self.commands.append(command)
        if command == ASK_IDENTIFY:
            return self.board.identify()
        if command == START:
            if self._streaming:
                return reply(START, WRONG_STATE, "frames are being sent")
            self._streaming, self.started_s = True, time.monotonic()
            return reply(START)
        if command == STOP:
            closing = self._closing if self._streaming else b""
            self._streaming = False
            return closing + reply(STOP)
        return reply(command, UNKNOWN_COMMAND)


# ------------------------------------------------------------------------------------------ feet in closed form

G_M_S2 = 9.80665
NOMINAL_K, NOMINAL_N = 115201.356216, 1.101555
ACTIVE_MM2 = 126.7

SENSORS = ("HP", "HM", "HL", "HC", "LP", "LD", "MD", "CD", "M1", "M2", "M3", "M4", "M5", "T1", "T23", "T45")
X_MM = np.array([0, 16, -16, 0, -21, -28, 13, 0, 33, 13, -7, -25, -36, 27, 3, -17], float)
Y_MM = np.array([16, 38, 38, 62, 90, 128, 110, 146, 192, 203, 200, 189, 170, 244, 249, 232], float)
AREA_MM2 = np.array([982, 1043, 1050, 1408, 1266, 1193, 1438, 1872, 1322, 982, 841, 1012, 952, 1168, 1171, 1107], float)
BUMPS = {  # spec 11.1: P kPa, a, b, alpha, gamma, in the order of SENSORS
    "run": (
        (180, 0, 0.45, 1, 2), (210, 0, 0.55, 1, 2), (220, 0, 0.55, 1, 2), (120, 0.02, 0.62, 1, 2),
        (70, 0.04, 0.80, 2, 3), (80, 0.05, 0.85, 2, 2), (35, 0.08, 0.75, 2, 2), (40, 0.06, 0.85, 2, 2),
        (260, 0.13, 0.96, 2, 2), (300, 0.09, 0.98, 2, 2), (280, 0.06, 0.97, 2, 2), (220, 0.04, 0.95, 2, 2),
        (170, 0.02, 0.92, 2, 2), (240, 0.20, 1, 3, 2), (110, 0.20, 1, 3, 2), (60, 0.18, 0.98, 3, 2),
    ),
    "walk": (
        (270, 0, 0.50, 1, 2), (280, 0, 0.62, 1, 2), (280, 0, 0.62, 1, 2), (170, 0.02, 0.66, 1, 2),
        (60, 0.05, 0.78, 2, 2), (70, 0.06, 0.82, 2, 2), (25, 0.10, 0.72, 2, 2), (30, 0.08, 0.80, 2, 2),
        (190, 0.06, 0.95, 3, 1), (250, 0.04, 0.97, 3, 1), (225, 0.03, 0.96, 3, 1), (140, 0.02, 0.94, 2, 1),
        (90, 0.01, 0.91, 2, 1), (250, 0.25, 1, 4, 1), (90, 0.25, 1, 4, 1), (50, 0.25, 0.98, 4, 1),
    ),
}  # fmt: skip
STANCE_S = {"run": 0.30, "walk": 0.50}
STRIDE_S = {"run": 0.75, "walk": 0.86}


def _peak(alpha: float, gamma: float) -> float:
    return alpha**alpha * gamma**gamma / (alpha + gamma) ** (alpha + gamma)


@dataclass(frozen=True)
class Bumps:
    """Generator A for one foot: pressures of one stance, and what they must come to."""

    gait: str
    medial: float
    size_eu: float = 42

    @property
    def stance_s(self) -> float:
        return STANCE_S[self.gait]

    @property
    def stride_s(self) -> float:
        return STRIDE_S[self.gait]

    @property
    def area_mm2(self) -> Floats:
        return AREA_MM2 * (self.size_eu / 42) ** 2

    @property
    def peaks_kpa(self) -> Floats:
        tilt = {"HM": 1, "M1": 1, "M2": 1, "HL": -1, "M4": -1, "M5": -1}
        factor = np.array([1 + self.medial * tilt.get(name, 0) for name in SENSORS])
        return factor * [bump[0] for bump in BUMPS[self.gait]]

    def pressures_kpa(self, u: Floats) -> Floats:
        out = np.zeros((len(u), 16))
        for i, (_, a, b, alpha, gamma) in enumerate(BUMPS[self.gait]):
            s = np.clip((u - a) / (b - a), 0, 1)
            out[:, i] = self.peaks_kpa[i] * s**alpha * (1 - s) ** gamma / _peak(alpha, gamma)
        return out

    def force_n(self, u: Floats) -> Floats:
        """With a force scale of 1."""
        return self.pressures_kpa(u) @ self.area_mm2 / 1000

    def pti_kpa_s(self) -> dict[str, float]:
        shape = [
            math.gamma(al + 1) * math.gamma(ga + 1) / math.gamma(al + ga + 2) / _peak(al, ga) * (b - a)
            for _, a, b, al, ga in BUMPS[self.gait]
        ]
        return dict(zip(SENSORS, self.peaks_kpa * np.array(shape) * self.stance_s, strict=True))

    def indices(self) -> dict[str, float]:
        """MLI, FB and MT34 of spec 11.1, from the closed integrals."""
        pti, area = self.pti_kpa_s(), dict(zip(SENSORS, AREA_MM2, strict=True))

        def heel(own: str) -> float:
            weight = {own: area[own], "HP": 0.5 * area["HP"], "HC": 0.5 * area["HC"]}
            return sum(weight[k] * pti[k] for k in weight) / sum(weight.values())

        hm, hl = heel("HM"), heel("HL")
        m1, m2, m3, m4, m5 = (pti[f"M{k}"] for k in range(1, 6))
        return {
            "mli": 100 * (hm + m1 + m2 - hl - m4 - m5) / (hm + m1 + m2 + hl + m4 + m5),
            "foot_balance": 100 * (hm + m1 + m2 - hl - m3 - m4 - m5) / (hm + hl + m1 + m2 + m3 + m4 + m5),
            "mt34": 100 * (m3 + m4) / (m1 + m2 + m3 + m4 + m5),
        }

    def impulse_n_s(self) -> float:
        pti = np.array(list(self.pti_kpa_s().values()))
        return float(pti @ self.area_mm2) / 1000


@dataclass(frozen=True)
class ExactCop:
    """Generator B for one foot: the CoP runs on a known path; ``x_mm`` shifts it medially."""

    x_mm: float = 0.0
    c_mm: float = 12.0
    stance_s: float = 0.30
    stride_s: float = 0.75
    peak_n: float = 2 * 70 * G_M_S2

    @property
    def area_mm2(self) -> Floats:
        return AREA_MM2

    def path_mm(self, u: Floats) -> Floats:
        return np.column_stack([self.x_mm - 2 + 16 * u - 4 * self.c_mm * u * (1 - u), 30 + 206 * u])

    def force_n(self, u: Floats) -> Floats:
        return np.where((u > 0) & (u < 1), self.peak_n * np.sin(np.pi * np.clip(u, 0, 1)), 0.0)

    def pressures_kpa(self, u: Floats) -> Floats:
        key = np.round(np.clip(u, 0, 1), 9)
        values, where = np.unique(key, return_inverse=True)
        shares = np.array([_shares(*xy) for xy in self.path_mm(values)])[where]
        return 1000 * self.force_n(u)[:, None] * shares / AREA_MM2

    def impulse_n_s(self) -> float:
        return self.peak_n * self.stance_s * 2 / math.pi


@cache
def _shares(x: float, y: float) -> tuple[float, ...]:
    """Positive shares of the sensors whose centroid is exactly (x, y): a tilted Gaussian, the tilt by Newton."""
    d = np.column_stack([X_MM - x, Y_MM - y])
    base = np.log(AREA_MM2) - d[:, 0] ** 2 / (2 * 20**2) - d[:, 1] ** 2 / (2 * 30**2)
    tilt = np.zeros(2)

    def weights(tilt: Floats) -> tuple[Floats, float]:
        power = base + d @ tilt
        top = power.max()
        w = np.exp(power - top)
        return w / w.sum(), float(np.log(w.sum()) + top)

    for _ in range(200):
        w, height = weights(tilt)
        mean = w @ d
        if np.abs(mean).max() < 1e-11:
            break
        step = np.linalg.solve((d * w[:, None]).T @ d - np.outer(mean, mean), mean)
        scale = 1.0
        while weights(tilt - scale * step)[1] > height and scale > 1e-6:
            scale /= 2
        tilt = tilt - scale * step
    return tuple(float(v) for v in weights(tilt)[0])


@dataclass(frozen=True)
class Walker:
    """One foot through a trial: lifted, standing, then contacts from ``first_contact_s`` on."""

    foot: Bumps | ExactCop
    kappa: float
    first_contact_s: float
    n_contacts: int
    unloaded_s: float = 0.0
    standing_s: float = 0.0
    mass_kg: float = 70.0
    preload_n: float = 0.0

    @property
    def contacts_s(self) -> Floats:
        return self.first_contact_s + self.foot.stride_s * np.arange(self.n_contacts)

    def pressures_kpa(self, t_s: Floats) -> Floats:
        step = np.clip(np.searchsorted(self.contacts_s, t_s, side="right") - 1, 0, None)
        u = (t_s - self.contacts_s[step]) / self.foot.stance_s
        out = self.foot.pressures_kpa(np.where((u > 0) & (u < 1), u, 0.0))
        stands = (t_s >= self.unloaded_s) & (t_s < self.unloaded_s + self.standing_s)
        out[stands] = self._standing_kpa()
        return out + 1000 * self.preload_n / ACTIVE_MM2

    def _standing_kpa(self) -> Floats:
        """Half the weight in proportion to the walk's pressure-time integrals."""
        shape = np.array(list(Bumps("walk", 0).pti_kpa_s().values()))
        half_n = self.mass_kg * G_M_S2 / 2 / self.kappa
        return shape * half_n * 1000 / float(shape @ self.foot.area_mm2)

    def events_s(self, kappa_event: float) -> tuple[Floats, Floats]:
        """Contact and toe-off: where the analytic force, scaled, crosses T_lo."""
        limit = max(0.03 * self.mass_kg * G_M_S2, 20.0)
        on = _root(lambda u: kappa_event * float(self.foot.force_n(np.array([u]))[0]) - limit, 1e-9, 0.2)
        off = _root(lambda u: kappa_event * float(self.foot.force_n(np.array([u]))[0]) - limit, 1 - 1e-9, 0.7)
        return self.contacts_s + on * self.foot.stance_s, self.contacts_s + off * self.foot.stance_s


def _root(f: Callable[[float], float], below: float, above: float) -> float:
    assert f(below) < 0 < f(above)
    for _ in range(60):
        middle = (below + above) / 2
        below, above = (below, middle) if f(middle) > 0 else (middle, above)
    return (below + above) / 2


def common_kappa(left: Bumps | ExactCop, right: Bumps | ExactCop, mass_kg: float = 70.0) -> float:
    """The force scale with which both feet together carry the weight over a stride."""
    return mass_kg * G_M_S2 * left.stride_s / (left.impulse_n_s() + right.impulse_n_s())
