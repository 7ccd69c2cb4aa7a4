"""How numbers are written for people."""

from __future__ import annotations

import pytest

from insole.numerals import number, p_value


@pytest.mark.parametrize(
    ("value", "digits", "sign", "text"),
    [
        (1.25, 1, True, "+1.2"),
        (-1.25, 1, False, "−1.2"),
        (-0.04, 1, True, "0.0"),
        (0.0, 2, True, "0.00"),
        (-0.4, 0, True, "0"),
        (1407.2, 0, False, "1407"),
        (None, 1, True, "–"),
        (float("nan"), 1, True, "–"),
    ],
)
def test_numbers_have_a_true_minus_and_zero_has_no_sign(
    value: float | None, digits: int, sign: bool, text: str
) -> None:
    assert number(value, digits, sign) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "< 0.001"), (0.001, "0.001"), (0.9949, "0.995"), (0.0, "< 0.001"), (None, "–")]
)
def test_no_p_value_is_zero(p: float | None, text: str) -> None:
    assert p_value(p) == text
