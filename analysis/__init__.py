"""Samples to comparison: `analyse` turns a trial into steps and indices, `compare` sets trials against each other.

`compare` shares its name with its module, so it is bound here at once: an import of the module alone would otherwise
leave the module under that name. `analyse` waits until it is asked for, because it brings the compiled kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.compare import compare

if TYPE_CHECKING:
    from analysis.pipeline import analyse

__all__ = ["analyse", "compare"]


def __getattr__(name: str) -> Any:
    if name == "analyse":
        from analysis.pipeline import analyse

        return globals().setdefault("analyse", analyse)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
