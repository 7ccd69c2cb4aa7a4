"""Links: what can go wrong when a port is opened or lost, and stored trials that come back as bytes of the protocol."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import serial
from numpy.typing import NDArray
from serial.tools import list_ports

from acquisition.link import EndOfLink, Link, LinkContext, SerialLink, available_ports, open_link
from acquisition.protocol import Decoder, Event, encode_command
from acquisition.replay import parse_replay_url
from insole.calibration import Electronics
from insole.errors import LinkError, TrialFileError, UsageError
from insole.frame import Command, CommandType, Identify, Pulse, Reply, ReplyCode, Status, frame_dtype
from insole.hdf5 import write_trial
from insole.layout import reference_layout
from insole.recording import GAP, Recording
from insole.trial import Foot, Trial, TrialInfo

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals: this system has none")

START, STOP, IDENTIFY = (Command(kind) for kind in (CommandType.START, CommandType.STOP, CommandType.IDENTIFY))


def opened(url: str, side: str = "left", baud: int | None = None) -> Link:
    return open_link(url, side, baud, LinkContext())


# --- addresses and ports ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("carrier-pigeon://left", UsageError, "carrier-pigeon://left: this kind of address is not known"),
        ("", UsageError, "no address for the left insole"),
        ("socket://localhost", LinkError, "can't be opened"),
        ("hwgrep://no-such-thing-anywhere", LinkError, "can't be opened"),
    ],
)
def test_addresses_that_cannot_be_meant(url: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        opened(url)
    assert "\n" not in str(caught.value)


@posix
def test_a_port_that_is_not_there_and_things_that_are_no_port(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("kept")
    with pytest.raises(LinkError, match="there is no such port"):
        opened(str(tmp_path / "ttyUSB7"))
    for path in (tmp_path, file):
        with pytest.raises(LinkError, match="this is not a serial port"):
            opened(str(path))
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (serial.SerialException(13, "could not open port: Permission denied"), "dialout"),
        (serial.SerialException(16, "could not open port: Device or resource busy"), "another program uses this port"),
        (serial.SerialException("Could not configure port: (5, 'Input/output error')"), "check cable"),
        (OSError(5, "Input/output error"), "check cable"),
    ],
)
def test_ports_that_refuse(monkeypatch: pytest.MonkeyPatch, failure: Exception, words: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(LinkError, match=words):
        opened("/dev/ttyUSB0")


def test_an_impossible_line_speed() -> None:
    with pytest.raises(UsageError, match="-5 baud"):
        opened("loop://", baud=-5)


def test_loop_gives_back_what_was_written() -> None:
    with closing(opened("loop://")) as link:
        assert link.realtime
        assert link.read(0.0)[0] == b""
        link.write(b"\x00" + bytes(range(200)))
        data, first = link.read(1.0)
        assert data == b"\x00" + bytes(range(200))
        link.write(b"x")
        assert link.read(1.0)[1] >= first
        link.close()


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the board's end as a file descriptor, the host's end as a name."""
    board, host = os.openpty()
    name = os.ttyname(host)
    os.close(host)
    yield board, name
    os.close(board)


@posix
def test_bytes_pass_through_a_terminal_both_ways(terminal: tuple[int, str]) -> None:
    board, name = terminal
    with closing(opened(name)) as link:
        sent = bytes(range(256)) * 3
        os.write(board, sent)
        got = b""
        while len(got) < len(sent):
            data, _ = link.read(5.0)
            assert data
            got += data
        assert got == sent
        link.write(encode_command(START))
        assert os.read(board, 100) == bytes.fromhex("00 04 82 9d a8 00")


@posix
def test_a_port_is_not_shared(terminal: tuple[int, str]) -> None:
    with closing(opened(terminal[1])), pytest.raises(LinkError, match="another program uses this port"):
        opened(terminal[1])


@posix
def test_an_unplugged_board_is_one_clear_error_in_every_call() -> None:
    board, host = os.openpty()
    link = opened(os.ttyname(host))
    os.close(host)
    os.close(board)
    for _ in range(2):
        with pytest.raises(LinkError, match="the device went away"):
            link.read(1.0)
        with pytest.raises(LinkError, match="the device went away"):
            link.write(b"\x00")
    link.close()
    link.close()


@posix
def test_termios_errors_are_link_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    def fail(_: bytes) -> None:
        raise termios.error(5, "Input/output error")

    link = SerialLink("loop://")
    monkeypatch.setattr(link._port, "write", fail)
    with pytest.raises(LinkError, match=r"loop://: the device went away \(Input/output error\)"):
        link.write(b"\x00")
    link.close()


def test_a_network_socket_is_not_read_byte_by_byte() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = opened(f"socket://127.0.0.1:{server.getsockname()[1]}")
        connection, _ = server.accept()
        sent = bytes(range(250)) * 40
        connection.sendall(sent)
        got, reads = b"", 0
        while len(got) < len(sent):
            got += link.read(5.0)[0]
            reads += 1
        assert got == sent
        assert reads < 100
        connection.close()
        with pytest.raises(LinkError, match="the device went away"):
            link.read(5.0)
        link.close()


def test_ports_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Port:
        def __init__(self, device: str, serial_number: str | None) -> None:
            self.device, self.description, self.serial_number = device, "USB serial", serial_number

    monkeypatch.setattr(list_ports, "comports", lambda: [Port("/dev/ttyUSB1", "A17"), Port("/dev/ttyACM0", None)])
    assert [(port.url, port.serial_number) for port in available_ports()] == [
        ("/dev/ttyACM0", None),
        ("/dev/ttyUSB1", "A17"),
    ]


def test_a_simulated_insole_is_an_address_too() -> None:
    with closing(opened("sim://right?pace=0", "right")) as link:
        link.write(encode_command(IDENTIFY))
        events = Decoder().feed(link.read(1.0)[0])
        assert isinstance(events[0], Identify)
        assert events[0].side == "right"
        assert not link.realtime


# --- stored trials ---------------------------------------------------------------------------------------------------

RATE = 200
STAMP = 2**32


def stored_foot(side: str = "left", first_s: float = 0.0, boot_us: int = STAMP - 2_000_000) -> Foot:
    """5 s at 200 Hz; scans 100-119 lost, 300-304 dropped by the board, 500-509 half of each; the µs counter wraps."""
    index = np.delete(np.arange(1000), np.r_[100:120, 300:305, 500:510])
    rng = np.random.default_rng(len(side))
    gaps = np.array(
        [(100, 20, b"lost", 0, 0), (300, 5, b"board", 0, 5), (500, 10, b"mixed", 5, 5)],
        dtype=GAP,
    )
    status = tuple(
        Status((boot_us + k * 1_000_000) % STAMP, k * RATE - d, d, d // 2, 5000 - k, 30.0 + k)
        for k, d in ((1, 0), (2, 5), (3, 10), (4, 10), (5, 10))
    )
    return Foot(
        side=side,
        recording=Recording(
            side=side,
            kind="counts",
            sample_rate_hz=RATE,
            index=index,
            time_s=first_s + index / RATE,
            values=rng.integers(0, 1024, (index.size, 16)).astype(np.uint16),
            gaps=gaps,
        ),
        layout=reference_layout(),
        electronics=Electronics("fsr_high", 1000.0, 10),
        identify=Identify(
            1, 0, "1.0", "mega", "A17", 77, side, 16, 10, "fsr_high", 1000.0, "ref16-EU42", RATE, (0,) * 16, 0x7F
        ),
        status=status,
        pulses=(Pulse((boot_us + 250_100) % STAMP, "belt", 9), Pulse((boot_us + 4_750_300) % STAMP, "sync", 3, 0)),
        device_time_us=((boot_us + index * 5000) % STAMP).astype(np.uint32),
        frame_flags=(index // 64 % 2).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def trial_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "walk.h5"
    feet = {"left": stored_foot(), "right": stored_foot("right", first_s=0.37, boot_us=12_345)}
    write_trial(path, Trial(info=TrialInfo(started_utc="2026-11-20T10:00:00Z"), feet=feet))
    return path


def played(link: Link) -> tuple[list[Event], list[float]]:
    """Everything from *start* to the end of the source: events, and host times of the chunks."""
    decoder = Decoder()
    events: list[Event] = []
    times: list[float] = []
    link.write(encode_command(IDENTIFY))
    link.write(encode_command(START))
    for _ in range(10_000):
        try:
            data, host_s = link.read(1.0)
        except EndOfLink:
            assert decoder.damaged == 0
            return events, times
        events += decoder.feed(data)
        times.append(host_s)
    pytest.fail("the replay has no end")


def frames_of(events: list[Event]) -> NDArray[np.void]:
    return np.concatenate([event for event in events if isinstance(event, np.ndarray)])


def answer(link: Link, command: Command) -> int:
    """Reply code of a command."""
    link.write(encode_command(command))
    replies = [event for event in Decoder().feed(link.read(1.0)[0]) if isinstance(event, Reply)]
    assert [reply.command for reply in replies] == [command.type]
    return replies[0].code


def test_replayed_frames_are_the_stored_ones(trial_path: Path) -> None:
    foot = stored_foot()
    with closing(opened(f"replay://{trial_path}?pace=0")) as link:
        assert not link.realtime
        assert link.read(0.0)[0] == b""
        events, times = played(link)
    identify = events[0]
    assert isinstance(identify, Identify)
    assert (identify.side, identify.layout, identify.rate_hz, identify.boot_id) == ("left", "ref16-EU42", RATE, 77)
    assert identify.capabilities == 0x63  # it has no outputs and can't change rate or side
    assert events[1] == Reply(CommandType.START, ReplyCode.OK)
    frames = frames_of(events)
    assert foot.device_time_us is not None
    assert foot.frame_flags is not None
    assert frames.dtype == frame_dtype(16)
    assert np.array_equal(frames["sequence"], foot.recording.index)
    assert np.array_equal(frames["counts"], foot.recording.values)
    assert np.array_equal(frames["device_time_us"], foot.device_time_us)
    assert np.array_equal(frames["flags"], foot.frame_flags)
    assert times[-1] == pytest.approx(999 / RATE)
    assert all(a <= b for a, b in pairwise(times))


def test_replayed_status_counts_every_scan_before_it(trial_path: Path) -> None:
    with closing(opened(f"replay://{trial_path}?pace=0")) as link:
        events, _ = played(link)
    last = -1
    seen: list[Status] = []
    for event in events:
        if isinstance(event, np.ndarray):
            first, last = int(event["sequence"][0]), int(event["sequence"][-1])
            assert not seen or first >= seen[-1].frames_sent + seen[-1].frames_dropped
        elif isinstance(event, Status):
            assert last < event.frames_sent + event.frames_dropped
            seen.append(event)
    scans = [status.frames_sent + status.frames_dropped for status in seen]
    assert scans == [200, 400, 600, 800, 1000]
    assert [status.frames_dropped for status in seen] == [0, 5, 10, 10, 10]
    assert [status.supply_mv for status in seen] == [4999, 4998, 4997, 4996, 4995]
    assert [(status.device_time_us + 2_000_000) % STAMP for status in seen[:4]] == [
        1_000_000,
        2_000_000,
        3_000_000,
        4_000_000,
    ]


def test_replayed_pulses_keep_their_device_time_across_the_wrap(trial_path: Path) -> None:
    with closing(opened(f"replay://{trial_path}?pace=0")) as link:
        events, _ = played(link)
    assert [event for event in events if isinstance(event, Pulse)] == list(stored_foot().pulses)


def test_both_feet_come_back_on_one_base(trial_path: Path) -> None:
    first_times = []
    for side in ("left", "right"):
        with closing(opened(f"replay://{trial_path}?pace=0", side)) as link:
            _, times = played(link)
            first_times.append(times[-1])
    assert first_times[1] - first_times[0] == pytest.approx(0.37)


def test_a_paced_replay_gives_the_same_events(trial_path: Path) -> None:
    with (
        closing(opened(f"replay://{trial_path}?pace=0")) as fast,
        closing(opened(f"replay://{trial_path}?pace=40")) as slow,
    ):
        assert slow.realtime
        expected, _ = played(fast)
        events, _ = played(slow)
    for kind in (Status, Pulse, Identify, Reply):
        assert [e for e in events if isinstance(e, kind)] == [e for e in expected if isinstance(e, kind)]
    assert np.array_equal(frames_of(events), frames_of(expected))


def test_commands_of_a_replay(trial_path: Path) -> None:
    with closing(opened(f"replay://{trial_path}?pace=0")) as link:
        assert answer(link, STOP) == ReplyCode.OK
        assert answer(link, Command(CommandType.SET_RATE, RATE)) == ReplyCode.OK
        assert answer(link, Command(CommandType.SET_RATE, 1000)) == ReplyCode.BAD_VALUE
        assert answer(link, Command(CommandType.SET_SIDE, 0)) == ReplyCode.OK
        assert answer(link, Command(CommandType.SET_SIDE, 1)) == ReplyCode.BAD_VALUE
        assert answer(link, Command(CommandType.SYNC_OUT, 5)) == ReplyCode.UNKNOWN_COMMAND
        assert answer(link, Command(0xF0)) == ReplyCode.UNKNOWN_COMMAND
        assert answer(link, START) == ReplyCode.OK
        assert answer(link, START) == ReplyCode.WRONG_STATE
        assert answer(link, Command(CommandType.SET_RATE, RATE)) == ReplyCode.WRONG_STATE


def test_stop_ends_with_a_status_of_what_was_sent_and_start_begins_again(trial_path: Path) -> None:
    with closing(opened(f"replay://{trial_path}?pace=0")) as link:
        decoder = Decoder()
        link.write(encode_command(IDENTIFY) + encode_command(START))
        events = [event for _ in range(9) for event in decoder.feed(link.read(1.0)[0])]
        sent = frames_of(events)
        link.write(encode_command(STOP))
        status, reply = decoder.feed(link.read(1.0)[0])
        assert isinstance(status, Status)
        assert status.frames_sent + status.frames_dropped == int(sent["sequence"][-1]) + 1
        assert reply == Reply(CommandType.STOP, ReplyCode.OK)
        assert link.read(0.0)[0] == b""
        again, _ = played(link)
    assert np.array_equal(frames_of(again)["sequence"], stored_foot().recording.index)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("replay://trial.h5", ("trial.h5", 1.0)),
        ("replay:///data/a b.h5?pace=0", ("/data/a b.h5", 0.0)),
        ("replay://C:\\data\\trial.h5?pace=2.5", ("C:\\data\\trial.h5", 2.5)),
        ("replay://what?.h5", ("what?.h5", 1.0)),
    ],
)
def test_replay_addresses(url: str, expected: tuple[str, float]) -> None:
    assert parse_replay_url(url) == expected


@pytest.mark.parametrize(
    "url", ["replay://", "replay://t.h5?speed=2", "replay://t.h5?pace=fast", "replay://t.h5?pace=-1"]
)
def test_replay_addresses_that_cannot_be_meant(url: str) -> None:
    with pytest.raises(UsageError):
        opened(url)


def test_trials_that_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(TrialFileError):
        opened(f"replay://{tmp_path / 'none.h5'}")
    one = tmp_path / "one.h5"
    write_trial(one, Trial(info=TrialInfo(), feet={"left": stored_foot()}))
    with pytest.raises(LinkError, match="no right insole, only left"):
        opened(f"replay://{one}", "right")
    plain = stored_foot()
    plain.identify = None
    anonymous = tmp_path / "anonymous.h5"
    write_trial(anonymous, Trial(info=TrialInfo(), feet={"left": plain}))
    with pytest.raises(LinkError, match="no raw counts of an insole"):
        opened(f"replay://{anonymous}")
