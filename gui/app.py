"""The application: `run` opens the window, `render` draws a comparison into a file without one.

Qt is imported inside the functions, so that a machine without Qt's system libraries gets a sentence instead of a
traceback.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from insole.errors import InsoleError

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

    from analysis.comparison import Comparison

LIBRARIES = "libglib2.0-0 libegl1 libgl1 libfontconfig1 libxkbcommon0 libdbus-1-3"
WINDOW_LIBRARIES = "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
WITHOUT_DISPLAY = ("offscreen", "minimal", "vnc")
PROBE = "import sys; from PyQt6.QtGui import QGuiApplication; QGuiApplication(sys.argv[:1])"
PROBE_SECONDS = 20
INTERRUPTED = 130
LISTEN_MS = 200
_kept: list[QApplication] = []  # Qt takes its fonts along when the application object is collected


def run(paths: Sequence[Path]) -> int:
    """Open the window with these trials, the first of them as the baseline; returns the exit code.

    Raises InsoleError with one line if Qt's libraries or a display are missing.
    """
    _need_qt()
    problem = display_problem()
    if problem is not None:
        raise InsoleError(problem)
    from PyQt6.QtCore import QByteArray, QSettings

    from gui.main_window import MainWindow
    from gui.session import Session
    from gui.theme import Theme, system_theme

    application = _application()
    settings = QSettings("Insole", "Insole")
    look = Theme("dark" if settings.value("theme", system_theme()) == "dark" else "light")
    session = Session()
    window = MainWindow(look, session, settings)
    geometry = settings.value("geometry")
    if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
        window.resize(1440, 900)
    window.show()
    window.open_paths(paths)
    if session.trials:
        session.baseline = session.trials[0].path
    with _tell_crashes(window.show_crash), _leave_on_interrupt(application):
        code = application.exec()
    window.close()
    return code


def render(
    comparison: Comparison,
    png_path: Path,
    size: tuple[int, int] = (1440, 900),
    theme: str = "light",
    ratio: float = 1.0,
) -> None:
    """Draw the compare page of a comparison into a PNG file of `size` logical pixels times `ratio`.

    Needs no display. Raises InsoleError if Qt's libraries are missing or the file can't be written.
    """
    _need_qt()
    from gui.picture import save_picture
    from gui.session import Session

    application = _application()
    save_picture(Session.of(comparison), Path(png_path), size, theme, ratio)
    application.processEvents()


@lru_cache(maxsize=1)
def display_problem() -> str | None:
    """Why no window can be opened here, in one line; None if one can.

    Qt ends the whole process where it finds no display, so it is asked in a process of its own.
    """
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform in WITHOUT_DISPLAY or sys.platform in ("win32", "darwin"):
        return None
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display for a window; run this on a desktop, or use insole compare with --report"
    try:
        probe = subprocess.run(
            [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer; check DISPLAY or WAYLAND_DISPLAY"
    if probe.returncode == 0:
        return None
    if "could not connect to display" in probe.stderr:
        return f"the display {os.environ.get('DISPLAY', '')} can't be reached; check DISPLAY, or use insole compare"
    return f"Qt can't open a window here; install its libraries: apt-get install {WINDOW_LIBRARIES}"


@contextmanager
def _tell_crashes(tell: Callable[[BaseException, str], None]) -> Iterator[None]:
    """Without this, Qt ends the process at the first exception in a slot; with it, the window says what happened."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        lines = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(lines)
        tell(error, lines)

    before, sys.excepthook = sys.excepthook, hook
    try:
        yield
    finally:
        sys.excepthook = before


@contextmanager
def _leave_on_interrupt(application: QApplication) -> Iterator[None]:
    """Ctrl-C in the terminal closes the window; Python hears it only when it runs, hence the timer."""
    from PyQt6.QtCore import QTimer

    before = signal.signal(signal.SIGINT, lambda *_: application.exit(INTERRUPTED))
    listen = QTimer()
    listen.timeout.connect(lambda: None)
    listen.start(LISTEN_MS)
    try:
        yield
    finally:
        listen.stop()
        signal.signal(signal.SIGINT, before)


def _need_qt() -> None:
    try:
        import PyQt6.QtGui
        import PyQt6.QtSvg
        import PyQt6.QtWidgets  # noqa: F401
    except ImportError as error:
        raise InsoleError(
            f"the windows need Qt's system libraries ({error}); install them: apt-get install {LIBRARIES}"
        ) from None


def _application() -> QApplication:
    """The one application of this process; without a display it draws offscreen."""
    from PyQt6.QtWidgets import QApplication

    from gui.theme import prepare

    running = QApplication.instance()
    if isinstance(running, QApplication):
        application = running
    else:
        arguments = ["insole"] if display_problem() is None else ["insole", "-platform", "offscreen"]
        application = QApplication(arguments)
        application.setApplicationName("Insole")
        _kept.append(application)
    prepare(application)
    return application
