"""What the painters draw, checked as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.plot_data import MAX_PATHS, FootPaths, PathSet, nice_ticks, scatter, violin


def paths(count: int, x: float = 0.0) -> np.ndarray:
    return np.full((count, 101, 2), x)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
def test_ticks_are_round_few_and_inside(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert 2 <= len(ticks) <= 8
    slack = 1e-6 * max(abs(low), span)
    assert ticks[0] >= low - slack
    assert ticks[-1] <= low + span + slack
    step = ticks[1] - ticks[0]
    mantissa = step / 10 ** np.floor(np.log10(step) + 1e-9)
    assert min(abs(mantissa - m) for m in (1, 2, 5)) < 1e-6


def test_ticks_of_a_known_range() -> None:
    assert nice_ticks(-7, 43).tolist() == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_marks_spread_evenly_whatever_their_number(count: int) -> None:
    places = scatter(count)
    assert len(set(places)) == count
    assert np.all(np.abs(places) < 1)
    assert np.max(np.diff(np.concatenate(([-1.0], np.sort(places), [1.0])))) <= 4.0 / (count + 1)


def test_a_violin_is_widest_where_most_steps_are() -> None:
    values = np.concatenate((np.random.default_rng(1).normal(10, 1, 300), np.random.default_rng(2).normal(20, 1, 100)))
    at = np.linspace(0, 30, 301)
    density = violin(values, at)
    assert density.max() == 1.0
    assert at[density.argmax()] == pytest.approx(10, abs=0.5)
    assert density[np.abs(at - 15).argmin()] < 0.2
    assert 0.2 < density[np.abs(at - 20).argmin()] < 0.5


def test_steps_without_spread_are_still_seen() -> None:
    density = violin(np.full(30, 5.0), np.linspace(4.9, 5.1, 21))
    assert np.isfinite(density).all()
    assert density.argmax() == 10


def test_captions_count_steps_and_what_is_left_out() -> None:
    sets = (PathSet(paths(MAX_PATHS), paths(1)[0], 214), None)
    foot = FootPaths("left", None, "mm", sets, left_out=(10, 3))
    assert foot.caption == "214 and – steps"
    assert foot.left_out_caption == "10 and 3 left out"
    assert FootPaths("left", None, "mm", sets).left_out_caption == ""
    assert FootPaths("right", None, "mm", (None, None), reason="not recorded").caption == "not recorded"
