"""From an address to samples: the handshake, the one reading loop, and every way it can end."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from board import Board, counts_of, identify

from acquisition import handshake, reader
from acquisition.handshake import Insole, connect, connect_all
from acquisition.link import LinkContext
from acquisition.reader import Reader, Sink, read_all
from insole.errors import LinkError, ProtocolError, TrialFileError, UsageError
from insole.frame import Command, CommandType, ReplyCode

CONTEXT = LinkContext()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Every wait of the loop, made short."""
    for module, name, seconds in (
        (handshake, "IDENTIFY_WITHIN_S", 0.3), (handshake, "ANSWER_WITHIN_S", 0.3), (handshake, "ASK_AGAIN_S", 0.03),
        (reader, "ANSWER_WITHIN_S", 0.3), (reader, "ASK_AGAIN_S", 0.03), (reader, "SILENT_S", 0.2),
        (reader, "RENDERING_S", 0.3), (reader, "LAST_WORDS_S", 0.2), (reader, "TICK_S", 0.01),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, seconds)


@pytest.fixture
def plug(monkeypatch):
    """``plug(left=board)``: what opening hand://left gives; a list gives one board an opening."""
    opened = []

    def put(**boards):
        def open_link(url, side, baud, context):
            opened.append((side, baud))
            board = boards[side]
            return board.pop(0) if isinstance(board, list) else board

        monkeypatch.setattr(handshake, "open_link", open_link)
        return opened

    return put


class Kept(Sink):
    """A sink that remembers."""

    def __init__(self):
        self.bytes, self.samples, self.order = [], [], []

    def take_bytes(self, side, data, host_s):
        self.bytes.append(data)
        self.order.append("bytes")

    def take_samples(self, side, samples):
        self.samples.append(samples)
        self.order.append("samples")

    @property
    def index(self):
        return np.concatenate([s["index"] for s in self.samples]) if self.samples else np.zeros(0)


def ready(board, side="left"):
    """An insole behind its handshake."""
    insole = Insole(side, board.url, board, None)
    insole.demand(Command(CommandType.IDENTIFY))
    return insole


def read(board, n_samples=2000):
    kept = Kept()
    one = Reader(ready(board), n_samples, [kept])
    read_all([one], lambda: False, lambda: None)
    return one, kept


# --- handshake -------------------------------------------------------------------------------------------------------


def test_a_device_is_identified_and_made_quiet(plug):
    board = Board()
    opened = plug(left=board)
    insole = connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert insole.identify == identify()
    assert board.commands == ["IDENTIFY", "STOP"]
    assert opened == [("left", 1_000_000)]
    assert not board.closed


def test_a_board_that_boots_is_asked_again(plug):
    board = Board(deaf_for=4)
    plug(left=board)
    connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert board.commands == ["IDENTIFY"] * 5 + ["STOP"]


def test_a_board_that_streams_already_goes_quiet(plug):
    board = Board(running=True, scans=10**6)
    plug(left=board)
    insole = connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert insole.link.read(0.01)[0] == b""


def test_the_second_speed_is_tried_and_the_first_port_closed(plug):
    wrong, right = Board(unanswered=list(CommandType)), Board()
    opened = plug(left=[wrong, right])
    connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert opened == [("left", 1_000_000), ("left", 500_000)]
    assert (wrong.closed, right.closed) == (True, False)


def test_a_device_that_never_identifies_itself_is_refused(plug):
    boards = [Board(unanswered=list(CommandType)) for _ in range(2)]
    plug(left=list(boards))
    with pytest.raises(LinkError, match=r"left: no insole identified itself .* at 1000000 and 500000 baud; check"):
        connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert all(board.closed for board in boards)


def test_a_given_speed_is_the_only_one(plug):
    opened = plug(left=Board(unanswered=list(CommandType)))
    with pytest.raises(LinkError, match="250000 baud"):
        connect("left", "hand://left", 250_000, CONTEXT, lambda: False)
    assert opened == [("left", 250_000)]


def test_a_newer_protocol_is_refused_by_name(plug):
    board = Board(who=identify(protocol_major=2))
    plug(left=board)
    with pytest.raises(ProtocolError, match=r"left: the device speaks protocol 2\.0.*update Insole"):
        connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert board.closed


def test_a_newer_minor_version_is_fine(plug):
    plug(left=Board(who=identify(protocol_minor=7), minor_bytes=b"later fields"))
    assert connect("left", "hand://left", None, CONTEXT, lambda: False).identify.protocol_minor == 7


def test_a_device_that_does_not_stop_is_refused(plug):
    board = Board(unanswered=[CommandType.STOP])
    plug(left=board)
    with pytest.raises(LinkError, match="does not answer 'stop'"):
        connect("left", "hand://left", None, CONTEXT, lambda: False)
    assert board.closed


def test_stopping_ends_the_waiting(plug):
    left, right = Board(unanswered=list(CommandType)), Board(who=identify(side="right"))
    plug(left=left, right=right)
    asked = []
    with pytest.raises(KeyboardInterrupt):
        connect_all(
            {"left": "hand://left", "right": "hand://right"}, None, CONTEXT, lambda: len(asked) > 1 or asked.append(1)
        )
    assert left.closed
    assert right.closed


def test_one_refusal_closes_both_and_is_the_one_told(plug):
    left, right = Board(unanswered=list(CommandType)), Board(who=identify(protocol_major=3))
    plug(left=left, right=right)
    with pytest.raises(ProtocolError, match="right: the device speaks protocol 3"):
        connect_all({"left": "hand://left", "right": "hand://right"}, None, CONTEXT, lambda: False)
    assert left.closed
    assert right.closed


def test_a_rate_the_line_can_not_carry_is_refused():
    board = Board(who=identify(rate_hz=2000))
    insole = Insole("left", "hand://left", board, 500_000)
    insole.demand(Command(CommandType.IDENTIFY))
    with pytest.raises(LinkError, match="2000 Hz, more than a line of 500000 baud"):
        insole.check_rate()


def test_a_rate_is_set_and_identified_anew():
    insole = ready(Board())
    insole.set_rate(500)
    assert insole.identify.rate_hz == 500
    with pytest.raises(ProtocolError, match="bad value, because"):
        ready(Board(codes={CommandType.SET_RATE: ReplyCode.BAD_VALUE})).set_rate(500)
    with pytest.raises(ProtocolError, match="two insoles of the same rate"):
        ready(Board(who=identify(capabilities=0))).set_rate(500)


# --- the loop --------------------------------------------------------------------------------------------------------


def test_exactly_the_samples_asked_for_come_through():
    one, kept = read(Board(scans=5000, chunk=333), n_samples=2000)
    assert one.failure is None
    np.testing.assert_array_equal(kept.index, np.arange(2000))
    np.testing.assert_array_equal(np.concatenate([s["counts"] for s in kept.samples]), counts_of(np.arange(2000)))
    assert one.insole.link.commands == ["IDENTIFY", "START", "STOP"]


def test_bytes_are_handed_on_before_anything_interprets_them():
    _, kept = read(Board(), n_samples=500)
    assert kept.order[0] == "bytes"
    first = kept.order.index("samples")
    assert kept.order[first - 1] == "bytes"


def test_the_last_words_are_read():
    one, kept = read(Board(chunk=250), n_samples=1000)
    assert one.insole.decoder.frames == 1000
    assert b"".join(kept.bytes).count(b"\0") > 1000 + 2  # the frames, the last status, the replies


def test_missing_samples_end_it_as_well():
    one, kept = read(Board(scans=3000, lose=range(1990, 2010)), n_samples=2000)
    assert one.failure is None
    np.testing.assert_array_equal(kept.index, np.arange(1990))


def test_a_start_that_was_lost_is_sent_again():
    board = Board()
    one = Reader(ready(board), 100, [])
    board._deaf_for = 2
    read_all([one], lambda: False, lambda: None)
    assert one.failure is None
    assert board.commands.count("START") == 3


def test_a_start_whose_answer_was_lost_is_no_failure():
    class Forgetful(Board):
        def _answer(self, command, payload):
            super()._answer(command, payload)
            if self.commands.count("START") == 1:
                self._outbox = b""  # the reply was damaged, and the line is blocked

        def read(self, timeout_s):
            return super().read(timeout_s) if self.commands.count("START") != 1 else (b"", 0.0)

    one = Reader(ready(Forgetful()), 100, [])
    read_all([one], lambda: False, lambda: None)
    assert one.insole.link.commands.count("START") == 2
    assert one.failure is None
    assert one.elapsed_s >= 0.1


@pytest.mark.parametrize(
    ("board", "message"),
    [
        (Board(scans=1500), r"had no more to give after 1\.500 s"),
        (Board(scans=1500, then="unplug"), "the device went away"),
        (Board(scans=1500, then="silence"), r"has been silent for 0\.3 s, after 1\.500 s"),
        (Board(scans=1500, then="silence", realtime=True), r"has been silent for 0\.2 s, after 1\.500 s"),
        (Board(scans=1500, then="noise", realtime=True), r"but damage for 0\.2 s, after 1\.500 s; check its cable"),
        (Board(scans=1500, then="restart"), r"restarted after 1\.500 s"),
        (Board(scans=1500, then="brown-out"), r"restarted \(brown-out reset\) after 1\.500 s"),
        (Board(scans=1500, then="anew"), r"began to count anew after 1\.500 s"),
        (Board(unanswered=[CommandType.START]), "does not answer 'start'"),
        (Board(codes={CommandType.START: ReplyCode.LINE_TOO_SLOW}), "refuses 'start': line too slow, because"),
    ],
)
def test_every_early_end_is_told(board, message):
    one, kept = read(board, n_samples=3000)
    assert one.finished
    with pytest.raises((LinkError, ProtocolError), match=message):
        raise one.failure
    assert kept.index.size in (0, 1500)


def test_a_device_that_ignores_stop_does_not_hold_it_up():
    board = Board(scans=10**7)
    one = Reader(ready(board), 100, [])
    board._unanswered = [CommandType.STOP]
    board._answer = lambda command, payload: setattr(board, "_running", True)
    read_all([one], lambda: False, lambda: None)
    assert one.finished
    assert one.failure is None


def test_a_device_that_goes_away_after_its_last_sample_is_no_failure():
    class Leaving(Board):
        def read(self, timeout_s):
            if "STOP" in self.commands:
                raise LinkError("gone")
            return super().read(timeout_s)

    one, kept = read(Leaving(), n_samples=500)
    assert one.failure is None
    assert kept.index.size == 500


def test_a_sink_that_fails_ends_it():
    class Full(Kept):
        def take_bytes(self, side, data, host_s):
            if len(self.bytes) > 5:
                raise TrialFileError("the disk is full; make room")
            super().take_bytes(side, data, host_s)

    board = Board()
    one = Reader(ready(board), 2000, [Full()])
    read_all([one], lambda: False, lambda: None)
    assert str(one.failure) == "the disk is full; make room"
    assert board.commands[-1] == "STOP"


# --- two of them -----------------------------------------------------------------------------------------------------


def two(left, right, n_samples=2000):
    kept = [Kept(), Kept()]
    readers = [
        Reader(ready(board, side), n_samples, [sink])
        for board, side, sink in zip((left, right), ("left", "right"), kept, strict=True)
    ]
    return readers, kept


def test_two_sources_without_a_clock_are_read_in_turns(monkeypatch):
    readers, kept = two(Board(chunk=100), Board(chunk=70))
    ahead = []

    def look():
        ahead.append(abs(readers[0].clock.last_index - readers[1].clock.last_index))

    monkeypatch.setattr(reader, "TICK_S", 0.0)
    read_all(readers, lambda: False, look)
    assert max(ahead) <= 100
    for sink in kept:
        np.testing.assert_array_equal(sink.index, np.arange(2000))


@pytest.mark.parametrize("realtime", [False, True])
def test_when_one_ends_early_the_other_ends_with_it(realtime):
    readers, kept = two(
        Board(scans=1000, then="unplug", realtime=realtime), Board(scans=10**6, realtime=realtime), n_samples=500_000
    )
    if realtime:
        slow = readers[1].insole.link.read

        def paced(timeout_s):
            time.sleep(0.001)
            return slow(timeout_s)

        readers[1].insole.link.read = paced
    read_all(readers, lambda: False, lambda: None)
    assert readers[0].failure is not None
    assert readers[1].failure is None
    assert kept[0].index.size == 1000
    if realtime:
        assert 1000 <= kept[1].index.size < 500_000
    else:
        assert kept[1].index.size == 1000


@pytest.mark.parametrize("realtime", [False, True])
def test_stopping_ends_both(realtime):
    readers, kept = two(Board(scans=10**7, realtime=realtime), Board(scans=10**7, realtime=realtime), n_samples=10**7)
    assert read_all(readers, lambda: all(sink.samples for sink in kept), lambda: None)
    assert all(one.finished and one.failure is None for one in readers)
    for one, sink in zip(readers, kept, strict=True):
        assert one.insole.link.commands[-1] == "STOP"
        np.testing.assert_array_equal(sink.index, np.arange(sink.index.size))


def test_paced_sources_are_read_by_a_thread_each():
    names = set()

    class Named(Kept):
        def take_samples(self, side, samples):
            names.add(threading.current_thread().name)

    readers = [Reader(ready(Board(realtime=True), side), 2000, [Named()]) for side in ("left", "right")]
    read_all(readers, lambda: False, lambda: None)
    assert threading.current_thread().name not in names
    assert all(one.failure is None for one in readers)


@pytest.mark.parametrize("realtime", [False, True])
def test_a_defect_in_a_sink_is_not_swallowed(realtime):
    class Broken(Kept):
        def take_samples(self, side, samples):
            raise ZeroDivisionError("a defect")

    readers, _ = two(Board(scans=10**7, realtime=realtime), Board(scans=10**7, realtime=realtime), n_samples=10**7)
    readers[0]._sinks = [Broken()]
    with pytest.raises(ZeroDivisionError, match="a defect"):
        read_all(readers, lambda: False, lambda: None)


def test_an_address_that_can_not_be_meant_is_refused_at_once():
    with pytest.raises(UsageError, match="no knob 'speedd'"):
        connect_all({"left": "sim://left?speedd=3"}, None, CONTEXT, lambda: False)
