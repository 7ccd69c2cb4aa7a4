"""The simulated insole as a link: bytes of the protocol, answers of a board, injected faults, virtual time."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from acquisition.link import Link, LinkContext, open_link
from acquisition.protocol import Decoder, encode_command
from acquisition.simulator import SimulatedInsole
from acquisition.truth import mli, mt34, region_means
from insole.calibration import Electronics, nominal_calibration
from insole.errors import LinkError, UsageError
from insole.frame import Command, CommandType, Identify, Pulse, Reply, ReplyCode, Status
from insole.layout import named_layout
from insole.trial import Spans


class Host:
    """The least a host does: open, listen, command, decode."""

    def __init__(self, query="pace=0", side="left", context=LinkContext()):  # noqa: B008 - frozen
        self.link: Link = open_link(f"sim://{side}?{query}", side, None, context)
        self.decoder = Decoder()
        self.raw = b""
        self.host_s: list[float] = []
        self.events: list[object] = []
        self.pull()

    def pull(self, timeout_s=1.0):
        data, host_s = self.link.read(timeout_s)
        self.raw += data
        self.host_s.append(host_s)
        new = self.decoder.feed(data)
        self.events += new
        return new

    def ask(self, command, value=0):
        self.link.write(encode_command(Command(command, value)))
        return self.pull()[-1]

    def start(self):
        assert self.ask(CommandType.START) == Reply(CommandType.START, ReplyCode.OK)
        return self

    def run(self, scans):
        while not len(self.frames) or self.last_scan < scans - 1:
            self.pull()
        return self

    @property
    def frames(self):
        batches = [event for event in self.events if isinstance(event, np.ndarray)]
        return np.concatenate(batches) if batches else np.empty(0)

    @property
    def last_scan(self):
        stamps = np.unwrap(self.frames["device_time_us"].astype(float), period=2**32)
        return round((stamps[-1] - stamps[0]) * 1e-6 * self.identify.rate_hz) + int(self.frames["sequence"][0])

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def identify(self):
        return self.of(Identify)[-1]


def scans_of(host):
    """Scan numbers of the frames, from device time."""
    stamps = np.unwrap(host.frames["device_time_us"].astype(float), period=2**32)
    start = stamps - host.frames["sequence"][0] * 1e6 / host.identify.rate_hz
    return np.rint((stamps - start[0]) * 1e-6 * host.identify.rate_hz).astype(int)


def test_boots_identifies_and_stays_silent_until_start():
    host = Host("pace=0&bits=12&circuit=fsr_low&r_m_ohm=2200&rate=500&size=44&seed=7")
    assert host.raw[:1] == b"\0"
    who = host.identify
    assert (who.side, who.n_sensels, who.bits, who.circuit, who.r_m_ohm, who.layout, who.rate_hz) == (
        "left", 16, 12, "fsr_low", 2200.0, "ref16-EU44", 500,
    )  # fmt: skip
    assert host.link.read(0.01)[0] == b""
    assert host.ask(CommandType.IDENTIFY) == who
    assert host.link.read(0.01)[0] == b""


def test_commands_are_answered_as_the_protocol_says():
    host = Host()
    assert host.ask(CommandType.SET_RATE, 500) == Reply(CommandType.SET_RATE, ReplyCode.OK)
    assert host.ask(CommandType.SET_RATE, 50).code == ReplyCode.BAD_VALUE
    assert host.ask(CommandType.SET_SIDE, 1) == Reply(CommandType.SET_SIDE, ReplyCode.OK)
    assert host.ask(CommandType.SET_SIDE, 3).code == ReplyCode.BAD_VALUE
    assert host.ask(CommandType.SYNC_OUT, 0).code == ReplyCode.BAD_VALUE
    assert host.ask(0x99).code == ReplyCode.UNKNOWN_COMMAND
    assert (host.ask(CommandType.IDENTIFY).rate_hz, host.identify.side) == (500, "right")
    assert host.ask(CommandType.STOP) == Reply(CommandType.STOP, ReplyCode.OK)
    host.start().run(600)
    assert np.unique(np.diff(host.frames["device_time_us"].astype(int))).tolist() == [2000]
    for command, value in ((CommandType.START, 0), (CommandType.SET_RATE, 100), (CommandType.SET_SIDE, 0)):
        assert host.ask(command, value).code == ReplyCode.WRONG_STATE
    assert host.ask(CommandType.STOP).code == ReplyCode.OK
    sent = len(host.frames)
    assert (host.of(Status)[-1].frames_sent, host.of(Status)[-1].frames_dropped) == (sent, 0)
    assert host.link.read(0.01)[0] == b""
    host.link.write(b"\0\x03\x84\x02\x02\0")  # a damaged command gets no answer
    assert host.link.read(0.01)[0] == b""


def test_a_short_command_is_refused():
    host = Host()
    from acquisition.protocol import encode_packet

    host.link.write(encode_packet(CommandType.SET_RATE, b"\x10"))
    assert host.pull()[-1].code == ReplyCode.BAD_LENGTH


def test_commands_may_arrive_in_pieces():
    host = Host()
    for byte in encode_command(Command(CommandType.START)):
        host.link.write(bytes((byte,)))
    assert host.pull()[-1] == Reply(CommandType.START, ReplyCode.OK)


def test_frames_count_and_status_once_a_second():
    host = Host("pace=0&boot_us=5000000").start().run(3000)
    frames = host.frames
    assert np.array_equal(frames["sequence"], np.arange(len(frames)))
    assert np.array_equal(frames["device_time_us"], 5_000_000 + 1000 * np.arange(len(frames)))
    assert [(s.device_time_us, s.frames_sent) for s in host.of(Status)] == [
        (5_000_000 + 1_000_000 * k, 1000 * k) for k in range(1, len(frames) // 1000 + (len(frames) % 1000 > 0))
    ]
    before = [
        sum(len(batch) for batch in host.events[:i] if isinstance(batch, np.ndarray))
        for i, event in enumerate(host.events)
        if isinstance(event, Status)
    ]
    assert before == [s.frames_sent for s in host.of(Status)]
    assert host.decoder.damaged == 0
    assert np.diff(host.host_s).min() >= 0.0
    assert host.host_s[-1] == pytest.approx(len(frames) / 1000.0, abs=0.002)


def test_rates_that_do_not_divide_a_second_are_stamped_rounded():
    host = Host("pace=0&rate=700&boot_us=0").start().run(1500)
    np.testing.assert_array_equal(
        host.frames["device_time_us"], np.rint(np.arange(len(host.frames)) * 1e6 / 700).astype(int)
    )
    assert [s.frames_sent for s in host.of(Status)][:2] == [700, 1400]


def test_same_url_same_bytes_whatever_the_pace_and_the_reads():
    query = "jitter=0.02&dropout=0.02&noise_lsb=1&seed=11&damage=77&gain_sd=0.1"
    fast = Host(f"{query}&pace=0").start().run(1500)
    slow = Host(f"{query}&pace=200").start()
    while len(slow.raw) < len(fast.raw):
        slow.pull(0.001)
    size = min(len(fast.raw), len(slow.raw))
    assert fast.raw[:size] == slow.raw[:size]
    assert slow.link.realtime
    assert not fast.link.realtime
    other = Host(f"{query.replace('seed=11', 'seed=12')}&pace=0").start().run(1500)
    assert other.raw[:size] != fast.raw[:size]


def test_stop_and_start_give_the_same_trial_at_a_later_device_time():
    host = Host("pace=0&boot_us=1000&seed=3").start().run(500)
    first = host.frames
    host.ask(CommandType.STOP)
    stopped_s = host.host_s[-1]
    host.events = [host.identify]
    host.start().run(500)
    n = min(len(first), len(host.frames))
    assert np.array_equal(first["counts"][:n], host.frames["counts"][:n])
    assert host.frames["sequence"][0] == 0
    assert host.frames["device_time_us"][0] == 1000 + 1000 * len(first)
    assert host.host_s[-1] > stopped_s


def test_device_time_wraps():
    host = Host(f"pace=0&boot_us={2**32 - 500_000}").start().run(1100)
    step = np.diff(host.frames["device_time_us"])  # u4 arithmetic wraps as well
    assert (step == 1000).all()
    assert host.frames["device_time_us"][500] == 0
    assert host.of(Status)[0].device_time_us == 500_000


def test_injected_losses_are_where_they_were_asked_for():
    host = Host("pace=0&lose=100:30;990:20&drop=500:7&damage=700;3").start().run(2500)
    sent = scans_of(host)
    missing = sorted(set(range(sent[-1] + 1)) - set(sent))
    assert missing == sorted([*range(100, 130), *range(990, 1010), *range(500, 507), 3, 700])
    assert np.array_equal(host.frames["sequence"], sent % 65536)
    assert host.decoder.damaged == 2
    # The first second's status is lost with the frames around it; the next counts what the board dropped, nothing else.
    assert (host.of(Status)[0].frames_sent, host.of(Status)[0].frames_dropped) == (1993, 7)


@pytest.mark.parametrize("count", [65536, 131072])
def test_a_gap_of_whole_sequence_rounds_shows_only_in_time_and_status(count):
    host = Host(f"pace=0&lose=1500:{count}&noise_lsb=0&gait=stand&standing_s=0").start().run(1500 + count + 1000)
    step = np.diff(host.frames["sequence"])
    assert (step == 1).all()
    jump = np.diff(host.frames["device_time_us"])
    assert int(jump.max()) == 1000 * (count + 1)
    late = [s for s in host.of(Status) if s.frames_sent > 1500 + count]
    assert len(host.of(Status)) - len(late) == 1
    assert late[0].frames_sent % 1000 == 0


def test_dropout_loses_its_share_in_bursts():
    host = Host("pace=0&dropout=0.05&seed=2&gait=stand").start().run(40_000)
    sent = scans_of(host)
    lost = np.diff(sent)[np.diff(sent) > 1] - 1
    assert lost.sum() / sent[-1] == pytest.approx(0.05, abs=0.015)
    assert lost.mean() == pytest.approx(20, rel=0.35)
    assert (np.diff(host.frames["sequence"].astype(int)) % 65536 == np.diff(sent)).all()


def test_clock_error_runs_the_device_against_virtual_time():
    fast, exact = (Host(f"pace=0&clock_ppm={ppm}&noise_lsb=0&boot_us=0").start().run(40_000) for ppm in (40_000, 0))
    # Device time stays a perfect grid; the walk under it is sampled at true times, so strides look 4 % longer.
    assert (np.diff(fast.frames["device_time_us"].astype(int)) == 1000).all()
    loaded = [(host.frames["counts"].sum(axis=1) > 0).astype(int) for host in (fast, exact)]
    ends = [int(np.flatnonzero(np.diff(x) == 1)[40]) for x in loaded]
    assert ends[0] / ends[1] == pytest.approx(1.04, abs=1e-3)
    assert fast.host_s[-1] == pytest.approx(len(fast.frames) / 1000 / 1.04, abs=0.002)


def test_feet_are_half_a_stride_apart_on_one_virtual_clock():
    left, right = (Host("pace=0&noise_lsb=0&boot_us=0", side).start().run(5000) for side in ("left", "right"))
    loaded = [host.frames["counts"].sum(axis=1) > 0 for host in (left, right)]
    onset = [np.flatnonzero(np.diff(x.astype(int)) == 1) for x in loaded]
    assert onset[0] == pytest.approx(750 * np.arange(onset[0].size), abs=3)
    assert onset[1] == pytest.approx(375 + 750 * np.arange(onset[1].size), abs=3)
    assert left.host_s[-1] == right.host_s[-1]


def pressures(host, scans):
    """Baselined pressures in sensel order through the nominal curve, kPa."""
    who = host.identify
    layout = named_layout(who.layout)
    table = nominal_calibration(16).table_kpa(Electronics(who.circuit, who.r_m_ohm, who.bits), layout.area_mm2)
    counts = host.frames["counts"][scans][:, layout.channel]
    return np.stack([table[i][counts[:, i]] for i in range(16)], axis=1), layout


TRUTH = {  # spec 11.1: MLI, MT34
    ("run", 0.1): (21.143729, 39.408929), ("run", 0.2): (29.852481, 37.158822),
    ("walk", 0.1): (23.464989, 39.631113),
}  # fmt: skip


@pytest.mark.parametrize(
    ("gait", "delta", "query", "tolerance"),
    [
        ("run", 0.1, "", 0.2),
        ("run", 0.2, "&size=44&noise_lsb=1", 0.2),
        ("walk", 0.1, "&r_m_ohm=470", 0.2),
        ("walk", 0.1, "&r_m_ohm=10000&noise_lsb=0", 0.2),
        ("run", 0.1, "&circuit=fsr_low&bits=12", 0.2),
        ("run", 0.1, "&preload_n=0.8", 0.3),
        ("run", 0.1, "&hysteresis=0.1", 0.3),
        ("walk", 0.1, "&hysteresis=0.1", 0.3),
    ],
)
def test_counts_integrate_to_the_printed_truth(gait, delta, query, tolerance):
    strides, length = 4, 750 if gait == "run" else 860
    host = Host(f"pace=0&gait={gait}&medial={delta}&unloaded_s=2{query}").start().run(2000 + strides * length)
    unloaded, layout = pressures(host, slice(0, 2000))
    kpa, _ = pressures(host, slice(2000, 2000 + strides * length))
    pti = np.maximum(kpa - np.median(unloaded, axis=0), 0.0).sum(axis=0)
    region = region_means(layout, pti)
    index, share = TRUTH[gait, delta]
    assert mli(region) == pytest.approx(index, abs=tolerance)
    if "hysteresis" not in query:
        assert mt34(region) == pytest.approx(share, abs=tolerance)


def test_static_force_scale_of_the_standing_span():
    context = LinkContext(Spans(0.0, 2.0, 0.0), mass_kg=70.0)
    load = 0.0
    for side in ("left", "right"):
        kpa, layout = pressures(Host("pace=0&medial=0.1", side, context).start().run(2000), slice(100, 1900))
        load += float(kpa.mean(axis=0) @ layout.trib_area_mm2) / 1000.0
    assert 70 * 9.80665 / load == pytest.approx(0.7465, rel=0.01)


def test_sync_output_is_wired_to_the_sync_input():
    host = Host("pace=0&boot_us=0").start().run(500)
    at = len(host.frames)
    host.ask(CommandType.SYNC_OUT, 300)
    host.run(at + 1000)
    flags = host.frames["flags"]
    assert np.flatnonzero(flags == 3).tolist() == list(range(at, at + 300))
    assert host.of(Pulse) == [Pulse(1000 * at, "sync", 1, 1), Pulse(1000 * (at + 300), "sync", 2, 0)]


def test_a_reader_that_waits_is_woken_by_a_command():
    host = Host()
    timer = threading.Timer(0.05, lambda: host.link.write(encode_command(Command(CommandType.IDENTIFY))))
    timer.start()
    assert isinstance(host.pull(60.0)[0], Identify)
    timer.join()


def test_paced_reads_return_in_bounded_time_and_in_order():
    host = Host("pace=50").start()
    while len(host.frames) < 1000:
        host.pull(0.005)
    assert np.array_equal(host.frames["sequence"], np.arange(len(host.frames)))
    assert host.link.read(0.0)[1] <= (len(host.frames) + 50) / 1000 + 0.002


def test_a_closed_insole_says_so():
    host = Host()
    host.link.close()
    host.link.close()
    with pytest.raises(LinkError, match="closed"):
        host.link.read(0.1)
    with pytest.raises(LinkError, match="closed"):
        host.link.write(b"\0")


def test_bad_addresses_are_usage_errors():
    for url in ("sim://right", "sim://left?wobble=1", "sim://left?mass=-1"):
        with pytest.raises(UsageError):
            SimulatedInsole(url, "left", LinkContext())
