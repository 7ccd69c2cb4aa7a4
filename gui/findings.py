"""What was found: the sentence of each foot, the table of indices, and what the numbers can and cannot say."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui import theme
from gui.index_table import IndexTable
from gui.sentences import unit_of_analysis, wording_lines
from gui.theme import Theme
from gui.words import PROXY, counted

if TYPE_CHECKING:
    from analysis.comparison import Comparison


class Findings(QWidget):
    """Sentences above the table, unit of analysis and proxy below it."""

    def __init__(self, look: Theme) -> None:
        """Empty until `show_comparison`."""
        super().__init__()
        self.table = IndexTable(look)
        self.wording = _text(theme.BODY_PX)
        self.wording.setTextFormat(Qt.TextFormat.RichText)
        self.unit = _text(theme.LABEL_PX, tone="label")
        self.proxy = _text(theme.LABEL_PX, tone="label")
        self.proxy.setText(PROXY)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self.wording)
        rows.addWidget(self.table, stretch=1)
        rows.addWidget(self.unit)
        rows.addWidget(self.proxy)

    def set_compact(self, compact: bool) -> None:
        """Smaller type."""
        self.wording.setFont(theme.font(theme.LABEL_PX if compact else theme.BODY_PX))
        self.table.set_compact(compact)

    def show_comparison(self, comparison: Comparison, labels: tuple[str, str]) -> None:
        """Replace everything; `labels` name the two conditions."""
        rows = "".join(_rich(*line) for line in wording_lines(comparison))
        self.wording.setText(f"<table cellspacing=0>{rows}</table>")
        self.table.show_comparison(comparison, labels)
        self.unit.setText(unit_of_analysis(comparison))

    def fit_picture(self) -> None:
        """Once laid out for a picture: no half row at the end of the table, and a word about the rows below it."""
        left_out = self.table.keep_whole_rows()
        if left_out:
            self.unit.setText(f"{counted(left_out, 'more row')} in the window. {self.unit.text()}")


def _rich(side: str, head: str, rest: str) -> str:
    """One row: the side, then the rung in strong type and the rest of its sentence."""
    tail = f": {html.escape(rest)}" if rest else "."
    strong = "<span style='font-weight:600'>{}</span>".format
    cells = (f"{strong(html.escape(side))}&nbsp;&nbsp;", strong(html.escape(head)) + tail)
    return "<tr>" + "".join(f"<td style='padding-bottom:3px'>{cell}</td>" for cell in cells) + "</tr>"


def _text(px: int, tone: str = "") -> QLabel:
    label = QLabel()
    label.setFont(theme.font(px))
    label.setWordWrap(True)
    label.setProperty("tone", tone)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label
