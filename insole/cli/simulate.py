"""``insole simulate``: the real firmware on simulated boards, a walking foot on their sensors, a port for each."""

from __future__ import annotations

import math
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from insole.cli.console import messages, plain, quiet_option, results
from insole.errors import InsoleError, UsageError

if TYPE_CHECKING:
    from acquisition.knobs import Knobs
    from acquisition.silicon import SimulatedHardware

SIDES = ("left", "right")
SYNC_EVERY_S, SYNC_WIDTH_S = 5.0, 0.05
LONGEST_S = 86400.0
EXIT_INTERRUPTED = 130
_LOOK_S = 0.1


@click.command(
    name="simulate",
    epilog="Then, in another terminal: insole record -o T.h5 --left ./insole-left --right ./insole-right ... "
    "Time runs from the moment the host starts a board; before that the boards wait. Ctrl-C clears the desk.",
)
@click.option("--firmware", required=True, type=click.Choice(["mega", "uno"]), help="Which board to build it for.")
@click.option("--pair", is_flag=True, help="Two boards, left and right, one virtual clock, a sync wire between them.")
@click.option("--gait", type=click.Choice(["run", "walk", "stand"]), default="run", help="Default: run.")
@click.option("--medial", default="0", metavar="D[,D]", help="Medial load +D, lateral −D; for a pair left,right.")
@click.option("--seed", type=int, default=0, help="Of noise and of the serial numbers; default: 0.")
@click.option("--pace", type=click.Choice(["1", "0"]), default="1", help="1: real time; 0: as fast as it is read.")
@click.option("--seconds", type=float, metavar="N", help="Simulated s from a board's start; default: until Ctrl-C.")
@click.option("--left-link", metavar="PATH", help="Name of the left board's port; default: insole-left.")
@click.option("--right-link", metavar="PATH", help="Name of the right board's port; default: insole-right.")
@click.option("--mass-kg", type=float, default=70.0, help="Body mass; default: 70.")
@click.option("--size-eu", type=float, default=42.0, help="Size of the insole; default: 42.")
@click.option("--unloaded-s", type=float, default=0.0, help="The foot is lifted first; give what 'record' gets.")
@click.option("--standing-s", type=float, default=0.0, help="Then it stands quietly; give what 'record' gets.")
@quiet_option
def command(
    firmware: str, pair: bool, gait: str, medial: str, seed: int, pace: str, seconds: float | None,
    left_link: str | None, right_link: str | None, quiet: bool, **options: float,
) -> int:  # fmt: skip
    """Run the firmware that would be flashed, cycle by cycle, and let it measure a simulated foot."""
    links = _links(pair, left_link, right_link)
    if seconds is not None and not 0.0 < seconds <= LONGEST_S:
        raise UsageError(f"--seconds {seconds:g} is outside 0 to {LONGEST_S:g}")
    medials = _medials(medial, links)

    from acquisition.silicon import build_desk, build_firmware, require_tools

    knobs = {side: _knobs(side, gait, medials[side], seed, options) for side in links}
    require_tools()
    elf, desk = build_firmware(firmware), build_desk()
    with ExitStack() as stack:
        stop = stack.enter_context(_stop_signals())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="insole-simulate-")))
        more: dict[str, Any] = {"wait-s": 0, "seconds": seconds or 0, "seed": seed}
        if pair:
            (folder / "pulses").write_text(_sync_wire(LONGEST_S if seconds is None else seconds))
            more["pulses"] = folder / "pulses"
        boards = {}
        for side, link in links.items():
            boards[side] = _board(firmware, knobs[side], link, elf, desk, pace == "1", seconds, more)
            stack.callback(boards[side].close)
        for side, board in boards.items():
            board.wait_ready()
            results(quiet).print(plain(f"{side}: {board.port}"), markup=False, soft_wrap=True)
        messages(quiet).print("Waiting for the host to start; Ctrl-C ends it.", markup=False)
        return _watch(boards, stop)


def _links(pair: bool, left: str | None, right: str | None) -> dict[str, Path]:
    if not pair and left is not None and right is not None:
        raise UsageError("--left-link and --right-link are two boards; give --pair as well, or one link only")
    wanted = SIDES if pair else ("right",) if right is not None else ("left",)
    named = {"left": left, "right": right}
    links = {}
    for side in wanted:
        name = named[side]
        text = f"insole-{side}" if name is None else name
        path = Path(text)
        if not text or path.is_dir() or (path.exists() and not path.is_symlink()):
            raise UsageError(f"--{side}-link {text or repr(text)}: not a name for a link; choose one that is free")
        if not path.parent.is_dir():
            raise UsageError(f"--{side}-link {text}: the folder {path.parent} does not exist; make it first")
        links[side] = path.absolute()
    if len(set(links.values())) < len(links):
        raise UsageError("--left-link and --right-link name the same link; give each board its own")
    return links


def _medials(text: str, links: dict[str, Path]) -> dict[str, float]:
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, len(links)) or not all(math.isfinite(value) for value in values):
        raise UsageError(f"--medial {text}: give one number, or with --pair two: left,right")
    return dict(zip(links, values * len(links) if len(values) == 1 else values, strict=True))


def _knobs(side: str, gait: str, medial: float, seed: int, options: dict[str, float]) -> Knobs:
    from acquisition.knobs import parse_knobs
    from insole.trial import Spans

    spans = Spans(options["unloaded_s"], options["standing_s"])
    url = f"sim://{side}?gait={gait}&medial={medial!r}&seed={seed}"
    return parse_knobs(f"{url}&mass={options['mass_kg']!r}&size={options['size_eu']!r}", side, spans)


def _board(
    firmware: str, knobs: Knobs, link: Path, elf: Path, desk: Path, paced: bool, seconds: float | None,
    more: dict[str, Any],
) -> SimulatedHardware:  # fmt: skip
    from acquisition.eeprom import eeprom_image
    from acquisition.feed import walk_feed
    from acquisition.silicon import SimulatedHardware

    serial = f"SIM-{knobs.side[0].upper()}-{knobs.seed}"
    image = eeprom_image(knobs.side, serial, knobs.layout.name, knobs.r_m_ohm, knobs.circuit, knobs.seed)
    feed = walk_feed(knobs, seconds)
    return SimulatedHardware(firmware, link, feed, image, elf=elf, desk=desk, paced=paced, options=more)


def _sync_wire(seconds: float) -> str:
    """Pulses on the wire between two boards: the same moments of the one virtual clock for both."""
    starts = [1.0 + SYNC_EVERY_S * k for k in range(int(seconds / SYNC_EVERY_S) + 1)]
    return "".join(f"{start:g} sync 1\n{start + SYNC_WIDTH_S:g} sync 0\n" for start in starts)


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP set."""
    stop = threading.Event()

    def asked(signum: int, frame: FrameType | None) -> None:
        stop.set()

    in_main = threading.current_thread() is threading.main_thread()
    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, asked) for number in wanted} if in_main else {}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(boards: dict[str, SimulatedHardware], stop: threading.Event) -> int:
    """Until every desk has been left, one failed, or somebody asked to stop."""
    while not stop.wait(_LOOK_S):
        for side, board in boards.items():
            if board.failure is not None:
                raise InsoleError(f"the simulated {side} board: {board.failure}")
        if all(board.ended for board in boards.values()):
            return 0
    return EXIT_INTERRUPTED
