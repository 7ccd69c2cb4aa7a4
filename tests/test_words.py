"""How the windows write numbers, units and names."""

from __future__ import annotations

import pytest

from gui.words import (
    INDICES,
    IndexWords,
    condition_name,
    counted,
    index_words,
    interval,
    mean_sd,
    sentence,
    settings,
    short_names,
    spoken,
    visit,
)
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import TrialInfo


def test_times_are_written_in_milliseconds() -> None:
    words = INDICES["contact_time_s"]
    assert mean_sd(0.2624, 0.0061, words) == "262 ± 6"
    assert interval(-0.0012, 0.0018, words) == "[−1, +2]"


def test_a_mean_without_sd_and_no_mean() -> None:
    assert mean_sd(12.34, None, INDICES["mli"]) == "+12.3"
    assert mean_sd(None, None, INDICES["mli"]) == "–"
    assert interval(None, 1.0, INDICES["mli"]) == ""


def test_an_index_without_words_keeps_its_column_and_unit() -> None:
    assert index_words("some_new_index", "kPa") == IndexWords("some new index", "kPa", 1, 2)


def test_a_screen_reader_hears_signs() -> None:
    assert spoken("+19.0 ± 2.1, −3.0") == "plus 19.0 plus or minus 2.1, minus 3.0"


@pytest.mark.parametrize(
    ("speed", "incline", "text"),
    [
        ("4.5 mph", "4 %", "4.5 mph, 4.0 %"),
        ("10 km/h", "2.29 deg", "10.0 km/h, 2.29°"),
        ("2.01168 m/s", "-1 %", "2.01168 m/s, −1.0 %"),
    ],
)
def test_the_belt_is_written_as_entered(speed: str, incline: str, text: str) -> None:
    assert settings(Treadmill(parse_incline(incline), parse_speed(speed))) == text


def test_what_the_belt_did_not_say() -> None:
    assert settings(Treadmill()) == "speed unknown, incline unknown"
    assert settings(Treadmill(measured_speed_m_s=2.5, measured_incline_percent=4.02)) == "2.50 m/s, 4.0 %"


def test_conditions_and_visits_have_names() -> None:
    assert condition_name(TrialInfo(condition="barefoot")) == "Barefoot"
    assert condition_name(TrialInfo(condition="shod", shoe="Racer")) == "Racer"
    assert condition_name(TrialInfo(condition="shod")) == "Shod"
    assert condition_name(TrialInfo()) == "Footwear not given"
    assert visit(TrialInfo(started_utc="2026-11-02T09:00:00+00:00")) == "2 Nov 2026"
    assert visit(TrialInfo()) == ""


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["S01_A1", "S01_B1"], ["A1", "B1"]),
        (["S01-x_A1", "S01-x_A2"], ["A1", "A2"]),
        (["left", "right"], ["left", "right"]),
        (["S01_A1", "S01_A1"], ["S01_A1", "S01_A1"]),
        (["S01_A", "S01_AB"], ["A", "AB"]),
        ([], []),
    ],
)
def test_names_lose_what_all_of_them_begin_with(names: list[str], short: list[str]) -> None:
    assert short_names(names) == short


def test_sentences_and_counts() -> None:
    assert sentence("speed differs") == "Speed differs."
    assert sentence("Is it so?") == "Is it so?"
    assert (counted(1, "step"), counted(0, "step")) == ("1 step", "0 steps")
