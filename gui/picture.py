"""The page as a picture file, drawn by the same widgets as the window, without showing one."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtWidgets import QApplication

from gui.session import Session
from gui.theme import Theme
from gui.workspace import Workspace
from insole.errors import InsoleError


def picture(session: Session, size: tuple[int, int], theme: str, ratio: float = 1.0) -> QImage:
    """The workspace at `size` logical pixels, `ratio` device pixels each; every warning in full, no buttons."""
    workspace = Workspace(Theme(theme), session, for_picture=True)
    # Laid out and painted like a window on the screen, but no screen ever shows it.
    workspace.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    workspace.setMinimumSize(*size)
    workspace.resize(*size)
    workspace.refresh()
    workspace.show()
    QApplication.sendPostedEvents()
    workspace.page.findings.fit_picture()
    QApplication.sendPostedEvents()
    image = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    workspace.render(painter)
    painter.end()
    workspace.close()
    workspace.deleteLater()
    return image


def save_picture(session: Session, path: Path, size: tuple[int, int], theme: str, ratio: float = 1.0) -> None:
    """Write the picture as PNG. Raises InsoleError if the file can't be written."""
    if not path.parent.is_dir():
        raise InsoleError(f"{path}: the folder {path.parent} does not exist; make it first")
    if not picture(session, size, theme, ratio).save(str(path), "PNG"):
        raise InsoleError(f"{path}: the picture could not be written; check the folder and the space on the drive")
