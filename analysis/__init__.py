"""Samples to comparison: `analyse` turns a trial into steps and indices, `compare` sets trials against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.compare import compare
    from analysis.pipeline import analyse

__all__ = ["analyse", "compare"]


def __getattr__(name: str) -> Any:
    if name == "analyse":
        from analysis.pipeline import analyse

        return globals().setdefault("analyse", analyse)
    if name == "compare":
        from analysis.compare import compare

        # Importing the submodule has just bound its own name here: the function takes that name over.
        globals()["compare"] = compare
        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
