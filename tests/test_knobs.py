"""URLs of simulated insoles: what they mean, and what is refused with a line that helps."""

from __future__ import annotations

import pytest

from acquisition.footwear import PRESETS
from acquisition.knobs import KNOBS, parse_knobs
from insole.errors import UsageError
from insole.trial import Spans


def knobs(query="", side="left", **context):
    return parse_knobs(f"sim://{side}" + (f"?{query}" if query else ""), side, context.pop("spans", Spans()), **context)


def test_defaults_of_the_table():
    k = knobs()
    assert (k.generator, k.gait, k.contact_s, k.stride_s, k.mass_kg, k.layout.name, k.rate_hz) == (
        "A", "run", 0.30, 0.75, 70.0, "ref16-EU42", 1000,
    )  # fmt: skip
    assert (k.noise_lsb, k.pace, k.seed, k.circuit, k.bits, k.r_m_ohm) == (0.3, 1.0, 0, "fsr_high", 10, 1000.0)
    zero = (k.medial, k.asymmetry_ms, k.jitter_cv, k.jitter_medial_sd, k.drift_per_h, k.preload_n, k.gain_sd)
    assert zero == (0.0,) * 7
    assert (k.gain_drift_per_h, k.hysteresis, k.dropout, k.saturation, k.clock_ppm) == (0.0,) * 5
    assert k.stuck is None
    assert k.boot_us is None
    assert k.heel_factor == 1.0
    assert k.spans == Spans()
    assert (knobs("gait=walk").contact_s, knobs("gait=walk").stride_s) == (0.50, 0.86)
    assert (knobs("gait=transition").contact_s, knobs("gait=transition").stride_s) == (0.394, 0.75)


def test_names_and_words_are_not_case_sensitive():
    k = knobs("t_C=0.28&T_STRIDE=0.7&Gait=RUN&generator=b&MASS=61.5")
    assert (k.contact_s, k.stride_s, k.gait, k.generator, k.mass_kg) == (0.28, 0.7, "run", "B", 61.5)


def test_trial_fills_in_what_the_url_does_not_say():
    spans = Spans(3.0, 10.0, 20.0)
    k = knobs("standing_s=5", spans=spans, mass_kg=62.0, size_eu=44.0, stride_seed=9)
    assert (k.spans, k.mass_kg, k.layout.name, k.seed, k.stride_seed) == (
        Spans(3.0, 5.0, 20.0), 62.0, "ref16-EU44", 0, 9,
    )  # fmt: skip
    k = knobs("mass=80&size=43&seed=4", mass_kg=62.0, size_eu=44.0)
    assert (k.mass_kg, k.layout.name, k.stride_seed) == (80.0, "ref16-EU43", 4)


def test_jitter_is_one_number_for_both_or_a_pair():
    assert (knobs("jitter=0.02").jitter_cv, knobs("jitter=0.02").jitter_medial_sd) == (0.02, 0.02)
    assert (knobs("jitter=0.01,0.3").jitter_cv, knobs("jitter=0.01,0.3").jitter_medial_sd) == (0.01, 0.3)


def test_speed_and_incline_multiply_only_when_given():
    assert knobs("speed=4.5mph&incline=0%25").heel_factor == pytest.approx(1.0)
    for text in ("4%25", "4%", "4+%25", "4%20%"):
        assert knobs(f"incline={text}").heel_factor == pytest.approx(1 - 0.018 * 4)
    faster = knobs("speed=5.4 mph")  # 20 % above the reference of running
    assert faster.heel_factor == pytest.approx(1 + 0.0066 * 20)
    assert faster.contact_s == pytest.approx(0.30 * 1.2**-0.7)
    assert knobs("gait=walk&speed=3mph").contact_s == pytest.approx(0.50)


def test_footwear_presets_add_up_with_the_knobs():
    k, shoe = knobs("footwear=stability&medial=0.2&preload_n=0.1&incline=10%25"), PRESETS["stability"]
    assert k.medial == pytest.approx(0.2 + shoe.medial_shift)
    assert k.heel_factor == pytest.approx(0.82 * shoe.heel_factor)
    assert k.preload_n == pytest.approx(0.1 + shoe.preload_n)


def test_lists_of_frames():
    k = knobs("lose=10:5;100:1&drop=7:2&damage=3;1;3")
    assert (k.lose, k.drop, k.damage) == (((10, 15), (100, 101)), ((7, 9),), (1, 3))


def test_stuck_channel_by_sensel_or_number():
    assert knobs("stuck=M3").stuck == (10, 0.0)
    assert knobs("stuck=m3:2.5").stuck == (10, 2.5)
    assert knobs("stuck=1:4").stuck == (0, 4.0)
    assert knobs("stuck=0").stuck is None


@pytest.mark.parametrize(
    ("query", "knob", "hint"),
    [
        ("medail=0.1", "medail", "did you mean medial"),
        ("colour=blue", "colour", "T_stride"),
        ("gait=hop", "gait", "run or walk"),
        ("generator=C", "generator", "A or B"),
        ("gait=", "gait", "run or walk"),
        ("mass=-3", "mass", "1 to 400"),
        ("mass=nan", "mass", "number"),
        ("medial=1.5", "medial", "-0.8 to 0.8"),
        ("rate=99", "rate", "100 to 2000"),
        ("rate=999.5", "rate", "whole number"),
        ("bits=11", "bits", "10 or 12 or 16"),
        ("T_c=0.7", "T_c", "stride"),
        ("T_stride=0", "T_stride", "0.2"),
        ("jitter=0.1,0.1,0.1", "jitter", "CV,SD"),
        ("pace=-1", "pace", "0 to 1000"),
        ("pace=0.001", "pace", "0.01"),
        ("seed=-1", "seed", "whole number"),
        ("speed=4.5", "speed", "unit"),
        ("speed=0mph", "speed", "0.1 m/s"),
        ("incline=4", "incline", "unit"),
        ("incline=40%25", "incline", "30 %"),
        ("footwear=clogs", "footwear", "cushioned"),
        ("stuck=M9", "stuck", "M1"),
        ("stuck=17", "stuck", "1 to 16"),
        ("lose=5", "lose", "START:COUNT"),
        ("drop=5:0", "drop", "START:COUNT"),
        ("damage=a", "damage", "frame numbers"),
        ("seed=1&seed=2", "seed", "twice"),
        ("size=42.12345", "size", "decimals"),
        ("size=5", "size", "20 to 60"),
        ("generator=B&size=38", "generator", "41"),
        ("boot_us=4294967296", "boot_us", "4294967295"),
        ("unloaded_s=-1", "unloaded_s", "0 to 86400"),
        ("dropout=1", "dropout", "0.5"),
    ],
)
def test_what_is_refused_names_the_knob_and_what_is_allowed(query, knob, hint):
    with pytest.raises(UsageError) as refusal:
        knobs(query)
    text = str(refusal.value)
    assert knob in text
    assert hint in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "url", ["sim://right", "sim://middle", "sim://", "sim://left/x", "sim://left#a", "file://left"]
)
def test_addresses_that_are_refused(url):
    with pytest.raises(UsageError, match="left"):
        parse_knobs(url, "left", Spans())


def test_size_of_the_trial_is_checked_as_well():
    with pytest.raises(UsageError, match="at most 3 decimals"):
        knobs(size_eu=42.12345)
    with pytest.raises(UsageError, match="41 or more"):
        knobs("generator=B", size_eu=38.0)


def test_every_knob_of_the_specification_is_there():
    table = (
        "generator gait T_c T_stride mass size rate medial asymmetry_ms jitter drift_per_h noise_lsb preload_n gain_sd "
        "gain_drift_per_h hysteresis dropout stuck saturation clock_ppm unloaded_s standing_s warm_up_s pace seed "
        "speed incline"
    )
    assert set(table.split()) <= set(KNOBS)
