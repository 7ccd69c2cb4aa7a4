"""Every code that a result can carry has words, and nobody is shown a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.codes import flag_words, reason_words, rejected_words
from analysis.steps import REJECT_REASONS

ANALYSIS = Path(__file__).resolve().parent.parent / "analysis"


def written(pattern: str, *files: str) -> set[str]:
    """What the pattern finds in sources of the analysis."""
    found: set[str] = set()
    for name in files:
        found |= set(re.findall(pattern, (ANALYSIS / name).read_text(encoding="utf-8")))
    return found


def test_every_flag_that_is_raised_has_a_sentence() -> None:
    flags = written(r'flags\.append\("([a-z_]+)"\)', "flags.py") | {"kappa_borrowed", "kappa_default", "mode_one_foot"}
    assert len(flags) > 10
    assert [flag for flag in flags if flag_words(flag) == flag] == []
    assert flag_words("stuck:M3") == "sensor M3 stood still and is left out from there on"
    assert flag_words("brand_new_flag") == "brand_new_flag"


def test_every_reason_for_a_missing_value_has_words() -> None:
    codes = written(r'"([a-z_]+_(?:unknown|absent|arbitrary|positions))"', "measures.py", "summary.py", "indices.py")
    assert codes >= {"width_unknown", "length_unknown", "units_arbitrary", "area_absent", "mass_unknown"}
    assert [code for code in codes if reason_words(code) == code.replace("_", " ")] == []
    assert reason_words("region_absent:M1") == "no sensor in M1"


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_rejection_has_words(reason: str) -> None:
    words = rejected_words({reason: 3, "other": 0})
    assert words.startswith("3 ")
    assert "_" not in words
    assert words != f"3 {reason}"


def test_rejections_are_counted_one_after_the_other() -> None:
    assert rejected_words({"edge": 10, "gap": 0, "outlier": 1}) == "10 at the start or end, 1 unlike the others"
    assert rejected_words({"edge": 0}) == "none"
