"""Incline and speed: worked example E15, units that must be there, entries that no treadmill takes."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insole.errors import UsageError
from insole.treadmill import Incline, Speed, Treadmill, parse_incline, parse_speed


def test_e15_the_belt_of_the_study() -> None:
    incline, speed = parse_incline("4 %"), parse_speed("4.5 mph")
    assert f"{incline.degrees:.6f}" == "2.290610"
    assert speed.m_s == pytest.approx(2.01168, rel=1e-12)
    assert f"{speed.km_h:.6f}" == "7.242048"
    assert f"{incline.cosine:.9f}" == "0.999200959"
    climb_m_h = speed.m_s * math.sin(math.radians(incline.degrees)) * 3600
    assert f"{climb_m_h:.6f}" == "289.450452"
    assert incline.percent == 4.0
    assert Treadmill(incline, speed).cosine == incline.cosine


def test_four_degrees_are_not_four_percent() -> None:
    incline = parse_incline("4 deg")
    assert f"{incline.percent:.4f}" == "6.9927"
    assert incline.degrees == 4.0


@pytest.mark.parametrize("text", ["4 %", "4%", " 4  % ", "4.0 %", "4,0%", "+4 %", "4 percent", "4 PERCENT"])
def test_percent_may_be_written_so(text: str) -> None:
    assert parse_incline(text) == Incline(4.0, "%")


@pytest.mark.parametrize("text", ["2.5 deg", "2.5°", "2.5 degrees", "2,5Deg"])
def test_degrees_may_be_written_so(text: str) -> None:
    assert parse_incline(text) == Incline(2.5, "deg")


@pytest.mark.parametrize("text", ["-3 %", "−3 %", "-3%"])
def test_downhill_is_negative(text: str) -> None:
    assert parse_incline(text).percent == -3.0


@pytest.mark.parametrize(
    ("text", "m_s"),
    [("1 mph", 0.44704), ("1mph", 0.44704), ("3.6 km/h", 1.0), ("3.6kmh", 1.0), ("3,6 kph", 1.0), ("3.6 KM/H", 1.0),
     ("2 m/s", 2.0), ("2m/s", 2.0), ("0 mph", 0.0)],
)  # fmt: skip
def test_speeds_may_be_written_so(text: str, m_s: float) -> None:
    assert parse_speed(text).m_s == pytest.approx(m_s, rel=1e-12)


@pytest.mark.parametrize("text", ["4", " 4 ", "4.0", "-4"])
def test_a_number_without_a_unit_is_refused_and_says_which_units(text: str) -> None:
    with pytest.raises(UsageError, match=r"no unit.*% or deg"):
        parse_incline(text)
    with pytest.raises(UsageError, match=r"no unit.*mph, km/h or m/s"):
        parse_speed(text)


@pytest.mark.parametrize("text", ["", "%", "four %", "nan %", "inf %", "4 mph", "4 rad", "4 % 5", "46 deg", "101 %",
                                  "4 %\n5 %", "0x4 %", "1e3 %", "--4 %"])  # fmt: skip
def test_inclines_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="incline"):
        parse_incline(text)


@pytest.mark.parametrize("text", ["", "mph", "fast", "-1 mph", "4 %", "4 knots", "40 mph", "16 m/s", "nan m/s",
                                  "4.5 mph uphill", "inf km/h"])  # fmt: skip
def test_speeds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="speed"):
        parse_speed(text)


@pytest.mark.parametrize(("kind", "unit"), [(Incline, "mph"), (Incline, ""), (Speed, "%"), (Speed, "mps")])
def test_a_unit_of_something_else_is_refused(kind: type[Incline] | type[Speed], unit: str) -> None:
    with pytest.raises(UsageError, match="unit"):
        kind(1.0, unit)


@given(st.floats(-44.9, 44.9))
def test_percent_and_degrees_are_each_others_inverse(degrees: float) -> None:
    percent = Incline(degrees, "deg").percent
    assert Incline(percent, "%").degrees == pytest.approx(degrees, abs=1e-9)


def test_what_was_measured_counts_more_than_what_was_entered_and_the_display_never() -> None:
    entered = Treadmill(parse_incline("4 %"), parse_speed("4.5 mph"), reported_incline_percent=2.0,
                        reported_speed_m_s=1.9)  # fmt: skip
    assert (entered.incline_percent, entered.speed_m_s) == (4.0, pytest.approx(2.01168))
    measured = Treadmill(parse_incline("4 %"), parse_speed("4.5 mph"), measured_incline_percent=3.8,
                         measured_speed_m_s=1.95)  # fmt: skip
    assert (measured.incline_percent, measured.speed_m_s) == (3.8, 1.95)
    assert measured.cosine == pytest.approx(math.cos(math.atan(0.038)))
    unknown = Treadmill()
    assert (unknown.incline_percent, unknown.speed_m_s, unknown.cosine) == (None, None, 1.0)


@pytest.mark.parametrize("field", ["reported_incline_percent", "measured_incline_percent", "reported_speed_m_s",
                                   "measured_speed_m_s"])  # fmt: skip
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -101.0, 101.0])
def test_readings_that_no_treadmill_gives_are_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field):
        Treadmill(**{field: value})


@pytest.mark.parametrize(
    "treadmill",
    [
        Treadmill(),
        Treadmill(Incline(4.0, "%"), Speed(4.5, "mph")),
        Treadmill(Incline(-2.5, "deg"), Speed(7.2, "km/h"), 4.1, 2.0, 3.9, 1.99),
        Treadmill(reported_speed_m_s=0.0),
    ],
)
def test_it_goes_through_json_as_entered(treadmill: Treadmill) -> None:
    data = json.loads(json.dumps(treadmill.as_dict(), allow_nan=False))
    assert Treadmill.from_dict(data) == treadmill
    assert data["speed_m_s"] == treadmill.speed_m_s
    assert data["incline_percent"] == treadmill.incline_percent


def test_it_reads_back_as_it_was_typed() -> None:
    assert (str(parse_incline("4%")), str(parse_speed("4.5mph"))) == ("4 %", "4.5 mph")
