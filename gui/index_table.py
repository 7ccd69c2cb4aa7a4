"""The table of indices: each condition's mean ± SD, the difference with its interval, the effect size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QAbstractTableModel, QLineF, QModelIndex, QObject, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen
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
from gui.reasons import reason_words
from gui.theme import Theme
from gui.words import DASH, SIDE_WORDS, counted, index_words, interval, mean_sd, number, spoken

if TYPE_CHECKING:
    from analysis.comparison import Comparison, Difference

INDEX, SIDE, BASE, OTHER, DIFFERENCE, EFFECT = range(6)
ROW_ROLE = Qt.ItemDataRole.UserRole
REACH_ROLE = Qt.ItemDataRole.UserRole + 1
RESOLVED = ("differs", "recordings")  # rungs: beyond the floor, and resolved in the primary family
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
WIDTHS = {SIDE: 46, BASE: 98, OTHER: 98, DIFFERENCE: 174, EFFECT: 90}
COMPACT_WIDTHS = {SIDE: 44, BASE: 94, OTHER: 94, DIFFERENCE: 164, EFFECT: 80}
EFFECT_NUMBER = 36  # px for the number right of the drawn effect
EFFECT_REACH = 2.0  # g at the ends of the axis, more if a row needs it
SHORT_SIDES = {"left": "Left", "right": "Right", "did": "R − L"}


@dataclass(frozen=True)
class Row:
    """One line: a heading (`difference` None) or one index of one side.

    `first`: the first line of its index, which carries its name. `filled`: primary, resolved and above its floor.
    """

    heading: str = ""
    difference: Difference | None = None
    first: bool = False
    filled: bool = False


class IndexModel(QAbstractTableModel):
    """Primary rows first, then the exploratory ones, each index by side."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Empty until `show_comparison`."""
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._labels = ("Baseline", "Other")
        self._reach = EFFECT_REACH

    def show_comparison(self, comparison: Comparison | None, labels: tuple[str, str]) -> None:
        """Replace all rows; `labels` name the two conditions."""
        self.beginResetModel()
        self._labels = labels
        self._rows = () if comparison is None else _rows(comparison)
        effects = [abs(row.difference.hedges_g or 0.0) for row in self._rows if row.difference is not None]
        self._reach = max([EFFECT_REACH, *(math.ceil(g) for g in effects)])
        self.endResetModel()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What stands in the table."""
        return self._rows

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Headings included."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Index, side, two conditions, difference, effect size."""
        return 0 if parent is not None and parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles; the rows have none."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            titles = ("Index", "Side", *self._labels, "Difference [95 % CI]", "Effect g")
            return titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section < BASE else RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and section == EFFECT:
            return "Hedges g over single steps: descriptive, without an interval."
        if role == Qt.ItemDataRole.ToolTipRole and section in (BASE, OTHER):
            return f"{self._labels[section - BASE]}: mean of the trial means ± SD over the steps."
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Headings can't be selected."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._rows[index.row()].difference is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip (steps, method, floor) and the row itself under `ROW_ROLE`."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == REACH_ROLE:
            return self._reach
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if index.column() in (INDEX, SIDE) else RIGHT
        if row.difference is None:
            return row.heading if role == Qt.ItemDataRole.DisplayRole and index.column() == INDEX else None
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(_text(row, index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tooltip(row.difference, self._labels)
        return None


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
            _paint_effect(painter, area, row, index.data(REACH_ROLE), self._look)
        else:
            strong = row.filled and index.column() in (INDEX, DIFFERENCE)
            weight = theme.SEMIBOLD if strong else theme.MEDIUM if index.column() == INDEX else theme.REGULAR
            painter.setFont(theme.font(option.font.pixelSize(), weight))
            quiet = index.column() == SIDE or (index.column() == DIFFERENCE and row.difference.difference is None)
            painter.setPen(QColor(p.text2 if quiet else p.text))
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width() - 8))
            painter.drawText(area.adjusted(4, 0, -4, 0), alignment, fitted)
        painter.restore()


def _paint_effect(painter: QPainter, area: QRectF, row: Row, reach: float, look: Theme) -> None:
    """The effect size as a dot on an axis from −`reach` to +`reach`, filled or hollow, and as a number."""
    p = look.palette
    axis = area.adjusted(12, 0, -EFFECT_NUMBER - 10, 0)
    middle = area.center().y() + 0.5
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for tick in (-reach, 0, reach):
        x = round(axis.center().x() + tick / reach * axis.width() / 2) + 0.5
        painter.setPen(QPen(QColor(p.border2 if tick == 0 else p.grid), 1))
        painter.drawLine(QLineF(x, area.top() + (1 if row.first else 0), x, area.bottom() + 1))
    assert row.difference is not None
    g = row.difference.hedges_g
    painter.setPen(QColor(p.text if row.filled else p.text2))
    painter.drawText(QRectF(area.right() - EFFECT_NUMBER - 4, area.top(), EFFECT_NUMBER, area.height()), RIGHT,
                     number(g, 1, sign=True))  # fmt: skip
    if g is None:
        return
    x = axis.center().x() + g / reach * axis.width() / 2
    painter.setPen(QPen(QColor(p.text if row.filled else p.text3), 1.5))
    painter.setBrush(QColor(p.text) if row.filled else QColor(p.surface))
    painter.drawEllipse(QPointF(x, middle), 4.0, 4.0)


def _rows(comparison: Comparison) -> tuple[Row, ...]:
    rows = [
        Row(difference=d, first=i == 0, filled=comparison.rungs.get(d.side) in RESOLVED)
        for i, d in enumerate(comparison.primary)
    ]
    if comparison.exploratory:
        rows.append(Row(heading="Exploratory: shown with interval, no verdict", first=True))
        before = ""
        for d in _by_index(comparison.exploratory):
            rows.append(Row(difference=d, first=d.index != before))
            before = d.index
    return tuple(rows)


def _by_index(differences: Sequence[Difference]) -> list[Difference]:
    order = list(dict.fromkeys(d.index for d in differences))
    return sorted(differences, key=lambda d: (order.index(d.index), ("left", "right", "did").index(d.side)))


def _text(row: Row, column: int) -> str:
    d = row.difference
    assert d is not None
    words = index_words(d.index, d.unit)
    if column == INDEX:
        return words.title if row.first else ""
    if column == SIDE:
        return SHORT_SIDES[d.side]
    if column == BASE:
        return mean_sd(d.mean_base, d.sd_base, words)
    if column == OTHER:
        return mean_sd(d.mean_other, d.sd_other, words)
    if column == EFFECT:
        return number(d.hedges_g, 1, sign=True)
    if d.difference is None:
        return reason_words(d.reason) if d.reason else DASH
    return f"{number(d.difference * words.factor, words.digits, sign=True)} {interval(d.ci_low, d.ci_high, words)}"


def _tooltip(d: Difference, labels: tuple[str, str]) -> str:
    words = index_words(d.index, d.unit)
    lines = [
        ", ".join(filter(None, (words.title, words.note, SIDE_WORDS[d.side].lower()))),
        f"{labels[0]}: {counted(d.n_base, 'step')}. {labels[1]}: {counted(d.n_other, 'step')}.",
    ]
    if d.speaks_for:
        lines.append("The interval speaks for the effect." if d.speaks_for == "effect" else
                     "The interval speaks for these recordings only.")  # fmt: skip
    if d.floor is not None:
        lines.append(f"Floor {d.floor:g} {words.unit}: {d.floor_row}.")
    if d.reason:
        lines.append(reason_words(d.reason) + ".")
    return "\n".join([*lines, *d.notes, *([d.outlook] if d.outlook else []), *([d.method] if d.method else [])])
