"""One ring for keyboard focus, 2 px wide and 2 px outside whatever widget has it; a mouse click shows none."""

from __future__ import annotations

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QApplication, QWidget

_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide)


class FocusRing(QWidget):
    """A transparent sheet over `host` that draws the ring; it lets every mouse event through."""

    def __init__(self, host: QWidget, colour: str) -> None:
        """Covers `host` from now on."""
        super().__init__(host)
        self._colour = colour
        self._target: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        host.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_changed)
        self.setGeometry(host.rect())

    @property
    def target(self) -> QWidget | None:
        """The widget that is ringed now."""
        return None if self._target is None or sip.isdeleted(self._target) else self._target

    def set_colour(self, colour: str) -> None:
        """Change the colour with the theme."""
        self._colour = colour
        self.update()

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if self.target is not None:
            self.target.removeEventFilter(self)
        host = self.parentWidget()
        inside = new is not None and host is not None and host.isAncestorOf(new)
        # Without an old place the window itself has just become active: nobody pressed a key yet.
        by_keyboard = old is not None and QApplication.mouseButtons() == Qt.MouseButton.NoButton
        self._target = new if inside and by_keyboard else None
        if self._target is not None:
            self._target.installEventFilter(self)
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the host and the ringed widget."""
        host = self.parentWidget()
        if event is not None and event.type() in _MOVES and host is not None:
            if watched is host:
                self.setGeometry(host.rect())
            self.update()
        return False

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """The ring, if there is one."""
        target = self.target
        if target is None or not target.isVisible():
            return
        corner = target.mapTo(self.parentWidget(), QPoint(0, 0))
        ring = QRectF(corner.x(), corner.y(), target.width(), target.height()).adjusted(-3, -3, 3, 3)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._colour), 2))
        painter.drawRoundedRect(ring, 8, 8)
