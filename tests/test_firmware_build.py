"""The firmware builds for both boards from nothing, fits, and stays a sketch that the Arduino IDE takes."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.firmware

FIRMWARE = Path(__file__).resolve().parent.parent / "hardware" / "firmware"
SKETCH = FIRMWARE / "insole"
BOARDS = ("mega", "uno")

# What is left of flash beside the boot loader, and of RAM beside a stack of 512 bytes.
FLASH = {"mega": 262_144 - 8_192, "uno": 32_768 - 512}
RAM = {"mega": 8_192 - 512, "uno": 2_048 - 512}


@dataclass(frozen=True)
class Built:
    board: str
    elf: Path

    def names(self) -> str:
        """Every symbol, demangled, one a line."""
        return _run("avr-nm", "-C", str(self.elf))


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def _make(board: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-s", "-C", str(FIRMWARE), f"BOARD={board}", f"BUILD={folder}", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture(scope="module", params=BOARDS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("firmware")
    done = _make(request.param, folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr == ""
    return Built(request.param, folder / f"insole-{request.param}.elf")


def _sections(elf: Path) -> dict[str, int]:
    rows = (row.split() for row in _run("avr-size", "-A", str(elf)).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[0].startswith(".")}


def test_it_fits(built: Built) -> None:
    size = _sections(built.elf)
    assert size[".text"] + size[".data"] <= FLASH[built.board]
    assert size[".data"] + size[".bss"] + size.get(".noinit", 0) <= RAM[built.board]


def test_the_hex_file_holds_the_same_program(built: Built, tmp_path: Path) -> None:
    """What avrdude would write is what the simulated board runs."""
    hex_file = built.elf.with_suffix(".hex")
    for source, kind in ((built.elf, "elf32-avr"), (hex_file, "ihex")):
        _run("avr-objcopy", "-I", kind, "-O", "binary", "-R", ".eeprom", str(source), str(tmp_path / kind))
    assert (tmp_path / "elf32-avr").read_bytes() == (tmp_path / "ihex").read_bytes()


@pytest.mark.parametrize(
    "banned",
    [
        r"HardwareSerial|\bSerial\d?\b|\bPrint::",
        r"\banalogRead\b|\bdigitalRead\b|\bdigitalWrite\b",
        r"\bdelay(Microseconds)?\b|\bmicros\b|\bmillis\b",
        r"\bmalloc\b|\bfree\b|\boperator (new|delete)\b",
        r"__(add|sub|mul|div|cmp|eq|lt|gt|ge|le|ne)sf[23]\b|__(fix|float)\w*[sd][fi]",
    ],
    ids=["Serial", "analogRead", "delay", "heap", "floating point"],
)
def test_what_has_no_place_on_the_board(built: Built, banned: str) -> None:
    found = [line for line in built.names().splitlines() if re.search(banned, line)]
    assert found == []


def test_a_simulated_board_finds_what_it_watches(built: Built) -> None:
    rows = [line.split() for line in _run("avr-nm", "-S", str(built.elf)).splitlines()]
    sizes = {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "bBdD"}
    assert sizes["streaming"] == 1
    assert sizes["boot_id"] == 4
    assert sizes["timer_overflows"] == 4
    assert sizes["counters"] == 12


def test_options_reach_the_program(tmp_path: Path) -> None:
    done = _make("uno", tmp_path, "SERIAL=B42-left", "LAYOUT=ref16-EU38", "BAUD=500000", "PROVISION=1", "SIDE=0")
    assert done.returncode == 0, done.stderr[-3000:]
    strings = (tmp_path / "insole-uno.elf").read_bytes()
    assert b"B42-left" in strings
    assert b"ref16-EU38" in strings
    again = _make("uno", tmp_path)
    assert again.returncode == 0, again.stderr[-3000:]
    assert b"B42-left" not in (tmp_path / "insole-uno.elf").read_bytes()


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("BAUD=115200", "INSOLE_BAUD"),
        ("SERIAL=123456789012345678901234567890123", "INSOLE_SERIAL"),
        ("R_M_MILLIOHM=0", "INSOLE_R_M_MILLIOHM"),
        ("SIDE=2", "INSOLE_SIDE"),
    ],
)
def test_what_can_not_work_is_not_built(option: str, why: str, tmp_path: Path) -> None:
    done = _make("uno", tmp_path, option)
    assert done.returncode != 0
    assert why in done.stderr


# --- the Arduino IDE ---


def _code(path: Path) -> str:
    """A source without comments and texts."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"\\\n])*"', " ", text, flags=re.DOTALL)


SOURCES = sorted(path for path in SKETCH.iterdir() if path.suffix in (".ino", ".h", ".cpp"))


def test_the_sketch_is_one_folder_with_its_own_name() -> None:
    """The IDE compiles what lies flat in the sketch's folder, and its .ino must be named after it."""
    assert [path.name for path in SKETCH.glob("*.ino")] == [f"{SKETCH.name}.ino"]
    assert {path for path in SKETCH.rglob("*") if path.is_file()} == set(SOURCES)


def test_the_ino_has_nothing_to_hoist() -> None:
    """The IDE puts prototypes in front of all code; a type that they need would be unknown there."""
    code = _code(SKETCH / "insole.ino")
    assert re.findall(r"^\w[\w ]*?(\w+)\(", code, flags=re.MULTILINE) == ["setup", "loop"]
    assert not re.search(r"\b(class|struct|enum|template|namespace|typedef|using)\b", code)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_touches_the_core_s_slow_ways(path: Path) -> None:
    assert not re.search(r"\bSerial\d?\b|\banalogRead\b|\bdelay\w*\s*\(|\bmicros\b|\bmillis\b|\bString\b", _code(path))


@pytest.mark.parametrize("path", [p for p in SOURCES if p.suffix == ".h"], ids=lambda path: path.name)
def test_headers_guard_themselves(path: Path) -> None:
    guard = f"INSOLE_{path.stem.upper()}_H"
    assert re.search(rf"#ifndef {guard}\n#define {guard}\n", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["frame.h", "frame.cpp", "command.h", "command.cpp"])
def test_frame_and_command_know_no_board(name: str) -> None:
    includes = re.findall(r"#include\s+([<\"][^>\"]+[>\"])", (SKETCH / name).read_text(encoding="utf-8"))
    assert set(includes) <= {"<stdint.h>", "<string.h>", '"frame.h"', '"command.h"'}


# --- pins ---


def test_the_simulated_boards_are_wired_like_the_real_ones() -> None:
    """Three places name pins: config.h for the maker, board.h for the compiler, boards.h for the desk."""
    config = (SKETCH / "config.h").read_text(encoding="utf-8")
    numbers = {name: int(pin) for name, pin in re.findall(r"#define PIN_(\w+) (\d+)", config)}
    comments = dict(re.findall(r"#define PIN_(\w+) \d+\s*// (.*)", config))
    mega, uno = (SKETCH / "board.h").read_text(encoding="utf-8").split("#elif")
    desk = (FIRMWARE.parent / "simavr" / "boards.h").read_text(encoding="utf-8")
    for board, code in (("mega", mega), ("uno", uno)):
        entry = desk[desk.index(f'.name = "{board}"') :]
        for name, used in (
            ("sync_in", "#define SYNC_IN_HIGH() (PIN{port} & _BV(P{port}{bit}))"),
            ("sync_out", "#define SYNC_OUT_PORT PORT{port}\n#define SYNC_OUT_BIT P{port}{bit}\n"),
            ("belt", "PORT{port} |= _BV(P{port}{bit}) |"),
        ):
            found = re.search(rf'\.{name} = {{"D(\d+)", \'(\w)\', (\d)}}', entry)
            assert found is not None, name
            pin, port, bit = found.groups()
            assert int(pin) == numbers[name.upper()], (board, name)
            assert f"P{port}{bit}" in comments[name.upper()], (board, name)
            assert used.format(port=port, bit=bit) in code, (board, name)
    selects = re.search(r"\.select = {(.*)}", desk)
    assert selects is not None
    first = numbers["SELECT_0"]
    wired = re.findall(r'{"D(\d+)", \'D\', (\d)}', selects.group(1))
    assert wired == [(str(first + k), str(first + k)) for k in range(4)]
