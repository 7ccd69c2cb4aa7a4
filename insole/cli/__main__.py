"""``python -m insole.cli``: the same as ``insole``."""

from __future__ import annotations

from insole.cli import entry

entry()
