"""Samples to comparison: `analyse` turns a trial into steps and indices, `compare` sets trials against each other.

Both are imported on first use, because a command that only counts contacts has no need of the statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.compare import compare
    from analysis.pipeline import analyse

__all__ = ["analyse", "compare"]


def __getattr__(name: str) -> Any:
    # A submodule of the same name (analysis.compare) is replaced by its function once it has been asked for.
    if name == "analyse":
        from analysis.pipeline import analyse

        return analyse
    if name == "compare":
        from analysis.compare import compare

        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
