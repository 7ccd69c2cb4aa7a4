"""The bar on top: whose visit this is, and whether the results shown are up to date."""

from __future__ import annotations

import html

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui import icons, theme
from gui.card import ElidedLabel
from gui.details import details
from gui.session import Session, subjects
from gui.theme import Theme
from gui.words import visit
from insole.numerals import number

HEIGHT = 52
COMPACT_HEIGHT = 48
POPUP_WIDTH = 460


class TopBar(QWidget):
    """Subject code, mass, size and visit at the left; a chip with the state of the analysis at the right."""

    def __init__(self, look: Theme, session: Session) -> None:
        """Shows nothing until `refresh`."""
        super().__init__()
        self.setObjectName("top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look, self._session = look, session
        self._sign = QLabel()
        self._subject = QLabel()
        self._subject.setFont(theme.font(15, theme.SEMIBOLD))
        self._facts = ElidedLabel("", theme.font(theme.LABEL_PX), tone="label")
        self.chip = QPushButton()
        self.chip.setProperty("kind", "chip")
        self.chip.setFont(theme.font(theme.LABEL_PX, theme.MEDIUM))
        self.chip.clicked.connect(self.show_details)
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 14, 1)
        line.setSpacing(10)
        line.addWidget(self._sign)
        line.addWidget(self._subject)
        line.addWidget(self._facts, stretch=1)
        line.addWidget(self.chip)
        self.set_compact(False)
        look.changed.connect(self.refresh)

    def set_compact(self, compact: bool) -> None:
        """Lower by four pixels."""
        self.setFixedHeight(COMPACT_HEIGHT if compact else HEIGHT)

    def refresh(self, running: bool = False) -> None:
        """Show the session as it is now; `running`: an analysis is under way."""
        p = self._look.palette
        self._sign.setPixmap(icons.pixmap("person", p.text2, 20, 2.0))
        results = [trial.result for trial in self._session.trials if trial.result is not None]
        codes = subjects(results)
        self._subject.setText(codes[0] if len(codes) == 1 else "Several subjects" if codes else "No subject code")
        self._subject.setVisible(bool(results))
        self._sign.setVisible(bool(results))
        masses = {r.info.mass_kg for r in results}
        sizes = {r.info.size_eu for r in results}
        days = list(dict.fromkeys(filter(None, (visit(r.info) for r in results))))
        facts = [
            *(f"{number(m, 1)} kg" for m in masses if m is not None and len(masses) == 1),
            *(f"EU {size:g}" for size in sizes if size is not None and len(sizes) == 1),
            *([f"Visit {days[0]}"] if len(days) == 1 else []),
        ]
        self._facts.setText("  ·  ".join(facts) if len(codes) < 2 else "")
        self.chip.setVisible(self._session.comparison is not None or running)
        done = self._session.up_to_date and not running
        self.chip.setText("Analysis up to date" if done else "Analysing" if running else "Analysis out of date")
        self.chip.setIcon(icons.icon("check" if done else "info", p.text2, 16))
        self.chip.setToolTip("Steps used and left out, flags and notes")

    def show_details(self) -> None:
        """Open the list of trials, steps left out, flags and notes."""
        popup = QFrame(self, Qt.WindowType.Popup)
        popup.setObjectName("card")
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = QVBoxLayout(popup)
        rows.setContentsMargins(theme.PADDING, 12, theme.PADDING, 12)
        rows.setSpacing(4)
        for heading, lines in details(self._session) or [("Nothing analysed yet", [])]:
            head = QLabel(heading)
            head.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
            body = QLabel("<br>".join(html.escape(line) for line in lines))
            body.setFont(theme.font(theme.LABEL_PX))
            body.setProperty("tone", "label")
            body.setWordWrap(True)
            body.setContentsMargins(0, 0, 0, 8)
            rows.addWidget(head)
            rows.addWidget(body)
        popup.setFixedWidth(POPUP_WIDTH)
        popup.adjustSize()
        corner = self.chip.mapToGlobal(QPoint(self.chip.width() - POPUP_WIDTH, self.chip.height() + 6))
        popup.move(corner)
        popup.show()
