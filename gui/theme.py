"""Fonts, style sheet and spacing: what makes a plain Qt widget look like Insole, in either theme."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication

from gui.palette import THEMES, Palette

REGULAR: Final = QFont.Weight.Normal
MEDIUM: Final = QFont.Weight.Medium
SEMIBOLD: Final = QFont.Weight.DemiBold
TITLE_PX: Final = 18
BODY_PX: Final = 13
LABEL_PX: Final = 12
AXIS_PX: Final = 11
PADDING: Final = 16
CONTROL_HEIGHT: Final = 32


@lru_cache(maxsize=1)
def _family() -> str:
    """Load the shipped fonts once; without them (a broken installation) Qt's own sans serif serves."""
    families: list[str] = []
    for weight in ("Regular", "Medium", "SemiBold"):
        data = resources.files("gui").joinpath(f"fonts/Inter-{weight}.ttf").read_bytes()
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFontFromData(data))
    return families[0] if families else QFont().family()


@lru_cache(maxsize=64)
def _font(px: int, weight: QFont.Weight) -> QFont:
    font = QFont(_family())
    font.setPixelSize(px)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width, so that numbers line up and do not jitter
    return font


def font(px: int = BODY_PX, weight: QFont.Weight = REGULAR) -> QFont:
    """Inter in logical pixels with tabular figures and no hinting."""
    return QFont(_font(px, weight))


class Theme(QObject):
    """The theme in use. Painters ask `palette` when they paint and repaint on `changed`."""

    changed = pyqtSignal()

    def __init__(self, name: str) -> None:
        """`name` is `light` or `dark`."""
        super().__init__()
        self._palette = THEMES[name]

    @property
    def palette(self) -> Palette:
        """The colours now."""
        return self._palette

    def choose(self, name: str) -> None:
        """Switch to `light` or `dark`."""
        if name != self._palette.name:
            self._palette = THEMES[name]
            self.changed.emit()


def system_theme() -> str:
    """`dark` if the desktop asks for it, else `light`."""
    hints = QGuiApplication.styleHints()
    dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark else "light"


def prepare(application: QApplication) -> None:
    """Fusion draws the same on every system, so screenshots and layouts are the same everywhere."""
    style = application.style()
    if style is None or style.objectName() != "fusion":
        application.setStyle("Fusion")
    application.setFont(font())


def qt_palette(p: Palette) -> QPalette:
    """Colours for what the style sheet does not reach (tooltips, menus of text fields, disabled text)."""
    out = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, p.bg), (role.WindowText, p.text), (role.Base, p.surface), (role.AlternateBase, p.inset),
        (role.Text, p.text), (role.Button, p.surface), (role.ButtonText, p.text), (role.Highlight, p.sel),
        (role.HighlightedText, p.text), (role.ToolTipBase, p.surface), (role.ToolTipText, p.text),
        (role.PlaceholderText, p.text3), (role.Accent, p.focus),
    ):  # fmt: skip
        out.setColor(which, QColor(colour))
    return out


def style_sheet(p: Palette) -> str:
    """Colours and shapes; fonts are set on the widgets, because a sheet would drop the tabular figures."""
    return f"""
    QMainWindow, QWidget#workspace, QWidget#page, QWidget#cards {{ background: {p.bg}; }}
    QLabel {{ color: {p.text}; background: transparent; }}
    QLabel[tone="label"] {{ color: {p.text2}; }}
    QLabel[tone="quiet"] {{ color: {p.text3}; }}
    QWidget#rail, QWidget#top, QWidget#panel, QWidget#rows {{ background: {p.surface}; }}
    QWidget#rail {{ border-right: 1px solid {p.border}; }}
    QWidget#top {{ border-bottom: 1px solid {p.border}; }}
    QWidget#panel {{ border-right: 1px solid {p.border}; }}
    QWidget#here {{ background: {p.sel}; border-radius: 8px; }}
    QFrame#card {{ background: {p.surface}; border: 1px solid {p.border}; border-radius: 8px; }}
    QFrame#rule {{ background: {p.border}; border: none; }}
    QScrollArea {{ background: transparent; border: none; }}
    QPushButton {{ color: {p.text}; background: {p.surface}; border: 1px solid {p.ctl}; border-radius: 6px;
        padding: 0 14px; min-height: {CONTROL_HEIGHT - 2}px; max-height: {CONTROL_HEIGHT - 2}px; outline: none; }}
    QPushButton:hover {{ background: {p.hover}; }}
    QPushButton:pressed {{ background: {p.sel}; }}
    QPushButton:disabled {{ color: {p.text3}; border-color: {p.border2}; }}
    QPushButton[kind="primary"] {{ color: {p.on_ink}; background: {p.ink}; border-color: {p.ink}; }}
    QPushButton[kind="plain"] {{ color: {p.text2}; background: transparent; border-color: transparent; }}
    QPushButton[kind="plain"]:hover {{ color: {p.text}; }}
    QPushButton[kind="chip"] {{ color: {p.text}; background: {p.surface}; border-color: {p.border}; padding: 0 11px;
        border-radius: 12px; min-height: 22px; max-height: 22px; }}
    QPushButton[kind="chip"]:hover {{ background: {p.hover}; }}
    QLabel#chip {{ color: {p.text2}; background: {p.surface}; border: 1px solid {p.border2}; border-radius: 12px;
        padding: 0 10px; }}
    QLabel#chip[severity="warn"] {{ color: {p.warn}; background: {p.warn_ground}; border-color: {p.warn_edge}; }}
    QFrame#banner {{ border-radius: 8px; border: 1px solid {p.border}; background: {p.inset}; }}
    QFrame#banner[severity="warn"] {{ background: {p.warn_ground}; border-color: {p.warn_edge}; }}
    QFrame#banner[severity="err"] {{ background: {p.err_ground}; border-color: {p.err}; }}
    QFrame#banner QLabel[part="title"] {{ color: {p.text}; }}
    QFrame#banner QLabel[part="title"][severity="warn"] {{ color: {p.warn}; }}
    QFrame#banner QLabel[part="title"][severity="err"] {{ color: {p.err}; }}
    QProgressBar {{ background: {p.border}; border: none; border-radius: 2px; min-height: 5px; max-height: 5px; }}
    QProgressBar::chunk {{ background: {p.ink}; border-radius: 2px; }}
    QTableView {{ background: {p.surface}; border: none; color: {p.text}; selection-background-color: {p.sel};
        selection-color: {p.text}; outline: none; }}
    QHeaderView {{ background: {p.surface}; border: none; }}
    QHeaderView::section {{ background: {p.surface}; color: {p.text2}; border: none;
        border-bottom: 1px solid {p.border2}; padding: 0 4px; }}
    QMenuBar {{ background: {p.surface}; color: {p.text}; border-bottom: 1px solid {p.border}; padding: 1px 4px; }}
    QMenuBar::item {{ background: transparent; padding: 4px 10px; border-radius: 6px; }}
    QMenuBar::item:selected {{ background: {p.hover}; }}
    QMenu {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border2}; padding: 4px; }}
    QMenu::item {{ padding: 6px 28px 6px 12px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {p.hover}; }}
    QMenu::item:disabled {{ color: {p.text3}; }}
    QMenu::separator {{ height: 1px; background: {p.border}; margin: 4px 8px; }}
    QToolTip {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border2}; padding: 4px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {p.border2}; border-radius: 3px; min-height: 28px; margin: 0 2px; }}
    QScrollBar::handle:vertical:hover {{ background: {p.ctl}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """
