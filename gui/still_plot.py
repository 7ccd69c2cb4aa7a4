"""A plot that is drawn once into a picture, and one place in it that keyboard or pointer choose."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.theme import Theme
from gui.words import spoken


class StillPlot(QWidget):
    """Keeps its picture until data, size or theme change; what is chosen is painted over it each time.

    `readout` says what is chosen, and is empty when the choice ends.
    """

    readout = pyqtSignal(str)

    def __init__(self, look: Theme, name: str, hint: QSize, least: QSize) -> None:
        """`name` is what a screen reader calls it; `hint` and `least` are its sizes in px."""
        super().__init__()
        self.look = look
        self._hint, self._least = hint, least
        self._chosen: int | None = None
        self._still: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        look.changed.connect(self.forget_picture)

    def draw(self, painter: QPainter) -> None:
        """Draw the picture, the chosen place left out."""
        raise NotImplementedError

    def describe(self) -> str:
        """The picture in words."""
        raise NotImplementedError

    def value_at(self, place: int) -> str:
        """What stands at a place that can be chosen, in words."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        """The size at which it reads well."""
        return self._hint

    def minimumSizeHint(self) -> QSize:
        """Smaller than this nothing can be told apart."""
        return self._least

    @property
    def chosen(self) -> int | None:
        """The place that is chosen, None without one."""
        return self._chosen

    def choose(self, place: int | None) -> None:
        """Choose a place, or none, and read it out."""
        if place == self._chosen:
            return
        self._chosen = place
        text = "" if place is None else self.value_at(place)
        self.readout.emit(text)
        self.setAccessibleDescription(spoken(text) or self.describe())
        self.update()

    def show_anew(self) -> None:
        """The data are others: nothing is chosen, the picture and its words are made anew."""
        self.choose(None)
        self.setAccessibleDescription(self.describe())
        self.forget_picture()

    def forget_picture(self) -> None:
        """Draw the picture anew at the next chance."""
        self._still = None
        self.update()

    def picture(self) -> QPixmap:
        """The picture at the size and pixel ratio of now."""
        ratio = self.devicePixelRatioF()
        if self._still is None or self._still.devicePixelRatio() != ratio:
            self._still = QPixmap(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._still)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw(painter)
            painter.end()
        return self._still

    def leaveEvent(self, event: object) -> None:
        """The choice ends with the pointer's leaving."""
        self.choose(None)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The picture is drawn anew for the new size."""
        super().resizeEvent(event)
        self.forget_picture()
