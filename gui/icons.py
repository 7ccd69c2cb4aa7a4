"""Line icons: stroke 1.7 on a grid of 24, round caps, drawn in the colour of the text beside them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PyQt6.QtCore import QByteArray, QRectF, Qt
from PyQt6.QtGui import QIcon, QImage, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

_SHAPES: Final = {
    "compare": '<circle cx="9" cy="12" r="5.6"/><circle cx="15" cy="12" r="5.6"/>',
    "warning": '<path d="M12 4.2 21 19.4H3Z"/><path d="M12 10v4.4"/><path d="M12 17v.1"/>',
    "error": '<circle cx="12" cy="12" r="8.6"/><path d="M9 9l6 6M15 9l-6 6"/>',
    "info": '<circle cx="12" cy="12" r="8.6"/><path d="M12 11v5.2"/><path d="M12 7.8v.1"/>',
    "person": '<circle cx="12" cy="8" r="3.6"/><path d="M4.8 20c.6-4.2 3.4-6.2 7.2-6.2s6.6 2 7.2 6.2"/>',
    "export": '<path d="M12 15V4.5M8.2 8 12 4.2 15.8 8M5 13.5V19h14v-5.5"/>',
    "open": '<path d="M3.8 18.8V6h5.6l2 2.4h8.8v10.4z"/>',
    "swap": '<path d="M4.5 9h14M15 5.5 18.5 9 15 12.5M19.5 16h-14M9 12.5 5.5 16 9 19.5"/>',
    "check": '<path d="M5 12.5 10 17.4 19.2 7"/>',
    "feet": (
        '<path fill="{c}" stroke="none" d="M7.2 2.2c2.3 0 3.7 2 3.7 5 0 2.6-1.1 4.2-1.1 6.4 0 2.6.5 3.5.5 5.2 0 1.8-1 3'
        '-2.5 3s-2.6-1.2-2.7-3.2c-.1-2-.9-3.5-1.4-5.9C3 9.2 3.2 2.2 7.2 2.2z"/>'
        '<path fill="{c}" stroke="none" d="M16.8 2.2c-2.3 0-3.7 2-3.7 5 0 2.6 1.1 4.2 1.1 6.4 0 2.6-.5 3.5-.5 5.2 0 1.8'
        ' 1 3 2.5 3s2.6-1.2 2.7-3.2c.1-2 .9-3.5 1.4-5.9.7-3.5.5-10.5-3.5-10.5z"/>'
    ),
}


@lru_cache(maxsize=64)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Icon `name` as a square of `size` logical pixels on a screen of the given device pixel ratio."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour}" stroke-width="1.7" '
        f'stroke-linecap="round" stroke-linejoin="round">{_SHAPES[name].replace("{c}", colour)}</svg>'
    )
    image = QImage(round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


def icon(name: str, colour: str, size: int = 18) -> QIcon:
    """The icon at one and two device pixels a logical one."""
    out = QIcon()
    for ratio in (1.0, 2.0):
        out.addPixmap(pixmap(name, colour, size, ratio))
    return out
