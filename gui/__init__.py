"""The windows of Insole. Only this package imports Qt, and `gui.session`, `gui.palette` and `gui.words` do not."""

from __future__ import annotations
