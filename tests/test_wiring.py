"""The hardware page and its diagrams: made from layout, calibration and firmware settings, never older than those."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from insole.cli import COMMANDS, main
from insole.layout import reference_layout

ROOT = Path(__file__).resolve().parent.parent
HARDWARE = ROOT / "hardware"
WIRING = HARDWARE / "wiring"
PAGE = (HARDWARE / "README.md").read_text(encoding="utf-8")
CONFIG = (HARDWARE / "firmware" / "insole" / "config.h").read_text(encoding="utf-8")


def test_diagrams_and_tables_are_what_layout_and_settings_give(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(WIRING / "draw.py"), str(tmp_path)], capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made.pop("README.md") == PAGE.encode(), "run 'poe wiring'"
    assert made == {path.name: path.read_bytes() for path in WIRING.glob("*.svg")}, "run 'poe wiring'"


# --- the diagrams, read as a person reads them ---------------------------------------------------------------------


def words(name: str) -> list[tuple[float, float, str]]:
    """Texts of a diagram with their place."""
    root = ElementTree.parse(WIRING / f"{name}.svg").getroot()
    return [(float(e.attrib["x"]), float(e.attrib["y"]), e.text or "") for e in root.findall("{*}text")]


def along(name: str, y: float) -> list[str]:
    """What stands on one height of a diagram's right part, from left to right."""
    return [text for x, at, text in sorted(words(name)) if abs(at - y) < 1.5 and x > 80.0]


@pytest.mark.parametrize(("name", "pin"), [("mega", "A{}"), ("uno", "C{}")])
def test_each_row_leads_from_its_sensor_to_its_pin(name: str, pin: str) -> None:
    layout = reference_layout(42.0)
    rows = {text: y for x, y, text in words(name) if text.isdigit() and x > 80.0}
    assert sorted(rows, key=int) == [str(channel) for channel in range(16)]
    for row, channel in enumerate(layout.channel.tolist()):
        assert along(name, rows[str(channel)])[:3] == [str(channel), layout.ids[row], pin.format(channel)]


@pytest.mark.parametrize("name", ["mega", "uno"])
def test_the_foot_map_numbers_the_sensors_by_channel(name: str) -> None:
    layout = reference_layout(42.0)
    left = [(x, y, text) for x, y, text in words(name) if x < 80.0]
    numbers = {text: (x, y) for x, y, text in left if text.isdigit()}
    for row, channel in enumerate(layout.channel.tolist()):
        x, y = numbers[str(channel)]
        assert [t for a, b, t in left if abs(a - x) < 0.1 and 0.0 < b - y < 4.0] == [layout.ids[row]]
    # To scale, toes up, the left foot's medial side to the right.
    scale = (numbers["0"][1] - numbers["14"][1]) / (layout.y_mm[14] - layout.y_mm[0])
    for row, channel in enumerate(layout.channel.tolist()):
        x, y = numbers[str(channel)]
        assert x - numbers["0"][0] == pytest.approx(scale * layout.x_mm[row], abs=0.1)
        assert numbers["0"][1] - y == pytest.approx(scale * (layout.y_mm[row] - 16.0), abs=0.1)


def test_the_pins_are_those_of_the_firmware() -> None:
    pins = {name: f"D{number}" for name, number in re.findall(r"#define PIN_(\w+) (\d+)", CONFIG)}
    first = int(pins["SELECT_0"][1:])
    for name, pin in (("SIG", "A0"), *((f"S{k}", f"D{first + k}") for k in range(4))):
        (y,) = (y for x, y, text in words("uno") if text == name)
        assert along("uno", y)[-2:] == [name, pin]
    for board in ("mega", "uno"):
        for name, use in (("BELT", "belt pulse"), ("SYNC_IN", "sync in"), ("SYNC_OUT", "sync out")):
            (y,) = (y for _, y, text in words(board) if text == use)
            assert pins[name] in along(board, y)
    both = [text for _, _, text in words("sync-belt")]
    assert both.count(pins["SYNC_IN"]) == 2
    assert both.count(pins["SYNC_OUT"]) == 2
    assert both.count(pins["BELT"]) == 1
    for name, use in (("BELT", "belt pulse"), ("SYNC_IN", "sync in"), ("SYNC_OUT", "sync out")):
        assert f"| {use} | {pins[name]} |" in PAGE


# --- the page -----------------------------------------------------------------------------------------------------


def table(after: str) -> list[dict[str, str]]:
    """Rows of the first table behind some words, by the titles of their columns."""
    lines = [line for line in PAGE[PAGE.index(after) :].split("\n\n")[1].splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("row", table("<!-- table: divider -->"), ids=lambda row: row["R_M"])
def test_the_divider_table_follows_from_the_methods(row: dict[str, str]) -> None:
    """2.1 and 2.2 of the methods, written out: F = k·G^n, ρ = G·R_M/(1 + G·R_M), count = floor(1024·ρ)."""
    r_m, k, n = 1000.0 * float(row["R_M"].removesuffix(" kΩ")), 115201.356216, 1.101555

    def conductance(force: float) -> float:
        return float((force / k) ** (1.0 / n))

    def force(count: int) -> float:
        rho = (count + 0.5) / 1024.0
        return float(k * (rho / ((1.0 - rho) * r_m)) ** n)

    for newton in (1, 10, 40, 80):
        rho = conductance(newton) * r_m / (1.0 + conductance(newton) * r_m)
        count = int(row[f"count at {newton} N"])
        assert count == int(1024.0 * rho)
        step = float(row[f"step at {newton} N"].removesuffix(" %"))
        assert step == pytest.approx(100.0 * (force(count + 1) - force(count)) / newton, abs=0.06)
    near = row["count 971 at"]
    assert force(971) > 1000.0 if near == "> 1 kN" else force(971) == pytest.approx(float(near[:-2]), abs=0.6)
    assert float(row["current at 80 N"][:-3]) == pytest.approx(5000.0 / (r_m + 1.0 / conductance(80.0)), abs=0.006)
    limit = row["limit of current at"]
    if limit == "never":
        assert 5.0 / r_m < 1.267e-3
    else:
        at_limit = k * (1.0 / (5.0 / 1.267e-3 - r_m)) ** n
        assert at_limit == pytest.approx(float(limit[:-2]), abs=0.51)
    longest_m = (2e-6 / r_m - 60e-12) / 100e-12
    cable = row["cable up to"]
    assert longest_m >= 5.0 if cable == "5 m and more" else longest_m == pytest.approx(float(cable[:-2]), abs=0.06)


def test_the_recommended_resistor_keeps_what_is_said_of_it() -> None:
    (row,) = (row for row in table("<!-- table: divider -->") if row["R_M"] == "3.3 kΩ")
    assert "**Take 3.3 kΩ.**" in PAGE
    assert float(row["limit of current at"][:-2]) > 80.0
    assert (row["step at 1 N"], row["step at 40 N"]) == ("1.5 %", "0.5 %")
    assert "MFR-25FBF52-3K3" in PAGE


def test_the_channel_table_is_the_layout() -> None:
    layout = reference_layout(42.0)
    rows = table("<!-- table: channels -->")
    assert [row["channel"] for row in rows] == [str(channel) for channel in range(16)]
    for row in rows:
        at = layout.index_of(row["sensor"])
        assert int(row["channel"]) == layout.channel[at]
        assert [float(row[k].replace("−", "-")) for k in ("x, mm", "y, mm")] == [layout.x_mm[at], layout.y_mm[at]]
        assert (row["Mega"], row["4067"]) == (f"A{row['channel']}", f"C{row['channel']}")


def test_commands_options_and_settings_on_the_page_exist(capsys: pytest.CaptureFixture[str]) -> None:
    used = re.findall(r"`insole (\w+)([^`]*)`", PAGE)
    assert {command for command, _ in used} >= {"template", "doctor", "devices", "record", "info"}
    for command, rest in used:
        assert command in COMMANDS
        assert main([command, "--help"]) == 0
        known = capsys.readouterr().out
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest):
            assert option in known, (command, option)
    makefile = (HARDWARE / "firmware" / "Makefile").read_text(encoding="utf-8")
    for variable in re.findall(r"\b([A-Z_]+)=", PAGE):
        assert variable in makefile, variable
    for setting in set(re.findall(r"INSOLE_\w+", PAGE)):
        assert f"#define {setting} " in CONFIG, setting
    for file in re.findall(r"\]\(((?!#)[^)]+)\)", PAGE):
        assert (HARDWARE / file).exists(), file
    for chapter in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert chapter in {line[3:].lower().replace(" ", "-") for line in PAGE.splitlines() if line.startswith("## ")}


def test_the_script_of_the_bring_up_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    urls = ["--left", "sim://left?pace=0"]
    assert main(["record", "-o", "bench-left.h5", *urls, "--duration", "9", "--unloaded-s", "3", "--quiet"]) == 0
    capsys.readouterr()
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(script, "README.md", "exec"), {})
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["channel", "sensor", "rest", "peak", "at", "s", "others"]
    assert [row.split()[:2] for row in rows] == [[str(k), s] for k, s in enumerate(reference_layout(42.0).ids)]
    for row in rows:
        assert float(row.split()[2]) < 3.0
        assert int(row.split()[3]) > 20
