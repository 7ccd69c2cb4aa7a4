"""Where bytes come from: a serial port or any other pyserial URL, a simulated insole, a replayed trial.

Serial facts that shaped this file: after an unplug pyserial raises SerialException here, OSError there and
termios.error elsewhere; asking for more bytes than are waiting loses those already read when the line hangs up.
"""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import serial
from serial.tools import list_ports

from insole.errors import LinkError, UsageError
from insole.trial import Spans

if sys.platform == "win32":
    _PORT_ERRORS: tuple[type[Exception], ...] = (OSError,)
else:
    import termios

    _PORT_ERRORS = (OSError, termios.error)

DEFAULT_BAUD: Final = 1_000_000
_MAX_READ: Final = 1 << 16
_WRITE_TIMEOUT_S: Final = 2.0
_BUSY: Final = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_NOT_A_PORT: Final = (errno.ENOTTY, errno.EISDIR, errno.EINVAL)

T = TypeVar("T")


class EndOfLink(Exception):
    """A finite source (a replayed trial) has given everything: like StopIteration, no error."""


class Link(Protocol):
    """A two-way byte stream to one device.

    ``realtime`` is False for a source that runs as fast as it is read (pace 0). It may be blocked and never drops, and
    its host times are virtual: seconds on a base that all such links of a trial share.
    """

    url: str
    realtime: bool

    def read(self, timeout_s: float) -> tuple[bytes, float]:
        """Bytes and the host time in s at which they were there; b"" if none came within ``timeout_s``.

        Raises ``EndOfLink`` behind the last byte of a finite source, ``LinkError`` if the device went away.
        """

    def write(self, data: bytes) -> None:
        """Send a command. Raises ``LinkError`` if the device went away."""

    def close(self) -> None:
        """Give the port back. Never raises, and may be called twice."""


@dataclass(frozen=True)
class LinkContext:
    """What a simulated insole takes from the recording where its URL does not say."""

    spans: Spans = field(default_factory=Spans)
    mass_kg: float | None = None
    size_eu: float | None = None
    stride_seed: int | None = None
    n_feet: int = 2  # insoles in the recording: who records one foot stands on that leg


@dataclass(frozen=True)
class PortInfo:
    """A serial port of this machine; ``serial_number`` is None where the port tells none."""

    url: str
    description: str
    serial_number: str | None


def available_ports() -> list[PortInfo]:
    """Serial ports that the operating system shows, sorted by name. It says nothing about what is plugged into them."""
    ports = [PortInfo(port.device, str(port.description), port.serial_number) for port in list_ports.comports()]
    return sorted(ports, key=lambda port: port.url)


def open_link(url: str, side: str, baud: int | None, context: LinkContext) -> Link:
    """Open any URL: a port name or pyserial URL, ``sim://side?knob=value``, ``replay://trial.h5``.

    ``side`` is the foot it is opened for, left or right; ``baud`` None means 1 000 000. Raises ``UsageError`` for an
    address that can't be meant, ``LinkError`` with a remedy for a port that can't be opened.
    """
    scheme = url.split("://", 1)[0].lower() if "://" in url else ""
    if scheme == "sim":
        from acquisition.simulator import SimulatedInsole

        return SimulatedInsole(url, side, context)
    if scheme == "replay":
        from acquisition.replay import ReplayedInsole

        return ReplayedInsole(url, side)
    if not url.strip():
        raise UsageError(f"no address for the {side} insole; give a port, sim://{side} or replay://trial.h5")
    return SerialLink(url, baud)


class SerialLink:
    """A pyserial URL as a ``Link``. Nobody else can open the port meanwhile, where the system can forbid it."""

    realtime = True

    def __init__(self, url: str, baud: int | None = None) -> None:
        """Open the port; a board with auto-reset restarts now. Raises ``UsageError`` or ``LinkError``."""
        self.url = url
        self._port = _open_port(url, DEFAULT_BAUD if baud is None else baud)
        # A network socket only tells whether bytes wait, not how many.
        self._counts_waiting = not url.lower().startswith("socket://")

    def read(self, timeout_s: float) -> tuple[bytes, float]:
        """See ``Link.read``. Host time is ``time.perf_counter()``."""
        return self._guarded(lambda: self._read(timeout_s))

    def write(self, data: bytes) -> None:
        """See ``Link.write``."""
        self._guarded(lambda: self._port.write(data))

    def close(self) -> None:
        """See ``Link.close``."""
        try:
            self._port.close()
        except _PORT_ERRORS:
            return  # the port is gone already, which is what was wanted

    def _read(self, timeout_s: float) -> tuple[bytes, float]:
        port = self._port
        waiting = port.in_waiting if self._counts_waiting else 0
        if waiting:
            data = bytes(port.read(min(waiting, _MAX_READ)))
            return data, time.perf_counter()
        self._set_timeout(timeout_s)
        data = bytes(port.read(1))
        now = time.perf_counter()
        if data and self._counts_waiting and (waiting := port.in_waiting):
            data += port.read(min(waiting, _MAX_READ))
        elif data and not self._counts_waiting:
            self._set_timeout(0.0)
            data += port.read(_MAX_READ)
        return data, now

    def _set_timeout(self, timeout_s: float) -> None:
        if self._port.timeout != timeout_s:  # setting it writes all settings to the port again
            self._port.timeout = timeout_s

    def _guarded(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except _PORT_ERRORS as error:
            raise LinkError(f"{self.url}: the device went away ({_reason(error)}); check cable and power") from error


def _open_port(url: str, baud: int) -> serial.SerialBase:
    try:
        return serial.serial_for_url(url, baudrate=baud, timeout=0.1, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
    except ValueError as error:
        raise _usage_error(url, baud, error) from error
    except (KeyError, IndexError) as error:  # what some of pyserial's own addresses make of a knob they don't know
        raise UsageError(f"{url}: pyserial does not understand what stands in this address; check it") from error
    except _PORT_ERRORS as error:
        raise _link_error(url, error) from error


def _usage_error(url: str, baud: int, error: ValueError) -> UsageError:
    if "not known" in str(error):
        return UsageError(
            f"{url}: this kind of address is not known; give a port name (see insole devices), sim://left, "
            "sim://right, replay://trial.h5 or an address that pyserial knows, for example socket://host:port"
        )
    return UsageError(f"{url}: can't be opened at {baud} baud ({error}); try --baud 500000")


def _link_error(url: str, error: Exception) -> LinkError:
    # Windows gives no errno, but puts the name of the system's error into the text.
    code, text = getattr(error, "errno", None), str(error)
    windows = sys.platform == "win32"
    if code in _BUSY or "exclusively lock" in text or (windows and "PermissionError" in text):
        return LinkError(f"{url}: another program uses this port; close it, and try again")
    if code in (errno.EACCES, errno.EPERM):
        return LinkError(
            f"{url}: no permission to use this port; add yourself to its group with "
            "'sudo usermod -a -G dialout $USER' (on some systems uucp), then log in again"
        )
    if code == errno.ENOENT or "FileNotFoundError" in text:
        there = ", ".join(port.url for port in available_ports())
        return LinkError(
            f"{url}: there is no such port; " + (f"this machine has {there}" if there else "plug the insole in")
        )
    if code in _NOT_A_PORT or "Inappropriate ioctl" in text:
        return LinkError(f"{url}: this is not a serial port; see insole devices")
    return LinkError(f"{url}: can't be opened ({_reason(error)}); check cable, power and address")


def _reason(error: Exception) -> str:
    """The system's words on one line."""
    words = " ".join(str(error.args[-1] if error.args else error).split())
    return words or type(error).__name__
