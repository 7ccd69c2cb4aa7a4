"""One exam for every source of bytes: a port, a replayed trial, the simulated insole, the real firmware on its desk."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from board import frames_of

from acquisition.knobs import parse_knobs
from acquisition.link import EndOfLink, LinkContext, open_link
from acquisition.protocol import Damaged, Decoder, encode_command
from acquisition.recorder import RecordRequest, record
from acquisition.simulated_board import SimulatedBoard
from insole.frame import Command, CommandType, Identify, Reply, ReplyCode, Status
from insole.trial import Spans, TrialInfo

SCANS = 600


@contextmanager
def port(folder):
    """A pseudo-terminal with a simulated board behind it, which scans as fast as it is read."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    done = threading.Event()

    def serve():
        board = SimulatedBoard(parse_knobs("sim://left?seed=5", "left", Spans()))
        os.set_blocking(master, False)
        while not done.is_set():
            readable, _, _ = select.select([master], [], [], 0.002)
            try:
                if readable:
                    board.receive(os.read(master, 256))
                _, writable, _ = select.select([], [master], [], 0.0)
                if board.streaming and not board.outbox and writable:
                    board.outbox = board.produce(20)
                sent = os.write(master, board.outbox) if board.outbox and writable else 0
            except BlockingIOError:
                continue
            except OSError:  # nobody has the other end open
                done.wait(0.01)
                continue
            board.outbox = board.outbox[sent:]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield name
    finally:
        done.set()
        thread.join()
        os.close(master)


@contextmanager
def replay(folder):
    trial = folder / "t.h5"
    info = TrialInfo(subject="S01", mass_kg=70.0, size_eu=42.0)
    record(RecordRequest(trial, info, {"left": "sim://left?pace=0&seed=5"}, 2.0))
    yield f"replay://{trial}?pace=0"


@contextmanager
def simulator(folder):
    yield "sim://left?pace=0&seed=5"


@contextmanager
def firmware(folder):
    from chain import simulated

    with simulated(folder, seconds=600.0) as hardware:
        yield str(hardware.port)


posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals: this system has none")
SOURCES = (
    pytest.param(port, marks=posix), replay, simulator, pytest.param(firmware, marks=pytest.mark.firmware),
)  # fmt: skip


@pytest.fixture(params=SOURCES, ids=lambda source: source.__name__)
def host(request, tmp_path):
    with request.param(tmp_path) as url:
        candidate = Host(open_link(url, "left", None, LinkContext()))
        try:
            yield candidate
        finally:
            candidate.link.close()


class Host:
    """Reads until something has come; everything that came is kept."""

    def __init__(self, link):
        self.link = link
        self.decoder = Decoder()
        self.events = []

    def pull(self):
        try:
            data, _ = self.link.read(0.1)
        except EndOfLink:
            return False
        self.events += self.decoder.feed(data)
        return True

    def until(self, condition):
        for _ in range(300):
            if (found := condition()) is not None:
                return found
            if not self.pull():
                break
        pytest.fail(f"it did not come; this did: {self.events[-3:]}")

    def ask(self, command, value=0, after=0):
        """The reply to a command, the first behind event ``after``."""
        self.link.write(encode_command(Command(command, value)))

        def reply():
            found = [e for e in self.events[after:] if isinstance(e, Reply) and e.command == command]
            return found[0].code if found else None

        return self.until(reply)

    def identify(self):
        self.link.write(encode_command(Command(CommandType.IDENTIFY)))
        return self.until(lambda: next((e for e in self.events if isinstance(e, Identify)), None))

    def frames(self, after=0):
        batches = [e for e in self.events[after:] if isinstance(e, np.ndarray)]
        return np.concatenate(batches) if batches else np.zeros(0, dtype=frames_of([0]).dtype)

    def scans(self, count, after=0):
        return self.until(lambda: f if (f := self.frames(after)).size >= count else None)

    def quiet(self):
        """Whether nothing more comes."""
        before = len(self.events)
        for _ in range(3):
            self.pull()
        return len(self.events) == before


def test_it_says_who_it_is_and_is_silent_until_started(host):
    who = host.identify()
    assert (who.protocol_major, who.side, who.n_sensels, who.bits, who.layout) == (1, "left", 16, 10, "ref16-EU42")
    assert who.rate_hz == 1000
    assert len(who.scan_offset_us) == 16
    while not host.quiet():
        pass
    assert not host.frames().size
    assert host.ask(CommandType.STOP) == ReplyCode.OK


def test_started_it_sends_every_scan_once_and_in_order(host):
    host.identify()
    assert host.ask(CommandType.START) == ReplyCode.OK
    frames = host.scans(SCANS)
    assert frames["sequence"].tolist() == list(range(frames.size))
    assert (np.diff(frames["device_time_us"]) == 1000).all()
    assert frames["counts"].max() > 0
    assert frames["counts"].max() < 1024
    reply = next(at for at, e in enumerate(host.events) if isinstance(e, Reply) and e.command == CommandType.START)
    assert not any(isinstance(e, np.ndarray) for e in host.events[:reply])
    assert not any(isinstance(e, Damaged) for e in host.events)
    assert host.ask(CommandType.START, after=reply + 1) == ReplyCode.WRONG_STATE
    assert host.ask(CommandType.SET_RATE, 1000) == ReplyCode.WRONG_STATE


def test_stopped_it_gives_its_counters_and_is_silent(host):
    host.identify()
    assert host.ask(CommandType.START) == ReplyCode.OK
    host.scans(SCANS)
    assert host.ask(CommandType.STOP) == ReplyCode.OK
    status, reply = host.events[-2:]
    assert isinstance(status, Status)
    assert (status.frames_sent, status.frames_dropped, status.overruns) == (host.frames().size, 0, 0)
    assert reply == Reply(CommandType.STOP, ReplyCode.OK)
    assert host.quiet()
    assert host.ask(CommandType.STOP) == ReplyCode.OK


def test_started_anew_it_counts_from_0_but_its_time_goes_on(host):
    host.identify()
    assert host.ask(CommandType.START) == ReplyCode.OK
    first = host.scans(SCANS)
    assert host.ask(CommandType.STOP) == ReplyCode.OK
    behind = len(host.events)
    assert host.ask(CommandType.START, after=behind) == ReplyCode.OK
    again = host.scans(SCANS // 2, after=behind)
    assert again["sequence"].tolist() == list(range(again.size))
    if not host.link.url.startswith("replay://"):  # which plays the same moments again
        assert again["device_time_us"][0] > first["device_time_us"][-1]


def test_what_it_does_not_know_and_what_is_damaged(host):
    host.identify()
    assert host.ask(0xF0) == ReplyCode.UNKNOWN_COMMAND
    assert host.ask(CommandType.SET_RATE, 50) == ReplyCode.BAD_VALUE
    while not host.quiet():
        pass
    host.link.write(b"\0\x03\x82\x9d\xa9\0")  # *start* with a wrong check sum
    assert host.quiet()
    host.link.close()
    host.link.close()
