"""The board of a simulated insole, sans-io: bytes of commands in, bytes of records out (``hardware/PROTOCOL.md``).

It has no clock of its own: whoever owns it asks for the next scans. Virtual time is 0 at *start*; the device's clock
differs from it by ``clock_ppm``. Its sync output is wired to its own sync input.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquisition.fsr import FsrArray
from acquisition.gait import F8
from acquisition.knobs import Knobs
from acquisition.protocol import CommandDecoder, encode_frames, encode_record
from acquisition.walk import Walk, random_stream
from insole.errors import ProtocolError
from insole.frame import (
    CAPABILITY_SET_RATE,
    CAPABILITY_SET_SIDE,
    CAPABILITY_SUPPLY,
    CAPABILITY_SYNC_IN,
    CAPABILITY_SYNC_OUT,
    FLAG_SYNC_IN,
    FLAG_SYNC_OUT,
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    PROTOCOL_MAJOR,
    PROTOCOL_MINOR,
    Command,
    CommandType,
    Identify,
    Pulse,
    Reply,
    ReplyCode,
    Status,
    frame_dtype,
)

FIRMWARE: Final = "sim-1.0"
BOARD: Final = "simulated"
SUPPLY_MV: Final = 5000
MEAN_BURST_FRAMES: Final = 20
"""Mean length of the bursts of the knob dropout."""
_SYNC_OUT_MS: Final = (1, 10_000)
_CAPABILITIES: Final = (
    CAPABILITY_SYNC_IN | CAPABILITY_SYNC_OUT | CAPABILITY_SET_RATE | CAPABILITY_SET_SIDE | CAPABILITY_SUPPLY
)


class SimulatedBoard:
    """A board that was just plugged in. ``outbox`` holds what it has to say now; ``produce`` scans."""

    def __init__(self, knobs: Knobs) -> None:
        """Boots: the outbox holds a delimiter and *identify*."""
        self.knobs = knobs
        self.streaming = False
        self.rate_hz = knobs.rate_hz
        boot = random_stream(knobs.seed, "boot", knobs.side)
        self._boot_id = int(boot.integers(2**32))
        random_us = int(boot.integers(2_000_000, 60_000_000))
        self._start_us = random_us if knobs.boot_us is None else knobs.boot_us
        self._side = knobs.side
        self._damage = np.array(knobs.damage, dtype=np.int64)
        self._inbox = CommandDecoder()
        self._scan = 0
        self._dropped = 0
        self._pulses = 0
        self._sync_us: tuple[int, int] = (0, 0)
        self.outbox = b"\0" + encode_record(self.identify)
        self._begin()

    @property
    def identify(self) -> Identify:
        """What the board says about itself now."""
        k = self.knobs
        return Identify(
            protocol_major=PROTOCOL_MAJOR, protocol_minor=PROTOCOL_MINOR, firmware=FIRMWARE, board=BOARD,
            device_serial=f"SIM-{k.side[0].upper()}-{k.seed}", boot_id=self._boot_id, side=self._side,
            n_sensels=k.layout.n_sensels, bits=k.bits, circuit=k.circuit, r_m_ohm=k.r_m_ohm, layout=k.layout.name,
            rate_hz=self.rate_hz, scan_offset_us=(0,) * k.layout.n_sensels,
            capabilities=_CAPABILITIES,
        )  # fmt: skip

    def _begin(self) -> None:
        """Everything that starts anew with *start*: the trial is the same each time, only the device's time goes on."""
        self._scan = 0
        self._dropped = 0
        self._walk = Walk(self.knobs)
        self._fsr = FsrArray(self.knobs)
        self._bursts = _Bursts(self.knobs)

    # --- commands ----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Commands from the host, in pieces of any size. Answers go into the outbox; a damaged command gets none."""
        for command_type, payload in self._inbox.feed(data):
            self._answer(command_type, payload)

    def _answer(self, command_type: int, payload: bytes) -> None:
        if command_type == CommandType.IDENTIFY:
            self.outbox += encode_record(self.identify)
            return
        try:
            code, text = self._execute(Command.unpack(command_type, payload))
        except ProtocolError:
            code, text = ReplyCode.BAD_LENGTH, "payload too short"
        self.outbox += encode_record(Reply(command_type, code, text))

    def _execute(self, command: Command) -> tuple[ReplyCode, str]:
        if command.type == CommandType.STOP:
            if self.streaming:
                self.outbox += encode_record(self._status(self._scan, self._dropped))
                self._start_us += self._ticks_us(self._scan)
                self.streaming = False
                self._begin()
            return ReplyCode.OK, ""
        if command.type == CommandType.SYNC_OUT:
            if not _SYNC_OUT_MS[0] <= command.value <= _SYNC_OUT_MS[1]:
                return ReplyCode.BAD_VALUE, "1 to 10000 ms"
            self._raise_sync(command.value)
            return ReplyCode.OK, ""
        if command.type not in (CommandType.START, CommandType.SET_RATE, CommandType.SET_SIDE):
            return ReplyCode.UNKNOWN_COMMAND, ""
        if self.streaming:
            return ReplyCode.WRONG_STATE, "stop first"
        if command.type == CommandType.START:
            self.streaming = True
        elif command.type == CommandType.SET_RATE:
            if not MIN_RATE_HZ <= command.value <= MAX_RATE_HZ:
                return ReplyCode.BAD_VALUE, f"{MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
            self.rate_hz = command.value
        elif command.value not in (0, 1):
            return ReplyCode.BAD_VALUE, "0 left, 1 right"
        else:
            self._side = ("left", "right")[command.value]
        return ReplyCode.OK, ""

    def _raise_sync(self, milliseconds: int) -> None:
        """The output is high from the next scan on; while it is high already, it only stays so for longer."""
        now_us = self._start_us + self._ticks_us(self._scan)
        high = self._sync_us[0] <= now_us < self._sync_us[1]
        self._sync_us = (self._sync_us[0] if high else now_us, now_us + 1000 * milliseconds)

    # --- scans -------------------------------------------------------------------------------------------------------

    def _ticks_us(self, scan: int) -> int:
        """Device time of a scan after *start*, µs, rounded."""
        return (scan * 1_000_000 + self.rate_hz // 2) // self.rate_hz

    def virtual_time_s(self, scan: int) -> float:
        """True time of a scan after *start*, s: the device's clock is fast by ``clock_ppm``."""
        return scan / self.rate_hz / (1.0 + self.knobs.clock_ppm * 1e-6)

    def _status(self, scans: int, dropped: int) -> Status:
        time_us = self._start_us + self._ticks_us(scans)
        return Status(time_us % 2**32, scans - dropped, dropped, 0, SUPPLY_MV, None)

    def _counts(self, first: int, count: int) -> NDArray[np.uint16]:
        """Counts of scans [first, first + count); one scan more in front shows how the loads change."""
        time_s = np.arange(first - 1, first + count) / self.rate_hz / (1.0 + self.knobs.clock_ppm * 1e-6)
        pressure: F8 = self._walk.pressure_kpa(time_s)
        return self._fsr.counts(pressure[1:], self._walk.rising(pressure, time_s), time_s[1:])

    def produce(self, count: int) -> bytes:
        """The next ``count`` scans as bytes, and the records among them. Lost and dropped scans are left out."""
        first, end = self._scan, self._scan + count
        scans = np.arange(first, end, dtype=np.int64)
        stamps = self._start_us + (scans * 1_000_000 + self.rate_hz // 2) // self.rate_hz
        lost = _inside(self.knobs.lose, first, end) | self._bursts.inside(first, end)
        dropped = _inside(self.knobs.drop, first, end)
        frames = np.zeros(count, dtype=frame_dtype(self.knobs.layout.n_sensels))
        frames["sequence"] = scans & 0xFFFF
        frames["device_time_us"] = stamps & 0xFFFFFFFF
        high = (stamps >= self._sync_us[0]) & (stamps < self._sync_us[1])
        frames["flags"][high] = FLAG_SYNC_IN | FLAG_SYNC_OUT
        frames["counts"] = self._counts(first, count)
        keep = np.flatnonzero(~(lost | dropped))
        packets = encode_frames(frames[keep], self.knobs.bits)
        for at in np.flatnonzero(np.isin(keep + first, self._damage)):
            packets[at] = _damaged(packets[at])
        dropped_before = self._dropped + np.concatenate([[0], np.cumsum(dropped)])
        # A status stands behind the last frame it counts. What is lost on the way takes the status at its place along.
        seconds = range(-(-max(first, 1) // self.rate_hz), -(-end // self.rate_hz))
        for scan in (second * self.rate_hz for second in reversed(seconds)):
            if lost[scan - first]:
                continue
            status = encode_record(self._status(scan, int(dropped_before[scan - first])))
            packets.insert(int(np.searchsorted(keep, scan - first)), status)
        self._scan, self._dropped = end, int(dropped_before[-1])
        return b"".join(packets) + self._edges(int(stamps[0]), self._start_us + self._ticks_us(end))

    def _edges(self, from_us: int, until_us: int) -> bytes:
        """Pulses of the sync input in [from_us, until_us)."""
        records = b""
        for edge_us, level in zip(self._sync_us, (1, 0), strict=True):
            if self._sync_us[1] > self._sync_us[0] and from_us <= edge_us < until_us:
                self._pulses += 1
                records += encode_record(Pulse(edge_us % 2**32, "sync", self._pulses, level))
        return records


class _Bursts:
    """Losses of the knob dropout: bursts of geometric length, gaps between them so that the share comes out."""

    def __init__(self, knobs: Knobs) -> None:
        self._share = knobs.dropout
        self._rng = random_stream(knobs.seed, "dropout", knobs.side)
        self._bursts: list[tuple[int, int]] = []
        self._drawn_until = 0

    def inside(self, first: int, end: int) -> NDArray[np.bool_]:
        """True for the scans of [first, end) that are lost. Scans must be asked for in order."""
        while self._share and self._drawn_until < end:
            gap = int(self._rng.geometric(self._share / ((1.0 - self._share) * MEAN_BURST_FRAMES)))
            length = int(self._rng.geometric(1.0 / MEAN_BURST_FRAMES))
            self._bursts.append((self._drawn_until + gap, self._drawn_until + gap + length))
            self._drawn_until += gap + length
        self._bursts = [burst for burst in self._bursts if burst[1] > first]
        return _inside(tuple(self._bursts), first, end)


def _inside(ranges: tuple[tuple[int, int], ...], first: int, end: int) -> NDArray[np.bool_]:
    mask = np.zeros(end - first, dtype=np.bool_)
    for start, stop in ranges:
        mask[max(start - first, 0) : max(stop - first, 0)] = True
    return mask


def _damaged(packet: bytes) -> bytes:
    """One bit flipped in the middle of a packet, never into a delimiter."""
    at = len(packet) // 2
    flipped = packet[at] ^ (0x01 if packet[at] != 0x01 else 0x02)
    return packet[:at] + bytes((flipped,)) + packet[at + 1 :]
