"""Who may import whom: the contracts hold, each of them bites, and commands load only what they need."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("insole", "acquisition", "analysis", "gui")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"


def linted(root: Path) -> tuple[int, str]:
    """Exit code and words of the import linter on a tree of sources."""
    done = subprocess.run(
        [sys.executable, "-c", LINT], cwd=root, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def broken(words: str) -> dict[str, str]:
    """Name of each broken contract -> what is said about it."""
    if "Broken contracts" not in words:
        return {}
    summary, details = words.split("Broken contracts", 1)
    names = re.findall(r"^(.*) BROKEN(?: \(.*\))?$", summary, flags=re.MULTILINE)
    starts = sorted((details.index(name), name) for name in names)
    ends = [*(start for start, _ in starts[1:]), len(details)]
    return {name: details[start:end] for (start, name), end in zip(starts, ends, strict=True)}


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources alone, without data, caches or a virtual environment."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", root)
    for room in ROOMS:
        for source in (ROOT / room).rglob("*.py"):
            target = root / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return root


def test_every_contract_is_kept(copy: Path) -> None:
    code, words = linted(copy)
    assert code == 0, words
    assert f"Contracts: {len(contracts())} kept, 0 broken." in words


LAYERS = "gui stands on acquisition and analysis, which do not know each other"
FLOOR = "The floor imports nothing above it; only the command line composes"
FRONT = "Nobody imports the command line"
SERIAL = "Serial ports: acquisition.link only"
HDF5 = "HDF5: insole.hdf5, its reader and its guard only"
NUMBA = "numba: the kernels only"
PDF = "PDF: insole.drawing only"
QT = "Qt: gui only, and not its session"

#: contract, file that breaks it, what it imports
PLANTED = [
    (LAYERS, "acquisition/clock.py", "analysis.filter"),
    (LAYERS, "analysis/filter.py", "acquisition.clock"),
    (FLOOR, "insole/layout.py", "acquisition.clock"),
    (FLOOR, "insole/trial.py", "gui.session"),
    (FRONT, "insole/__init__.py", "insole.cli"),
    (FRONT, "gui/session.py", "insole.cli.record"),
    (SERIAL, "insole/cli/devices.py", "serial"),
    (HDF5, "insole/trial.py", "h5py"),
    (NUMBA, "analysis/filter.py", "numba"),
    (PDF, "insole/template.py", "fpdf"),
    (QT, "gui/session.py", "PyQt6"),
    (QT, "acquisition/ring.py", "pyqtgraph"),
]


def test_every_contract_is_broken_once_on_purpose() -> None:
    assert {name for name, _, _ in PLANTED} == set(contracts())


@pytest.mark.parametrize(("contract", "file", "imported"), PLANTED)
def test_a_planted_import_breaks_its_contract(copy: Path, contract: str, file: str, imported: str) -> None:
    source = copy / file
    before = source.read_text(encoding="utf-8")
    try:
        source.write_text(f"{before}\n\ndef _planted() -> None:\n    import {imported}\n", encoding="utf-8")
        code, words = linted(copy)
    finally:
        source.write_text(before, encoding="utf-8")
    assert code != 0
    module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    assert f"{module} -> {imported} (l." in broken(words).get(contract, ""), words


def test_the_kernels_named_are_the_kernels_there_are() -> None:
    allowed = contracts()[NUMBA]["allowed_importers"]
    assert sorted(allowed) == sorted(f"analysis.{p.stem}" for p in (ROOT / "analysis").glob("kernels*.py"))


# --- what is loaded ----------------------------------------------------------------------------------------------


def loaded_by(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after some lines."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def modules(room: str) -> list[str]:
    """Every module of a room, the command line left out."""
    names = (".".join(p.relative_to(ROOT).with_suffix("").parts) for p in sorted((ROOT / room).rglob("*.py")))
    return [name.removesuffix(".__init__") for name in names if not name.startswith("insole.cli")]


HEAVY = {"numpy", "scipy", "numba", "h5py", "rich", "pandas", "serial", "PyQt6", "pyqtgraph", "jinja2", "fpdf"}


@pytest.mark.parametrize("words", [["--help"], ["record", "--help"], ["analyse", "--help"], ["template", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    loaded = loaded_by(f"from insole.cli import main\nassert main({words!r}) == 0")
    assert "click" in loaded
    assert not loaded & HEAVY


def test_recording_loads_neither_qt_nor_numba() -> None:
    loaded = loaded_by("import insole.cli.record, acquisition.recorder")
    assert {"numpy", "serial"} <= loaded
    assert not loaded & {"PyQt6", "pyqtgraph", "numba", "pandas", "analysis", "gui"}


def test_no_module_of_the_floor_or_of_acquisition_loads_qt_or_numba() -> None:
    loaded = loaded_by("import " + ", ".join(modules("insole") + modules("acquisition")))
    assert not loaded & {"PyQt6", "pyqtgraph", "numba", "pandas", "analysis", "gui"}


def test_the_floor_stands_on_numpy_and_h5py() -> None:
    loaded = loaded_by("import " + ", ".join(modules("insole")))
    assert {"numpy", "h5py"} <= loaded
    assert not loaded & (HEAVY - {"numpy", "h5py"} | {"acquisition", "analysis", "gui", "click"})


def test_analysing_loads_neither_qt_nor_a_serial_port() -> None:
    loaded = loaded_by("import insole.cli.analyse, insole.cli.compare, " + ", ".join(modules("analysis")))
    assert {"numpy", "numba"} <= loaded
    assert not loaded & {"PyQt6", "pyqtgraph", "serial", "pandas", "acquisition", "gui"}


def test_a_session_knows_no_qt() -> None:
    assert not loaded_by("import gui.session") & {"PyQt6", "pyqtgraph"}
