"""From an address to an insole that has said who it is and is quiet (``hardware/PROTOCOL.md`` section 5.1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Final

from acquisition.link import DEFAULT_BAUD, EndOfLink, Link, LinkContext, open_link
from acquisition.protocol import Decoder, encode_command
from insole.errors import LinkError, ProtocolError
from insole.frame import CAPABILITY_SET_RATE, Command, CommandType, Identify, Reply, ReplyCode, rate_fits

BAUDS: Final = (DEFAULT_BAUD, 500_000)
IDENTIFY_WITHIN_S: Final = 5.0
ANSWER_WITHIN_S: Final = 3.0
ASK_AGAIN_S: Final = 0.5
_POLL_S: Final = 0.05
_VIRTUAL_SCHEMES: Final = ("sim", "replay")


def is_virtual(url: str) -> bool:
    """Whether no hardware stands behind this address: then host times are virtual too."""
    return "://" in url and url.split("://", 1)[0].lower() in _VIRTUAL_SCHEMES


def connect(side: str, url: str, baud: int | None, context: LinkContext, stopped: Callable[[], bool]) -> Insole:
    """Open the address, wait until a device identifies itself, and make it quiet.

    Without ``baud`` a port is tried at each of ``BAUDS``; ``stopped`` is asked all the time. Raises UsageError for the
    address, LinkError if nobody answers, ProtocolError for another protocol version, KeyboardInterrupt if stopped.
    """
    bauds: tuple[int | None, ...] = (None,) if is_virtual(url) else BAUDS if baud is None else (baud,)
    for speed in bauds:
        insole = Insole(side, url, open_link(url, side, speed, context), _line_speed(url, speed), stopped)
        try:
            if insole.ask(Command(CommandType.IDENTIFY), IDENTIFY_WITHIN_S) is not None:
                insole.demand(Command(CommandType.STOP))
                return insole
        except BaseException:
            insole.close()
            raise
        insole.close()
    tried = " and ".join(str(speed) for speed in bauds if speed)
    raise LinkError(
        f"{side}: no insole identified itself on {url} within {IDENTIFY_WITHIN_S:g} s"
        + (f" at {tried} baud" if tried else "")
        + "; check power and cable, the port (insole devices) and --baud"
    )


class Insole:
    """A device on a link, asked for as the foot ``side``. ``baud`` None means that the link has no line speed."""

    def __init__(
        self, side: str, url: str, link: Link, baud: int | None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """``stopped``: asked during every wait; True ends it by KeyboardInterrupt."""
        self.side = side
        self.url = url
        self.link = link
        self.decoder = Decoder()
        self._baud = baud
        self._stopped = stopped

    @property
    def identify(self) -> Identify:
        """What the device last said about itself. Raises LinkError if it has not said anything yet."""
        if self.decoder.identify is None:
            raise LinkError(f"the {self.side} insole has not identified itself; check cable and power")
        return self.decoder.identify

    def ask(self, command: Command, within_s: float) -> Identify | Reply | None:
        """The answer to a command, None if it does not come in time.

        Asks again every ``ASK_AGAIN_S``, because what is sent while a boot loader waits is lost.
        """
        deadline = time.monotonic() + within_s
        ask_at = 0.0
        while (now := time.monotonic()) < deadline:
            if self._stopped():
                raise KeyboardInterrupt
            if now >= ask_at:
                self.link.write(encode_command(command))
                ask_at = now + ASK_AGAIN_S
            try:
                data, _ = self.link.read(min(_POLL_S, deadline - now))
                events = self.decoder.feed(data)
            except EndOfLink:
                return None
            except ProtocolError as error:
                raise ProtocolError(f"{self.side}: {error}") from None
            for event in events:
                if isinstance(event, Identify) and command.type == CommandType.IDENTIFY:
                    return event
                if isinstance(event, Reply) and event.command == command.type:
                    return event
        return None

    def demand(self, command: Command) -> None:
        """Carry out a command. Raises ProtocolError if the device refuses, LinkError if it does not answer."""
        answer = self.ask(command, ANSWER_WITHIN_S)
        if answer is None:
            raise LinkError(f"the {self.side} insole does not answer {_name(command.type)!r}; check cable and firmware")
        if isinstance(answer, Reply):
            self.check_reply(answer)

    def check_reply(self, reply: Reply) -> None:
        """Raise ProtocolError unless the reply is ok."""
        if reply.code != ReplyCode.OK:
            known = {code.value: code.name.lower().replace("_", " ") for code in ReplyCode}
            why = known.get(reply.code, f"code {reply.code}") + (f", {reply.text}" if reply.text else "")
            raise ProtocolError(f"the {self.side} insole refuses {_name(reply.command)!r}: {why}")

    def set_rate(self, rate_hz: int) -> None:
        """Make it scan at another rate. Raises ProtocolError if it can't, LinkError if it does not answer."""
        if not self.identify.capabilities & CAPABILITY_SET_RATE:
            raise ProtocolError(
                f"the {self.side} insole scans at {self.identify.rate_hz} Hz and can't be set to the {rate_hz} Hz of "
                "the other one; use two insoles of the same rate"
            )
        self.demand(Command(CommandType.SET_RATE, rate_hz))
        self.demand(Command(CommandType.IDENTIFY))

    def check_rate(self) -> None:
        """Raise LinkError if the line can't carry the rate (section 6 of the protocol)."""
        who = self.identify
        if self._baud is not None and not rate_fits(who.rate_hz, who.n_sensels, who.bits, self._baud):
            raise LinkError(
                f"the {self.side} insole scans at {who.rate_hz} Hz, more than a line of {self._baud} baud carries; "
                "set both to a higher --baud"
            )

    def close(self) -> None:
        """Give the port back. Never raises."""
        self.link.close()


def _line_speed(url: str, speed: int | None) -> int | None:
    """A network socket takes what it is given."""
    return None if url.lower().startswith("socket://") else speed


def _name(command_type: int) -> str:
    names = {command.value: command.name.lower().replace("_", " ") for command in CommandType}
    return names.get(command_type, f"command {command_type}")


def connect_all(
    urls: Mapping[str, str], baud: int | None, context: LinkContext, should_stop: Callable[[], bool]
) -> dict[str, Insole]:
    """``connect`` all addresses at the same time. Raises what the first of them raises; then none stays open."""
    halt = threading.Event()
    with ThreadPoolExecutor(len(urls), thread_name_prefix="connect") as threads:
        running = {side: threads.submit(connect, side, url, baud, context, halt.is_set) for side, url in urls.items()}
        try:
            waiting = set(running.values())
            while waiting:
                done, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_EXCEPTION)
                if should_stop() or any(future.exception() is not None for future in done):
                    halt.set()
        except BaseException:
            halt.set()
            _close_opened(running.values())
            raise
    errors = [error for future in running.values() if (error := future.exception()) is not None]
    if errors:
        _close_opened(running.values())
        # What ended the others counts, not that they were ended.
        raise next((error for error in errors if not isinstance(error, KeyboardInterrupt)), errors[0])
    return {side: future.result() for side, future in running.items()}


def _close_opened(futures: Iterable[Future[Insole]]) -> None:
    for future in futures:
        if future.exception() is None:
            future.result().close()
