"""The only reading loop: link -> decoder -> sinks. Every wait in it is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import SampleClock
from acquisition.handshake import ANSWER_WITHIN_S, ASK_AGAIN_S, Insole
from acquisition.link import EndOfLink
from acquisition.protocol import Damaged, encode_command
from acquisition.ring import sample_dtype
from insole.errors import InsoleError, LinkError
from insole.frame import Command, CommandType, Identify, Reply, ReplyCode

SILENT_S: Final = 10.0
RENDERING_S: Final = 120.0
LAST_WORDS_S: Final = 1.0
CAUSE_WITHIN_S: Final = 0.1
TICK_S: Final = 0.1
_POLL_S: Final = 0.05
# A port gives byte by byte what comes; a moment's rest gathers some frames and halves the work. The stamp
# is none the worse: it is that of the last byte, and a port's buffer holds 30 ms or more.
_TRICKLE_BYTES: Final = 1024
_GATHER_S: Final = 0.004
_CHECK: Final = "check its power and cable"
_CHECK_LINE: Final = "check its cable and line speed (--baud)"


class Sink(Protocol):
    """Whoever wants to know what comes in. Called by the reading thread: be quick. An InsoleError ends the reading."""

    def take_bytes(self, side: str, data: bytes, host_s: float) -> None:
        """What the link gave, before anything interprets it."""

    def take_samples(self, side: str, samples: NDArray[np.void]) -> None:
        """The samples among it, dtype ``sample_dtype``, index strictly increasing over all calls."""


class Reader:
    """Reads one insole from *start* until sample ``n_samples`` - 1 has come or can't come any more, then stops it.

    ``finished`` is True when there is nothing more to do; then ``failure`` says why it ended early, None if it did not.
    """

    def __init__(self, insole: Insole, n_samples: int, sinks: Sequence[Sink]) -> None:
        """Nothing is sent yet; the first ``step`` sends *start*."""
        self.insole = insole
        self.n_samples = n_samples
        self.clock = SampleClock(insole.identify.rate_hz)
        self.finished = False
        self.failure: InsoleError | None = None
        self.faults: list[str] = []
        """What the device reported by itself."""
        self._sinks = sinks
        self._boot_id = insole.identify.boot_id
        self._started = False
        self._stop_wanted = False
        self._stopping = False
        self._restarted = False
        self._readable_s = 0.0
        self._ask_at = 0.0
        # Time this reader has left to wait for what comes next; only its own steps count, it may have to wait its turn.
        self._patience_s = ANSWER_WITHIN_S
        # A source that is never late may be busy for long with a stretch of which nothing arrives.
        self._silent_s = SILENT_S if insole.link.realtime else RENDERING_S

    @property
    def elapsed_s(self) -> float:
        """Device time read so far, s."""
        return (self.clock.last_index + 1) / self.insole.identify.rate_hz

    @property
    def damaged(self) -> int:
        """Packets that were thrown away."""
        return self.insole.decoder.damaged

    def step(self, timeout_s: float = _POLL_S) -> int:
        """One read, at most ``timeout_s`` long, and all that follows from it; returns how many bytes came.

        Errors end up in ``failure``.
        """
        try:
            return self._step(timeout_s)
        except EndOfLink:
            if not self._stopping:
                self.failure = self._error("had no more to give after", "give a shorter --duration")
            self.finished = True
        except InsoleError as error:
            if not self._stopping:
                self.failure = error
            self.finished = True
            with suppress(InsoleError):
                self._send(CommandType.STOP)
        return 0

    def stop(self) -> None:
        """Make the next step stop the insole; those after it read its last words. Any thread may ask."""
        self._stop_wanted = True

    def until(self, elapsed_s: float) -> None:
        """Read no further than this device time. Any thread may ask."""
        self.n_samples = min(self.n_samples, round(elapsed_s * self.insole.identify.rate_hz))

    def _step(self, timeout_s: float) -> int:
        now = time.monotonic()
        if not self._stopping and (self._stop_wanted or self.clock.last_index >= self.n_samples - 1):
            self._stopping = True
            self._patience_s = LAST_WORDS_S
            self._send(CommandType.STOP)
        elif not self._started and not self._stopping and now >= self._ask_at:
            self._send(CommandType.START)
            self._ask_at = now + ASK_AGAIN_S
        data, host_s = self.insole.link.read(timeout_s)
        readable = False
        if data:
            for sink in self._sinks:
                sink.take_bytes(self.insole.side, data, host_s)
            readable = self._take(data, host_s)
        self._patience_s -= time.monotonic() - now
        if readable and self._started and not self._stopping and not self._restarted:
            self._patience_s = self._silent_s
            self._readable_s = host_s
        elif data and self._started and not self._stopping:
            self._only_damage(host_s)
        if not self.finished and self._patience_s <= 0.0:
            self._too_late()
        return len(data)

    def _send(self, command: CommandType) -> None:
        self.insole.link.write(encode_command(Command(command)))

    def _error(self, what: str, remedy: str) -> LinkError:
        return LinkError(f"the {self.insole.side} insole ({self.insole.url}) {what} {self.elapsed_s:.3f} s; {remedy}")

    def _take(self, data: bytes, host_s: float) -> bool:
        """Act on what came; whether anything but damage was in it."""
        events = self.insole.decoder.feed(data)
        for event in events:
            if isinstance(event, np.ndarray):
                if self._restarted:
                    raise self._error("restarted after", _CHECK)
                self._started = True
                self._place(event, host_s)
            elif isinstance(event, Reply):
                self._answered(event)
            elif isinstance(event, Identify) and event.boot_id != self._boot_id and not self._restarted:
                # Why it was, if it knows, follows at once.
                self._restarted = True
                self._patience_s = min(self._patience_s, CAUSE_WITHIN_S)
        return any(not isinstance(event, Damaged) for event in events)

    def _place(self, frames: NDArray[np.void], host_s: float) -> None:
        placed = self.clock.place(frames["sequence"], frames["device_time_us"], host_s)
        if self.clock.refused_in_a_row > self.insole.identify.rate_hz:
            raise self._error("began to count anew after", _CHECK)
        wanted = placed.index < self.n_samples
        if not wanted.any():
            return
        frames = frames[placed.kept][wanted]
        samples = np.empty(frames.shape[0], dtype=sample_dtype(frames["counts"].shape[1]))
        samples["index"], samples["device_us"] = placed.index[wanted], placed.device_us[wanted]
        samples["flags"], samples["counts"] = frames["flags"], frames["counts"]
        for sink in self._sinks:
            sink.take_samples(self.insole.side, samples)

    def _answered(self, reply: Reply) -> None:
        if reply.command == CommandType.START and not self._started:
            # A repeated start meets a board that runs already: its first answer was damaged on the way.
            if reply.code != ReplyCode.WRONG_STATE:
                self.insole.check_reply(reply)
            self._started = True
        elif reply.command == CommandType.STOP and self._stopping:
            self.finished = True
        elif reply.command == 0:
            words = reply.text or f"fault {reply.code}"
            self.faults.append(f"the {self.insole.side} insole reports: {words}")
            if self._restarted:
                raise self._error(f"restarted ({words}) after", _CHECK)

    def _only_damage(self, host_s: float) -> None:
        """Noise that never rests takes no time to wait for, so patience does not run out; a port's stamps know."""
        if self.insole.link.realtime and host_s - self._readable_s > self._silent_s:
            raise self._error(f"has sent nothing but damage for {self._silent_s:g} s, after", _CHECK_LINE)

    def _too_late(self) -> None:
        if self._stopping:
            self.finished = True
        elif self._restarted:
            raise self._error("restarted after", _CHECK)
        elif not self._started:
            raise LinkError(f"the {self.insole.side} insole does not answer 'start'; check cable and firmware")
        else:
            raise self._error(f"has been silent for {self._silent_s:g} s, after", _CHECK)


def read_all(readers: Sequence[Reader], should_stop: Callable[[], bool], on_tick: Callable[[], None]) -> bool:
    """Read insoles side by side until all have finished. Returns whether ``should_stop`` ended it.

    One that ends early ends the others at the same device time. Sources that run as fast as they are read are read in
    turns, always the one that is behind: the result is the same in every run. Others have a thread each. ``on_tick``
    is called every ``TICK_S`` or so in the calling thread; what it raises stops the reading and goes on.
    """
    if any(reader.insole.link.realtime for reader in readers):
        return _read_in_threads(readers, should_stop, on_tick)
    stopped = False
    tick_at = 0.0
    while active := [reader for reader in readers if not reader.finished]:
        if not stopped and should_stop():
            stopped = True
            for reader in active:
                reader.stop()
        min(active, key=lambda reader: reader.elapsed_s).step()
        _end_together(readers)
        if time.monotonic() >= tick_at:
            on_tick()
            tick_at = time.monotonic() + TICK_S
    on_tick()
    return stopped


def _read_in_threads(readers: Sequence[Reader], should_stop: Callable[[], bool], on_tick: Callable[[], None]) -> bool:
    stopped = False

    def read(reader: Reader) -> None:
        while not reader.finished:
            if 0 < reader.step() < _TRICKLE_BYTES:
                time.sleep(_GATHER_S)

    with ThreadPoolExecutor(len(readers), thread_name_prefix="reader") as threads:
        running = {threads.submit(read, reader) for reader in readers}
        try:
            while running:
                done, running = wait(running, timeout=TICK_S, return_when=FIRST_EXCEPTION)
                for thread in done:
                    thread.result()
                _end_together(readers)
                if not stopped and should_stop():
                    stopped = True
                    for reader in readers:
                        reader.stop()
                on_tick()
        except BaseException:
            for reader in readers:
                reader.stop()
            raise
    return stopped


def _end_together(readers: Sequence[Reader]) -> None:
    for ended in readers:
        if ended.failure is not None:
            for reader in readers:
                if not reader.finished:
                    reader.until(ended.elapsed_s)
