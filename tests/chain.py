"""The whole chain in tests: the firmware on its desk, the link, the host; and what the desk wrote down about it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from desk import CONVERSION, FIRST, START, Written

from acquisition.eeprom import eeprom_image
from acquisition.feed import walk_feed
from acquisition.handshake import Insole
from acquisition.knobs import parse_knobs
from acquisition.link import LinkContext, open_link
from acquisition.protocol import Damaged, Decoder, encode_command
from acquisition.recorder import RecordRequest, record
from acquisition.silicon import SimulatedHardware, build_desk, build_firmware
from insole.frame import Command, CommandType, Identify, Pulse, Reply, Status
from insole.trial import Spans, TrialInfo, open_trial

BOOTS = 41


def knobs_of(side="left", query="", spans=None):
    return parse_knobs(f"sim://{side}?{query}", side, Spans() if spans is None else spans)


@contextmanager
def simulated(folder, board="mega", side="left", query="", *, spans=None, seconds=60.0, faults="", pulses="", elf=None,
              paced=False, image=None, **options):  # fmt: skip
    """A board on its desk; the desk writes ``truth`` and ``report`` into ``folder`` when it ends.

    It ends ``seconds`` after *start*, or when the host has stopped the board and hung up; with 0 it stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    knobs = knobs_of(side, query, spans)
    more = {"seconds": seconds, "truth": folder / "truth", "report": folder / "report"}
    for name, text in (("faults", faults), ("pulses", pulses)):
        if text:
            (folder / name).write_text(text)
            more[name] = folder / name
    if image is None:
        image = eeprom_image(side, f"T-{side}", knobs.layout.name, knobs.r_m_ohm, knobs.circuit, BOOTS)
    more |= {name.replace("_", "-"): value for name, value in options.items()}
    hardware = SimulatedHardware(
        board, folder / "port", walk_feed(knobs, seconds or None), image, elf=elf or build_firmware(board),
        desk=build_desk(), paced=paced, options=more,
    )  # fmt: skip
    try:
        hardware.wait_ready()
        yield hardware
    finally:
        hardware.close()


@dataclass
class Run:
    """What a host got from one session, in order, and what the desk wrote down."""

    identify: Identify
    events: list = field(default_factory=list)
    raw: bytes = b""
    written: Written | None = None

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def frames(self):
        batches = self.of(np.ndarray)
        return np.concatenate(batches) if batches else np.zeros(0, dtype=[("sequence", "u2"), ("device_time_us", "u4")])

    @property
    def index(self):
        """Absolute scan numbers of the frames: nothing of 65 536 scans or more may be missing."""
        return np.unwrap(self.frames["sequence"].astype(np.int64), period=65_536)

    @property
    def damaged(self):
        return len(self.of(Damaged))


def latched(written):
    """Codes that the ADC latched since the last *start*, u2[scans, 16], and the true times of the samples, µs."""
    conversions = written.of(CONVERSION)
    conversions = conversions[conversions["t_us"] >= written.of(START)["t_us"][-1]]
    scans = conversions.size // 16
    conversions = conversions[: scans * 16]
    assert not (conversions["kind"] & FIRST).any(), "a first conversion, which is less exact, was used"
    assert (conversions["channel"].reshape(scans, 16) == np.arange(16)).all(), "conversions are not in channel order"
    return conversions["code"].reshape(scans, 16), conversions["t_us"].reshape(scans, 16)


def session(hardware, scans, *, rate_hz=None):
    """Identify, set the rate, start, read ``scans`` scans, stop; until the stop is answered or the board was reset."""
    link = open_link(str(hardware.port), "left", None, LinkContext())
    try:
        insole = Insole("left", link.url, link, None)
        assert isinstance(insole.ask(Command(CommandType.IDENTIFY), 10.0), Identify)
        insole.demand(Command(CommandType.STOP))
        if rate_hz is not None:
            insole.set_rate(rate_hz)
        run = Run(insole.identify)
        link.write(encode_command(Command(CommandType.START)))
        _collect(run, link, insole.decoder, scans)
        return run
    finally:
        link.close()


def _collect(run: Run, link, decoder: Decoder, scans: int) -> None:
    pieces, stopping, highest, silent = [], False, -1, 0
    while silent < 200:
        data, _ = link.read(0.1)
        silent = 0 if data else silent + 1
        pieces.append(data)
        events = decoder.feed(data)
        run.events += events
        for event in events:
            if isinstance(event, np.ndarray):
                highest += (int(event["sequence"][-1]) - highest) % 65_536
        if not stopping and max(highest, decoder.damaged) >= scans - 1:
            stopping = True
            link.write(encode_command(Command(CommandType.STOP)))
        if any(isinstance(event, Identify) for event in events):
            break  # it was reset
        if any(isinstance(event, Reply) and event.command == CommandType.STOP for event in events):
            break
    run.raw = b"".join(pieces)


def run_of(folder, scans, *, rate_hz=None, before=None, **options):
    """One session from power-on to the cleared desk; ``before``: scans of another session in front of it."""
    if before is not None:
        options["seconds"] = 0  # or the desk would be left between the two
    with simulated(folder, **options) as hardware:
        if before is not None:
            session(hardware, before)
        run = session(hardware, scans, rate_hz=rate_hz)
        if before is None:
            assert hardware.wait(60.0) == 0, hardware.words
    run.written = Written(folder)
    return run


def faultless(run, scans, period_us):
    """The checks that a healthy board passes. Raises AssertionError naming what is wrong."""
    assert run.damaged == 0, "damaged packets"
    frames, status = run.frames, run.of(Status)
    assert frames.size, "no frame at all"
    assert frames["sequence"][0] == 0, "the sequence does not begin at 0"
    assert (run.index == np.arange(frames.size)).all(), "a gap, a repeated frame, or a wrong wrap"
    assert frames.size >= scans, "frames are missing"
    assert (status[-1].frames_sent, status[-1].frames_dropped, status[-1].overruns) == (frames.size, 0, 0), "counters"
    stamps = frames["device_time_us"]
    assert (np.diff(stamps) == period_us).all(), "device times are not equally spaced"
    codes, times_us = latched(run.written)
    assert codes.shape[0] >= frames.size, "frames that no scan made"
    assert (frames["counts"] == codes[: frames.size]).all(), "counts are not what the ADC latched"
    drift = (times_us[: frames.size, 0] - times_us[0, 0]) - period_us * np.arange(frames.size)
    assert np.abs(drift).max() < 10.0, "scans are not made when their stamps say"
    last = 0
    for event in run.events:
        # A status carries the time of now, between the frame it follows and a moment later; so does a pulse.
        if isinstance(event, np.ndarray):
            last = int(event["device_time_us"][-1])
        elif isinstance(event, Status | Pulse) and last:
            late = (event.device_time_us - last) % 2**32
            assert late < 20 * period_us or late > 2**32 - 20 * period_us, "the board's clock does not fit its frames"


INFO = TrialInfo(subject="S01", mass_kg=70.0, size_eu=42.0, condition="barefoot")


def recorded(folder, duration_s, info=INFO, **ports):
    """What ``insole record`` makes of boards: the outcome and the trial."""
    urls = {side: str(port) for side, port in ports.items()}
    outcome = record(RecordRequest(folder / "t.h5", info, urls, duration_s))
    return outcome, open_trial(outcome.path)
