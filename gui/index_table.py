"""The table of indices: each condition's mean ± SD, the difference with its interval, the effect size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QLineF, QModelIndex, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui import theme
from gui.index_model import (
    BASE,
    DIFFERENCE,
    EFFECT,
    INDEX,
    OTHER,
    RIGHT,
    ROW_ROLE,
    SIDE,
    IndexModel,
    Row,
    effect_number,
)
from gui.theme import Theme

if TYPE_CHECKING:
    from analysis.comparison import Comparison

WIDTHS = {SIDE: 42, BASE: 103, OTHER: 103, DIFFERENCE: 172, EFFECT: 82}
COMPACT_WIDTHS = {SIDE: 44, BASE: 96, OTHER: 96, DIFFERENCE: 164, EFFECT: 88}
EFFECT_NUMBER = 36  # px for the number right of the drawn effect
EFFECT_REACH = 2.0  # g at the ends of the axis


class IndexTable(QTableView):
    """The view: no grid, a thin rule above each index, the effect drawn on an axis."""

    def __init__(self, look: Theme) -> None:
        """Empty until `show_comparison`."""
        super().__init__()
        self._look = look
        self._model = IndexModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_RowDelegate(look, self))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.font())
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Indices")
        head, side = self.horizontalHeader(), self.verticalHeader()
        assert head is not None
        assert side is not None
        head.setFont(theme.font(theme.LABEL_PX))
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setMinimumSectionSize(40)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(INDEX, QHeaderView.ResizeMode.Stretch)
        head.setFixedHeight(28)
        head.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        side.hide()
        self.set_compact(False)

    @property
    def index_model(self) -> IndexModel:
        """The model behind the view."""
        return self._model

    def set_compact(self, compact: bool) -> None:
        """Narrower columns and lower rows."""
        self.setFont(theme.font(theme.LABEL_PX if compact else theme.BODY_PX))
        for column, width in (COMPACT_WIDTHS if compact else WIDTHS).items():
            self.setColumnWidth(column, width)
        side = self.verticalHeader()
        assert side is not None
        side.setMinimumSectionSize(20)
        side.setDefaultSectionSize(25 if compact else 26)

    def keep_whole_rows(self) -> int:
        """Cut the height to whole rows, for a picture that can't be scrolled; returns how many rows are left out."""
        head, side = self.horizontalHeader(), self.verticalHeader()
        assert head is not None
        assert side is not None
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = side.defaultSectionSize()
        fitting = max(1, (self.height() - head.height()) // row)
        self.setMaximumHeight(head.height() + fitting * row)
        return max(0, self._model.rowCount() - fitting)

    def show_comparison(self, comparison: Comparison | None, labels: tuple[str, str]) -> None:
        """Replace all rows."""
        self._model.show_comparison(comparison, labels)
        self.clearSpans()
        for i, row in enumerate(self._model.rows):
            if row.difference is None:
                self.setSpan(i, 0, 1, self._model.columnCount())


class _RowDelegate(QStyledItemDelegate):
    """Paints cells: bold for filled rows, quiet for the others, the rule above the first row of an index."""

    def __init__(self, look: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """One cell."""
        assert painter is not None
        row = index.data(ROW_ROLE)
        p = self._look.palette
        area = QRectF(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(p.sel))
        if row.first and index.row():
            painter.setPen(QPen(QColor(p.border), 1))
            painter.drawLine(QLineF(area.left(), area.top() + 0.5, area.right() + 1, area.top() + 0.5))
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        alignment = index.data(Qt.ItemDataRole.TextAlignmentRole)
        if row.difference is None:
            painter.setFont(theme.font(theme.LABEL_PX))
            painter.setPen(QColor(p.text2))
            painter.drawText(area.adjusted(4, 4, -4, 0), alignment, text)
        elif index.column() == EFFECT:
            painter.setFont(theme.font(option.font.pixelSize(), theme.SEMIBOLD if row.filled else theme.REGULAR))
            _paint_effect(painter, area, row, self._look)
        else:
            strong = row.filled and index.column() in (INDEX, DIFFERENCE)
            weight = theme.SEMIBOLD if strong else theme.MEDIUM if index.column() == INDEX else theme.REGULAR
            painter.setFont(theme.font(option.font.pixelSize(), weight))
            quiet = index.column() == SIDE or (index.column() == DIFFERENCE and row.difference.difference is None)
            painter.setPen(QColor(p.text2 if quiet else p.text))
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width() - 8))
            painter.drawText(area.adjusted(4, 0, -4, 0), alignment, fitted)
        painter.restore()


def _paint_effect(painter: QPainter, area: QRectF, row: Row, look: Theme) -> None:
    """The effect size as a filled or hollow dot on an axis from −2 to +2 (beyond it an arrow head), and as a number."""
    p = look.palette
    axis = area.adjusted(8, 0, -EFFECT_NUMBER - 10, 0)
    middle = area.center().y() + 0.5
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for tick in (-1, 0, 1):
        x = round(axis.center().x() + tick * axis.width() / 2) + 0.5
        painter.setPen(QPen(QColor(p.border2 if tick == 0 else p.grid), 1))
        painter.drawLine(QLineF(x, area.top() + (1 if row.first else 0), x, area.bottom() + 1))
    assert row.difference is not None
    g = row.difference.hedges_g
    painter.setPen(QColor(p.text if row.filled else p.text2))
    painter.drawText(QRectF(area.right() - EFFECT_NUMBER - 4, area.top(), EFFECT_NUMBER, area.height()), RIGHT,
                     effect_number(g))  # fmt: skip
    if g is None:
        return
    beyond = abs(g) > EFFECT_REACH
    x = axis.center().x() + max(-1.0, min(1.0, g / EFFECT_REACH)) * axis.width() / 2
    painter.setPen(QPen(QColor(p.text if row.filled else p.text3), 1.5))
    painter.setBrush(QColor(p.text) if row.filled else QColor(p.surface))
    if beyond:
        tip = 5.0 if g > 0 else -5.0
        ends = ((x + tip, middle), (x - 0.7 * tip, middle - 4.0), (x - 0.7 * tip, middle + 4.0))
        painter.drawPolygon(QPolygonF([QPointF(*end) for end in ends]))
    else:
        painter.drawEllipse(QPointF(x, middle), 4.0, 4.0)
