"""``insole doctor``: what is installed where, and what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import click

from insole.cli.console import quiet_option, results

ROOMS = ("insole", "acquisition", "analysis", "gui")
PACKAGES = (
    "numpy", "numba", "scipy", "h5py", "pyserial", "cobs", "fastcrc", "PyQt6", "click", "rich", "jinja2", "fpdf2",
)  # fmt: skip


@click.command(name="doctor")
@quiet_option
def command(quiet: bool) -> int:
    """Say where each part of Insole comes from, its versions, and what is missing. Exit code 1 if it can't run."""
    from rich.table import Table
    from rich.text import Text

    findings = [*_rooms(), *_packages(), _qt(), _display(), _ports(), _cache(), _firmware_tools()]
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
    for state, what, words in findings:
        table.add_row(marks[state], what, Text(words))
    results(quiet).print(f"Python {platform.python_version()} ({sys.executable}), {platform.platform()}", markup=False)
    results(quiet).print(table)
    return 1 if any(state == "missing" for state, _, _ in findings) else 0


def _rooms() -> list[tuple[str, str, str]]:
    import insole

    home = Path(insole.__file__).resolve().parent.parent
    found = []
    for name in ROOMS:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            found.append(("missing", name, "not found; install Insole again in its own environment"))
            continue
        where = Path(spec.origin).resolve().parent
        same = where.parent == home
        words = str(where) if same else f"{where}: not Insole's own {name}; another package of that name hides it"
        found.append(("ok" if same else "missing", name, words))
    return found


def _packages() -> list[tuple[str, str, str]]:
    found = []
    for name in PACKAGES:
        try:
            found.append(("ok", name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(("missing", name, "not installed; install Insole again"))
    return found


def _qt() -> tuple[str, str, str]:
    try:
        import PyQt6.QtWidgets  # noqa: F401
    except ImportError as error:
        return ("note", "Qt", f"can't be loaded ({error}); the window and pictures need Qt's system libraries")
    return ("ok", "Qt", "can be loaded")


def _display() -> tuple[str, str, str]:
    if sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ("ok", "display", "there is one")
    return ("note", "display", "none; 'insole gui' needs one, pictures are drawn without")


def _ports() -> tuple[str, str, str]:
    from acquisition.link import available_ports

    ports = available_ports()
    if not ports:
        return ("note", "serial ports", "none found; plug in an insole, or use sim:// addresses")
    closed = [p.url for p in ports if os.name == "posix" and not os.access(p.url, os.R_OK | os.W_OK)]
    if closed:
        return ("note", "serial ports", f"no permission for {', '.join(closed)}; add yourself to the group dialout")
    return ("ok", "serial ports", ", ".join(p.url for p in ports))


def _cache() -> tuple[str, str, str]:
    folder = importlib.util.find_spec("analysis")
    where = os.environ.get("NUMBA_CACHE_DIR") or (str(Path(folder.origin).parent) if folder and folder.origin else "")
    try:
        with tempfile.TemporaryFile(dir=where):
            return ("ok", "kernel cache", f"compiled kernels are kept in {where}")
    except OSError:
        words = f"{where} can't be written to: kernels are compiled again in each run; set NUMBA_CACHE_DIR"
        return ("note", "kernel cache", words)


def _firmware_tools() -> tuple[str, str, str]:
    from acquisition.silicon import missing_tools

    missing = [*missing_tools(), *([] if shutil.which("avrdude") else ["avrdude"])]
    if missing:
        words = f"{', '.join(missing)} not found; only needed to build, simulate or flash the firmware"
        return ("note", "firmware", words)
    return ("ok", "firmware", "can be built, simulated and flashed")
