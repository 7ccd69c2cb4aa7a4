"""The frame of the window: rail, top bar, trial panel and page, full or compact by its size."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui import icons, theme
from gui.compare_page import ComparePage
from gui.focus_ring import FocusRing
from gui.session import Session
from gui.theme import Theme
from gui.top_bar import TopBar
from gui.trial_panel import TrialPanel

COMPACT_BELOW = (1360, 800)
RAIL = 84
COMPACT_RAIL = 60


class Workspace(QWidget):
    """Everything below the menu bar; also what a picture shows."""

    def __init__(self, look: Theme, session: Session, for_picture: bool = False) -> None:
        """`for_picture`: as an export must be, without buttons and with every warning in full."""
        super().__init__()
        self.setObjectName("workspace")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look, self._session = look, session
        self._compact: bool | None = None
        self.rail = _Rail(look)
        self.top = TopBar(look, session)
        self.panel = TrialPanel(look, session, self.top.chip, for_picture)
        self.page = ComparePage(look, session, for_picture)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        right = QVBoxLayout()
        right.setSpacing(0)
        across.addLayout(right, stretch=1)
        right.addWidget(self.top)
        below = QHBoxLayout()
        below.setSpacing(0)
        right.addLayout(below, stretch=1)
        below.addWidget(self.panel)
        below.addWidget(self.page, stretch=1)
        self._ring = FocusRing(self, look.palette.focus)
        self.setMinimumSize(1180, 640)
        look.changed.connect(self._repaint)
        self._repaint()

    @property
    def compact(self) -> bool:
        """True below 1360 x 800."""
        return bool(self._compact)

    def refresh(self, running: bool = False) -> None:
        """Show the session as it is now."""
        self.top.refresh(running)
        self.panel.refresh()
        self.page.refresh()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Only density changes with the size."""
        super().resizeEvent(event)
        compact = self.width() < COMPACT_BELOW[0] or self.height() < COMPACT_BELOW[1]
        if compact != self._compact:
            self._compact = compact
            for part in (self.rail, self.top, self.panel, self.page):
                part.set_compact(compact)

    def _repaint(self) -> None:
        self.setStyleSheet(theme.style_sheet(self._look.palette))
        self.setPalette(theme.qt_palette(self._look.palette))
        self._ring.set_colour(self._look.palette.focus)


class _Rail(QWidget):
    """The mark of Insole and the page that is open."""

    def __init__(self, look: Theme) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look = look
        self._compact = False
        self._mark = QLabel()
        self._mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._mark.setAccessibleName("Insole")
        self._here = QWidget()
        self._here.setObjectName("here")
        self._here.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = QLabel("Compare")
        self._name.setFont(theme.font(theme.LABEL_PX, theme.SEMIBOLD))
        self._name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self._here)
        inside.setContentsMargins(0, 8, 0, 8)
        inside.setSpacing(4)
        inside.addWidget(self._sign)
        inside.addWidget(self._name)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 10, 9, 12)
        rows.setSpacing(14)
        rows.addWidget(self._mark)
        rows.addWidget(self._here)
        rows.addStretch(1)
        self.set_compact(False)
        look.changed.connect(self._repaint)

    def set_compact(self, compact: bool) -> None:
        """The icon alone, its name as a tooltip."""
        self._compact = compact
        self.setFixedWidth(COMPACT_RAIL if compact else RAIL)
        self._name.setVisible(not compact)
        self._here.setToolTip("Compare" if compact else "")
        self._repaint()

    def _repaint(self) -> None:
        p = self._look.palette
        self._mark.setPixmap(icons.pixmap("feet", p.ink, 32, 2.0))
        self._sign.setPixmap(icons.pixmap("compare", p.text, 22, 2.0))
