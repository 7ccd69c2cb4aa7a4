"""A recording is what it says or it is refused; holes of the index are the gap table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_samples import gap_rows, recording

from insole.errors import TrialFileError
from insole.recording import GAP, GAP_KINDS, Recording, holes, no_gaps


def indices(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def three(**changes: Any) -> Recording:
    """Three samples of a total force."""
    fields: dict[str, Any] = {
        "side": "both", "kind": "total", "sample_rate_hz": 100.0, "index": indices(0, 1, 2),
        "time_s": np.array([0.0, 0.01, 0.02]), "values": np.array([1.0, 2.0, 3.0]),
    }  # fmt: skip
    return Recording(**{**fields, **changes})


def test_holes_are_the_jumps_of_the_index() -> None:
    table = holes(indices(5, 6, 9, 10, 11, 4_000_000_000))
    assert table["start_index"].tolist() == [7, 12]
    assert table["length"].tolist() == [2, 3_999_999_988]
    assert table["kind"].tolist() == [b"lost", b"lost"]
    assert not table["n_damaged"].any()
    assert not table["n_dropped"].any()
    assert holes(indices()).shape == holes(indices(3)).shape == holes(indices(3, 4)).shape == (0,)
    assert no_gaps().dtype == table.dtype == GAP


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 200), min_size=1))
def test_holes_and_samples_together_are_every_sample_once(kept: set[int]) -> None:
    index = np.array(sorted(kept), dtype=np.int64)
    missing = [range(g["start_index"], g["start_index"] + g["length"]) for g in holes(index)]
    everything = sorted([*index.tolist(), *(i for hole in missing for i in hole)])
    assert everything == list(range(min(kept), max(kept) + 1))
    assert all(len(hole) > 0 for hole in missing)


def test_counts_and_times_are_told() -> None:
    samples = recording("left", "counts")
    assert (samples.n_samples, samples.n_missing) == (50, 8)
    assert samples.span_s() == (pytest.approx(0.0123), pytest.approx(0.0123 + 57e-3))
    empty = three(index=indices(), time_s=np.zeros(0), values=np.zeros(0))
    assert (empty.n_samples, empty.n_missing, empty.span_s()) == (0, 0, (0.0, 0.0))


@pytest.mark.parametrize("kind", GAP_KINDS)
def test_every_kind_of_gap_is_kept(kind: bytes) -> None:
    assert three(gaps=gap_rows((3, 5, kind, 2, 3))).gaps["kind"].tolist() == [kind]


def test_a_wrapped_time_may_stand_still_but_not_go_back() -> None:
    assert three(time_s=np.array([0.0, 0.01, 0.01])).n_samples == 3


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"side": "front"}, "side"),
        ({"kind": "voltage"}, "kind"),
        ({"sample_rate_hz": 0.0}, "sample_rate_hz"),
        ({"sample_rate_hz": float("nan")}, "sample_rate_hz"),
        ({"index": indices(0, 1)}, "lengths"),
        ({"time_s": np.zeros(2)}, "lengths"),
        ({"values": np.zeros(2)}, "lengths"),
        ({"values": np.zeros((3, 2))}, "dimensions"),
        ({"kind": "force_n"}, "dimensions"),
        ({"kind": "counts", "values": np.zeros((3, 2))}, "expected .*uint16"),
        ({"values": np.zeros(3, np.float32)}, "values.*float32"),
        ({"index": np.arange(3, dtype=np.int32)}, "index.*int32"),
        ({"time_s": np.zeros(3, np.float32)}, "time_s.*float32"),
        ({"gaps": np.zeros(0)}, "gaps"),
        ({"cop_mm": np.zeros((3, 3))}, "cop_mm"),
        ({"cop_mm": np.zeros((2, 2))}, "cop_mm"),
        ({"index": indices(0, 1, 1)}, "index does not increase"),
        ({"index": indices(2, 1, 3)}, "index does not increase"),
        ({"index": indices(-(2**63), 0, 2**63 - 1)}, "index"),
        ({"index": indices(0, 1, 10_000_002)}, "index spans more than 100000 s"),
        ({"time_s": np.array([0.0, 0.02, 0.01])}, "backwards"),
        ({"time_s": np.array([0.0, 0.01, np.nan])}, "time_s"),
        ({"time_s": np.array([0.0, 0.01, np.inf])}, "time_s"),
        ({"first_side": "both"}, "first_side"),
        ({"side": "left", "first_side": "left"}, "first_side"),
        ({"gaps": gap_rows((3, 5, b"eaten", 0, 0))}, "gaps hold a kind"),
        ({"gaps": gap_rows((3, 0, b"lost", 0, 0))}, "gaps hold lengths"),
        ({"gaps": gap_rows((3, 5, b"mixed", -1, 0))}, "gaps hold lengths"),
        ({"gaps": gap_rows((3, 5, b"mixed", 3, 3))}, "more samples"),
    ],
)
def test_what_can_be_no_recording_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(TrialFileError, match=named) as caught:
        three(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("side", ["left", "right", None])
def test_a_signal_for_both_feet_may_say_whose_step_comes_first(side: str | None) -> None:
    assert replace(three(), first_side=side).first_side == side
