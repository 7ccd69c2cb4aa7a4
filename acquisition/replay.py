"""A stored trial as a device: ``replay://trial.h5?pace=0`` turns raw counts back into bytes of the protocol.

The device behaves as ``hardware/PROTOCOL.md`` says: silent until *start*, it answers commands and sends a *status* once
a second and a last one at the end. Its clock is the time base of the trial, so both feet keep their places to each
other. Holes come back as jumps of the sequence; what the board had dropped and counted, it drops and counts again.
After a reset or an unplug the numbering of the trial goes on.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import Final

import numpy as np

from acquisition.link import EndOfLink
from acquisition.protocol import CommandDecoder, encode_frames, encode_record
from insole.errors import LinkError, ProtocolError, UsageError
from insole.frame import (
    CAPABILITY_BELT_PULSE,
    CAPABILITY_SUPPLY,
    CAPABILITY_SYNC_IN,
    CAPABILITY_TEMPERATURE,
    PROTOCOL_MAJOR,
    PROTOCOL_MINOR,
    SIDE_CODES,
    Command,
    CommandType,
    Identify,
    Reply,
    ReplyCode,
    Status,
    frame_dtype,
)
from insole.trial import Foot, open_trial

_BLOCK_S: Final = 0.05
_CHUNK_S: Final = 0.005
_IDLE_S: Final = 0.01
_MAX_PACE: Final = 1000.0
_STAMP_SPAN_US: Final = 1 << 32
_CAPABILITIES: Final = CAPABILITY_BELT_PULSE | CAPABILITY_SYNC_IN | CAPABILITY_SUPPLY | CAPABILITY_TEMPERATURE


def parse_replay_url(url: str) -> tuple[str, float]:
    """Path and pace of a replay address. ``UsageError`` for anything else."""
    path, pace = url.split("://", 1)[1], 1.0
    head, mark, query = path.rpartition("?")
    if mark and "=" in query:  # otherwise the question mark belongs to the name of the file
        path = head
        for knob in query.split("&"):
            name, _, value = knob.partition("=")
            if name != "pace":
                raise UsageError(f"{url}: {name!r} is not known here; a replay knows pace, for example pace=0")
            try:
                pace = float(value)
            except ValueError:
                pace = math.nan
            if not 0.0 <= pace <= _MAX_PACE:
                raise UsageError(
                    f"{url}: pace {value!r} can't be; 0 is as fast as it goes, 1 real time, 2 twice as fast"
                )
    if not path:
        raise UsageError(f"{url}: no file is named; write replay://trial.h5")
    return path, pace


class StoredFoot:
    """One foot of a trial as what its device sent: frames, and the records between them.

    ``index`` i8[n] scan number of each frame; ``time_s`` f8[n] on the time base of the trial; ``frames`` ready to be
    encoded; ``extras``: (position, wire bytes) of *status* and *pulse* records, each to be sent before the frame there.
    """

    def __init__(self, foot: Foot, identify: Identify) -> None:
        """Lay the records of ``foot`` out; ``identify`` as its device will give it."""
        recording = foot.recording
        self.index = recording.index
        self.time_s = recording.time_s
        self.bits = identify.bits
        self._gaps = recording.gaps
        self._stored = foot.status
        self._stored_scans = [s.frames_sent + s.frames_dropped for s in foot.status]
        n = recording.n_samples
        self._base_us = 0
        if n and foot.device_time_us is not None:
            self._base_us = int(foot.device_time_us[0]) - round(float(self.time_s[0]) * 1e6)
        self.frames = np.zeros(n, dtype=frame_dtype(identify.n_sensels))
        self.frames["sequence"] = (self.index % 65536).astype(np.uint16)
        self.frames["device_time_us"] = (self._base_us + np.rint(self.time_s * 1e6).astype(np.int64)) % _STAMP_SPAN_US
        self.frames["counts"] = recording.values
        if foot.frame_flags is not None:
            self.frames["flags"] = foot.frame_flags
        self.extras = sorted(self._all_status(identify.rate_hz) + self._all_pulses(foot), key=lambda extra: extra[0])

    def status_at(self, scans: int) -> bytes:
        """The *status* of a board that has made this many scans, as wire bytes."""
        time_s = float(np.interp(scans, self.index, self.time_s)) if self.index.size else 0.0
        gaps = self._gaps
        dropped = int(np.clip(scans - gaps["start_index"], 0, gaps["n_dropped"]).sum())
        like = bisect_right(self._stored_scans, scans) - 1
        known = self._stored[max(like, 0)] if self._stored else Status(0, 0, 0, 0, 0, None)
        return encode_record(
            Status(
                device_time_us=self._stamp_us(time_s),
                frames_sent=scans - dropped,
                frames_dropped=dropped,
                overruns=min(known.overruns, dropped),
                supply_mv=known.supply_mv,
                temperature_c=known.temperature_c,
            )
        )

    def encode(self, start: int, end: int) -> bytes:
        """Wire bytes of the frames [start, end) with the records between them."""
        wire = encode_frames(self.frames[start:end], self.bits)
        last = end if end < len(self.frames) else end + 1
        low = bisect_left(self.extras, start, key=lambda extra: extra[0])
        high = bisect_left(self.extras, last, key=lambda extra: extra[0])
        for position, record in reversed(self.extras[low:high]):
            wire.insert(position - start, record)
        return b"".join(wire)

    def _stamp_us(self, time_s: float) -> int:
        return (self._base_us + round(time_s * 1e6)) % _STAMP_SPAN_US

    def _all_status(self, rate_hz: int) -> list[tuple[int, bytes]]:
        if not self.index.size:
            return []
        scans = np.arange(rate_hz, int(self.index[-1]) + 1, rate_hz)
        positions = np.searchsorted(self.index, scans)
        table = [(int(at), self.status_at(int(number))) for at, number in zip(positions, scans, strict=True)]
        return [*table, (len(self.frames), self.status_at(int(self.index[-1]) + 1))]

    def _all_pulses(self, foot: Foot) -> list[tuple[int, bytes]]:
        stamps_us = foot.device_time_us
        reset = bool(np.isin(foot.recording.gaps["kind"], (b"reset", b"unplugged")).any())
        if stamps_us is None or not stamps_us.size or reset:
            return []  # nothing says which scan a pulse belongs to
        wrapped_us = stamps_us.astype(np.float64)
        due_us = (self.index - self.index[0]) * 1e6 / foot.recording.sample_rate_hz
        turns = np.rint((due_us - (wrapped_us - wrapped_us[0])) / _STAMP_SPAN_US)
        unwrapped_us = stamps_us.astype(np.int64) + turns.astype(np.int64) * _STAMP_SPAN_US
        table: list[tuple[int, bytes]] = []
        now_us = int(unwrapped_us[0])
        half = _STAMP_SPAN_US // 2
        for pulse in foot.pulses:
            now_us += (pulse.device_time_us - now_us + half) % _STAMP_SPAN_US - half
            after = int(np.searchsorted(unwrapped_us, now_us))
            near = max(after - 1, 0)
            time_s = float(self.time_s[near]) + (now_us - int(unwrapped_us[near])) * 1e-6
            table.append((after, encode_record(replace(pulse, device_time_us=self._stamp_us(time_s)))))
        return table


class ReplayedInsole:
    """One foot of a trial as a ``Link``. Host times are seconds of the trial, at every pace."""

    def __init__(self, url: str, side: str) -> None:
        """Read the trial. ``UsageError``: the address; ``TrialFileError``: the file; ``LinkError``: what is in it."""
        path, self._pace = parse_replay_url(url)
        self.url = url
        self.realtime = self._pace > 0.0
        trial = open_trial(path)
        foot = trial.feet.get(side)
        if foot is None:
            raise LinkError(f"{url}: this trial has no {side} insole, only {' and '.join(trial.feet)}")
        if foot.recording.kind != "counts" or foot.identify is None:
            raise LinkError(f"{url}: this trial holds no raw counts of an insole; only those can be replayed")
        counts = foot.recording.values
        if counts.shape[1] != foot.identify.n_sensels or (counts.size and int(counts.max()) >> foot.identify.bits):
            raise LinkError(f"{url}: the {side} counts do not fit what the insole said about itself; use another file")
        self._identify = replace(
            foot.identify,
            protocol_major=PROTOCOL_MAJOR,
            protocol_minor=PROTOCOL_MINOR,
            side=side,
            rate_hz=round(foot.recording.sample_rate_hz),
            capabilities=foot.identify.capabilities & _CAPABILITIES,
        )
        self._stored = StoredFoot(foot, self._identify)
        self._commands = CommandDecoder()
        self._answers = b""
        self._next = 0
        self._sending = False
        self._started_s = 0.0

    def read(self, timeout_s: float) -> tuple[bytes, float]:
        """See ``Link.read``: up to 50 ms of the trial; host time = trial time of its last frame."""
        if self._answers:
            data, self._answers = self._answers, b""
            return data, self._now_s()
        if not self._sending:
            time.sleep(timeout_s if self.realtime else min(timeout_s, _IDLE_S))
            return b"", self._now_s()
        if self._next == len(self._stored.frames):
            raise EndOfLink
        end = self._due(timeout_s)
        data = self._stored.encode(self._next, end) if end > self._next else b""
        self._next = end
        return data, self._now_s()

    def write(self, data: bytes) -> None:
        """See ``Link.write``."""
        for command_type, payload in self._commands.feed(data):
            if command_type == CommandType.IDENTIFY:
                self._answers += encode_record(self._identify)
            else:
                code = self._carry_out(command_type, payload)
                self._answers += encode_record(Reply(command_type, code))

    def close(self) -> None:
        """See ``Link.close``."""
        self._sending = False

    def _now_s(self) -> float:
        return float(self._stored.time_s[self._next - 1]) if self._next else 0.0

    def _due(self, timeout_s: float) -> int:
        """End of the frames to be sent now. At a pace, waits until 5 ms of them are due, at most ``timeout_s``."""
        time_s = self._stored.time_s
        block_end = int(np.searchsorted(time_s, time_s[self._next] + _BLOCK_S))
        if not self.realtime:
            return block_end
        wait_s = (float(time_s[self._next]) + _CHUNK_S - self._played_s()) / self._pace
        time.sleep(min(max(wait_s, 0.0), timeout_s))
        due = int(np.searchsorted(time_s, self._played_s(), side="right"))
        return min(block_end, max(due, self._next))

    def _played_s(self) -> float:
        return (time.perf_counter() - self._started_s) * self._pace

    def _carry_out(self, command_type: int, payload: bytes) -> ReplyCode:
        try:
            value = Command.unpack(command_type, payload).value
        except ProtocolError:
            return ReplyCode.BAD_LENGTH
        if command_type == CommandType.STOP:
            if self._sending and 0 < self._next < len(self._stored.frames):
                self._answers += self._stored.status_at(int(self._stored.index[self._next - 1]) + 1)
            self._sending = False
            return ReplyCode.OK
        if command_type not in (CommandType.START, CommandType.SET_RATE, CommandType.SET_SIDE):
            return ReplyCode.UNKNOWN_COMMAND
        if self._sending:
            return ReplyCode.WRONG_STATE
        as_recorded = {
            CommandType.SET_RATE: self._identify.rate_hz,
            CommandType.SET_SIDE: SIDE_CODES[self._identify.side],
        }
        if value != as_recorded.get(CommandType(command_type), value):
            return ReplyCode.BAD_VALUE
        if command_type == CommandType.START:
            self._sending, self._next, self._started_s = True, 0, time.perf_counter()
        return ReplyCode.OK
