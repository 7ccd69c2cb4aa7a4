"""Where Tab goes: widgets made later stand last in Qt's order, wherever they are on the page."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtWidgets import QWidget


def tab_after(first: QWidget, widgets: Iterable[QWidget]) -> None:
    """Let Tab go from `first` through the widgets; nothing happens until they are in one window."""
    for widget in widgets:
        if widget.window() is first.window():
            QWidget.setTabOrder(first, widget)
            first = widget
