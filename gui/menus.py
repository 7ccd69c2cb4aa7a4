"""The menus of the window with their shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction, QKeySequence

from gui import theme

if TYPE_CHECKING:
    from gui.main_window import MainWindow

Key = QKeySequence.StandardKey


def build_menus(window: MainWindow) -> None:
    """File, Edit and View."""
    menus: dict[str, list[tuple[str, Key | str, Callable[[], object]] | None]] = {
        "&File": [
            ("&Open trials…", Key.Open, window.choose_files),
            ("&Export picture…", "Ctrl+E", window.export),
            None,
            ("&Quit", Key.Quit, window.close),
        ],
        "&Edit": [
            ("&Swap baseline", "Ctrl+B", window.swap),
            ("&Copy as command", "Ctrl+Shift+C", window.copy_command),
        ],
        "&View": [
            ("&Next panel", "F6", window.next_panel),
            ("&Light or dark theme", "Ctrl+T", window.switch_theme),
            ("&Full screen", "F11", window.switch_full_screen),
        ],
    }
    bar = window.menuBar()
    assert bar is not None
    bar.setFont(theme.font())
    for title, entries in menus.items():
        menu = bar.addMenu(title)
        assert menu is not None
        menu.setFont(theme.font())
        for entry in entries:
            if entry is None:
                menu.addSeparator()
                continue
            words, key, run = entry
            action = QAction(words, window)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _checked=False, run=run: run())
            menu.addAction(action)
