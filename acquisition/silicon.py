"""The firmware on simulated silicon: build it and its desk (``hardware/``), put boards on the desk, clear it again.

The desk is a program of its own (``hardware/simavr``): it runs the very binary that would be flashed, cycle by cycle,
and shows the board's serial line as a pseudo-terminal, so that everything else takes it for a port.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from insole.errors import InsoleError

HARDWARE: Final = Path(__file__).resolve().parent.parent / "hardware"
BOARDS: Final = ("mega", "uno")
PACKAGES: Final = "gcc-avr binutils-avr avr-libc arduino-core-avr libsimavr-dev gcc g++ libc6-dev make"
_TOOLS: Final = ("avr-gcc", "avr-g++", "avr-objcopy", "gcc", "make")
_CORE: Final = Path("/usr/share/arduino/hardware/arduino/avr")
_SOURCES: Final = (".c", ".h", ".cpp", ".ino")
_BUILD_WITHIN_S: Final = 300.0
_STOP_WITHIN_S: Final = 10.0
_POLL_S: Final = 0.01


def missing_tools() -> list[str]:
    """What this machine lacks to build and run the firmware, in words; empty if nothing."""
    if os.name != "posix":
        return ["a system with pseudo-terminals (Linux)"]
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if not _CORE.is_dir():
        missing.append("Arduino's AVR core")
    if "gcc" not in missing:
        probe = ["gcc", "-fsyntax-only", "-x", "c", "-include", "simavr/sim_avr.h", os.devnull]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            missing.append("libsimavr")
    return missing


def require_tools() -> None:
    """Raise InsoleError, naming what is missing and the packages that bring it."""
    if missing := missing_tools():
        raise InsoleError(
            f"the firmware can't be simulated without {', '.join(missing)}; on Debian: sudo apt-get install "
            f"--no-install-recommends {PACKAGES}"
        )


def build_firmware(board: str, sources: Path = HARDWARE / "firmware") -> Path:
    """The ELF for "mega" or "uno", built if its sources changed. Raises InsoleError."""
    return _built(sources, f"insole-{board}", ".elf", f"BOARD={board}")


def build_desk(sources: Path = HARDWARE / "simavr") -> Path:
    """The desk's program, built if its sources changed. Raises InsoleError."""
    return _built(sources, "desk", "")


def cache_folder() -> Path:
    """Where builds are kept: ``$INSOLE_BUILD``, or a folder in the user's cache."""
    if own := os.environ.get("INSOLE_BUILD"):
        return Path(own).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "insole" / "build"


def _built(sources: Path, name: str, ending: str, *arguments: str) -> Path:
    """A product of make, kept under a name that holds the hash of its sources: two builds never meet in one file."""
    if not (sources / "Makefile").is_file():
        raise InsoleError(f"{sources}: no firmware sources here; run Insole from a checkout of its repository")
    cache = cache_folder()
    product = cache / f"{name}-{_hash(sources, arguments)}{ending}"
    if product.is_file():
        return product
    require_tools()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _make(sources, folder, arguments)
            os.replace(Path(folder) / f"{name}{ending}", product)
    except OSError as error:
        words = f"{cache}: the build could not be kept ({error.strerror}); set INSOLE_BUILD to a folder for it"
        raise InsoleError(words) from None
    return product


def _hash(sources: Path, arguments: Iterable[str]) -> str:
    digest = hashlib.sha256("\0".join(arguments).encode())
    for path in sorted(sources.rglob("*")):
        if path.name == "Makefile" or path.suffix in _SOURCES:
            digest.update(str(path.relative_to(sources)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _make(sources: Path, folder: str, arguments: Iterable[str]) -> None:
    command = ["make", "-j2", "-C", str(sources), f"BUILD={folder}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_BUILD_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise InsoleError(f"{sources}: make did not end within {_BUILD_WITHIN_S:g} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "rror" in line] or done.stderr.splitlines() or ["?"]
        raise InsoleError(f"{sources}: make failed: {said[0].strip()}; run {' '.join(command)} to see all of it")


class SimulatedHardware:
    """One board on its desk: a process, and a thread that feeds it. ``port`` is a link to its pseudo-terminal."""

    def __init__(
        self, board: str, port: Path, feed: Iterable[bytes], eeprom: bytes, *, elf: Path, desk: Path,
        paced: bool = False, options: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """Switch the board on. ``options`` go to the desk as they are: {"seconds": 60, "truth": path, ...}.

        A link at ``port`` is replaced. Raises InsoleError if something else is there, or the desk can't be started.
        """
        self.board = board
        self.port = port
        self._clear_link()
        self._folder = Path(tempfile.mkdtemp(prefix="insole-desk-"))
        (self._folder / "eeprom.bin").write_bytes(eeprom)
        os.mkfifo(self._folder / "feed")
        arguments: dict[str, object] = {
            "elf": elf, "board": board, "eeprom": self._folder / "eeprom.bin", "port": port,
            "feed": self._folder / "feed", "pace": int(paced), **(options or {}),
        }  # fmt: skip
        command = [str(desk), *(word for name, value in arguments.items() for word in (f"--{name}", str(value)))]
        with (self._folder / "words").open("wb") as words:
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words
                )
            except OSError as error:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise InsoleError(f"{desk}: can't be started ({error.strerror}); set INSOLE_BUILD") from None
        self._feeder = threading.Thread(target=self._give, args=(feed,), name=f"feed {port.name}")
        self._feeder.start()

    def wait_ready(self, within_s: float = 30.0) -> None:
        """Until the port can be opened. Raises InsoleError if the desk gives up first."""
        deadline = time.monotonic() + within_s
        while not self.port.is_symlink():
            if self.ended or time.monotonic() > deadline:
                raise InsoleError(f"the simulated {self.board} did not get as far as its port: {self.words or '?'}")
            time.sleep(_POLL_S)

    @property
    def ended(self) -> bool:
        """Whether the desk has been left."""
        return self._process.poll() is not None

    @property
    def failure(self) -> str | None:
        """What the desk said when it ended badly; None while it runs and if all is well."""
        code = self._process.poll()
        return None if not code else self.words or f"it ended with code {code}"

    @property
    def words(self) -> str:
        """The last line that the desk wrote on stderr."""
        with suppress(OSError):
            if lines := (self._folder / "words").read_text(errors="replace").split("\n")[:-1]:
                self._said = lines[-1].removeprefix("desk: ")
        return self._said

    _said = ""

    def wait(self, within_s: float) -> int | None:
        """The desk's exit code, None if it does not end in time."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(within_s)
        return None

    def close(self) -> None:
        """Switch off and clear the desk. May be called twice."""
        if not self.ended:
            self._process.terminate()
            if self.wait(_STOP_WITHIN_S) is None:
                self._process.kill()
                self._process.wait()
        self._feeder.join()
        _ = self.words
        shutil.rmtree(self._folder, ignore_errors=True)

    def _clear_link(self) -> None:
        if not self.port.parent.is_dir():
            raise InsoleError(f"{self.port}: the folder {self.port.parent} does not exist; make it first")
        if self.port.is_symlink():
            # Whoever waits for the link must not take the old one for the new.
            self.port.unlink()
        elif self.port.exists():
            raise InsoleError(f"{self.port}: exists and is no link; choose another name for the port")

    def _give(self, feed: Iterable[bytes]) -> None:
        """Fill the pipe; ends when the feed does, or nobody takes it any more."""
        pipe = -1
        while pipe < 0:
            if self.ended:
                return
            try:
                pipe = os.open(self._folder / "feed", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # the desk has not come so far
                time.sleep(_POLL_S)
        os.set_blocking(pipe, True)
        with open(pipe, "wb", buffering=0) as stream, suppress(BrokenPipeError):
            for piece in feed:
                view = memoryview(piece)
                while view:
                    view = view[stream.write(view) :]
