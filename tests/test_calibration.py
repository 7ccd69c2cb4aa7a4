"""Electronics and calibration: worked example E1 to its printed digits, the mirror circuit, fits, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insole.calibration import (
    Calibration,
    Electronics,
    Response,
    calibration_from_dict,
    fit_power,
    nominal_calibration,
    read_calibration,
)
from insole.errors import CalibrationError

BOARD = Electronics("fsr_high", 1000.0, 10)
LOW = Electronics("fsr_low", 1000.0, 10)
FIT_G = np.array([1.10, 2.05, 3.85, 7.20, 10.5, 13.6]) * 1e-4
FIT_F = np.array([5.0, 10, 20, 40, 60, 80])
AREA = np.full(2, 126.7)


def row(**changes: Any) -> dict[str, Any]:
    """One sensor's power law."""
    return {"id": "HP", "model": "power", "k": 1e5, "n": 1.1, "max_force_n": 80.0, **changes}


def pchip(**changes: Any) -> dict[str, Any]:
    """One sensor's curve through eight levels."""
    levels = {"g_s": [i * 1e-4 for i in range(1, 9)], "force_n": [3.0, 5, 10, 20, 40, 60, 80, 100]}
    return {"id": "HP", "model": "pchip", **levels, **changes}


def file_of(*sensors: Any, **changes: Any) -> dict[str, Any]:
    """A calibration file as it is read from JSON."""
    return {"schema": "insole-calibration/1", "id": "cal-1", "procedure": "puck", "sensors": list(sensors), **changes}


def response(sensor: dict[str, Any]) -> Response:
    return calibration_from_dict(file_of(sensor)).responses[0]


@pytest.mark.parametrize(
    ("count", "conductance", "quantisation"),
    [
        (100, "1.088251e-04", "3.466056e-07"),
        (512, "1.001955e-03", "1.129843e-06"),
        (900, "7.291498e-03", "1.938097e-05"),
        (1000, "4.257447e-02", "5.352709e-04"),
    ],
)
def test_e1_conductance_and_its_quantisation(count: int, conductance: str, quantisation: str) -> None:
    assert f"{BOARD.conductance_s(np.array(count)):.6e}" == conductance
    assert f"{BOARD.quantisation_s(np.array(count)):.6e}" == quantisation
    mirrored = np.array(1023 - count)
    assert f"{LOW.conductance_s(mirrored):.6e}" == conductance
    assert f"{LOW.quantisation_s(mirrored):.6e}" == quantisation


def test_e1_power_fit_and_its_forces() -> None:
    fit = fit_power(FIT_G, FIT_F)
    assert (f"{fit.k:.6f}", f"{fit.n:.6f}", f"{fit.rmspe_percent:.6f}") == ("115201.356216", "1.101555", "0.381854")
    forces = fit.force_n(BOARD.conductance_s(np.array([512, 700])))
    assert [f"{force:.6f}" for force in forces] == ["57.243557", "133.783104"]
    assert fit.max_force_n == 80.0
    fitted = Calibration("fit", "puck", (fit,))
    beyond = fitted.above_range(BOARD)[0]
    assert not beyond[512]
    assert beyond[700]


def test_the_nominal_curve_is_the_fit_for_every_sensel() -> None:
    nominal, fit = nominal_calibration(2), fit_power(FIT_G, FIT_F)
    assert nominal.is_nominal
    assert not Calibration("fit", "uniform", (fit,)).is_nominal
    expected = 1000.0 * fit.force_n(BOARD.conductance_s(np.arange(1024))) / 126.7
    for table in nominal.table_kpa(BOARD, AREA):
        # The curve keeps six digits of n: ln G is some -10, so the pressure keeps five.
        assert table == pytest.approx(expected, rel=1e-5)
    assert nominal.sigma_gain == 0.10
    assert nominal.rmspe_percent is None


def test_pressure_is_force_over_the_active_area() -> None:
    table = nominal_calibration(3).table_kpa(BOARD, np.array([126.7, 2 * 126.7, np.nan]))
    assert table.shape == (3, 1024)
    assert table[0, 512] == pytest.approx(57.243557 / 126.7 * 1000, rel=1e-5)
    assert table[1] == pytest.approx(table[0] / 2)
    assert np.array_equal(table[2], table[0])


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("circuit", ["fsr_high", "fsr_low"])
def test_the_open_sensor_is_zero_and_conductance_rises_with_load(circuit: str, bits: int) -> None:
    board = Electronics(circuit, 470.0, bits)
    codes = np.arange(1 << bits)
    loaded = board.loaded(codes)
    g = board.conductance_s(codes)[np.argsort(loaded)]
    assert g[0] == 0.0
    assert g[1] > 0.0
    assert np.all(np.diff(g) > 0)
    assert loaded.min() == 0
    assert loaded[0 if circuit == "fsr_high" else -1] == 0
    assert np.all(np.diff(nominal_calibration(1).table_kpa(board, AREA[:1])[0][np.argsort(loaded)]) > 0)


def test_a_count_is_the_share_of_conductance_that_the_method_says() -> None:
    counts = np.arange(1, 1023)
    share = BOARD.quantisation_s(counts) * np.sqrt(12) / BOARD.conductance_s(counts)
    assert np.array_equal(counts[share <= 0.02], np.arange(53, 971))
    assert f"{100 * share[999]:.1f}" == "4.4"


def test_limits_of_ten_bits_scale_to_other_converters() -> None:
    assert [Electronics("fsr_high", 1000.0, bits).load_code(1000) for bits in (10, 12, 16)] == [1000, 4000, 64000]
    assert BOARD.loaded(np.array([0, 1000, 1023])).tolist() == [0, 1000, 1023]
    assert LOW.loaded(np.array([1023, 23, 0])).tolist() == [0, 1000, 1023]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("fsr", 1000.0, 10), "circuit"),
        (("fsr_high", 0.0, 10), "resistor"),
        (("fsr_high", float("nan"), 10), "resistor"),
        (("fsr_high", 1000.0, 8), "bits"),
    ],
)
def test_electronics_without_a_formula_are_refused(arguments: tuple[str, float, int], named: str) -> None:
    with pytest.raises(CalibrationError, match=named):
        Electronics(*arguments)


def test_linear_and_power_stand_on_the_unloaded_conductance() -> None:
    linear = response({"id": "HP", "model": "linear", "k": 5e4, "g0_s": 2e-4})
    power = response(row(k=1e5, n=1.2, g0_s=2e-4))
    g = np.array([0.0, 1e-4, 2e-4, 3e-4, 1e-3])
    assert linear.force_n(g) == pytest.approx([0, 0, 0, 5.0, 40.0])
    assert power.force_n(g) == pytest.approx([0, 0, 0, 1e5 * 1e-4**1.2, 1e5 * 8e-4**1.2])


def test_a_pchip_meets_its_knots_is_linear_below_and_holds_above() -> None:
    curve = response(pchip())
    g = np.array(pchip()["g_s"])
    assert curve.force_n(g) == pytest.approx(pchip()["force_n"])
    assert curve.force_n(np.array([0.0, 2.5e-5, 5e-5])) == pytest.approx([0.0, 0.75, 1.5])
    assert curve.force_n(np.array([9e-4, 1.0])).tolist() == [100.0, 100.0]
    dense = curve.force_n(np.linspace(0, 9e-4, 500))
    assert np.all(np.diff(dense) >= -1e-12)
    straight = response(pchip(force_n=[i * 5.0 for i in range(1, 9)]))
    assert straight.force_n(np.linspace(0, 8e-4, 33)) == pytest.approx(5e4 * np.linspace(0, 8e-4, 33))


def test_codes_beyond_the_last_knot_are_above_the_calibration() -> None:
    calibrated = calibration_from_dict(file_of(pchip()))
    g = BOARD.conductance_s(np.arange(1024))
    assert np.array_equal(calibrated.above_range(BOARD)[0], g > 8e-4)
    assert np.array_equal(calibrated.above_range(LOW)[0], (g > 8e-4)[::-1])
    lifted = calibration_from_dict(file_of(pchip(g0_s=2e-4)))
    assert np.array_equal(lifted.above_range(BOARD)[0], g - 2e-4 > 8e-4)
    shorter = calibration_from_dict(file_of(pchip(max_force_n=60.0)))
    assert np.array_equal(shorter.above_range(BOARD)[0], g > 6e-4)


def test_the_range_mark_is_the_force_limit_for_a_law() -> None:
    beyond = nominal_calibration(1).above_range(BOARD)[0]
    force = nominal_calibration(1).table_kpa(BOARD, AREA[:1])[0] * 126.7 / 1000
    assert np.array_equal(beyond, force > 80.0 * (1 + 1e-9))
    assert beyond[700]
    assert not beyond[512]


@settings(max_examples=50, deadline=None)
@given(st.floats(1e3, 1e6), st.floats(0.5, 2.0))
def test_a_power_law_is_found_again(k: float, n: float) -> None:
    fit = fit_power(FIT_G, k * FIT_G**n)
    assert (fit.k, fit.n) == (pytest.approx(k, rel=1e-6), pytest.approx(n, rel=1e-9))
    assert fit.rmspe_percent == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("g", "f"), [([1e-4], [5.0]), ([1e-4, 0.0], [5.0, 10.0]), ([1e-4, 2e-4], [5.0, -1.0]), ([1e-4, 2e-4], [5.0])]
)
def test_a_fit_of_nothing_is_refused(g: list[float], f: list[float]) -> None:
    with pytest.raises(CalibrationError, match="levels"):
        fit_power(np.array(g), np.array(f))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "schema"),
        (file_of(row(), schema="insole-layout/1"), "schema"),
        (file_of(row(), procedure="guess"), "procedure"),
        (file_of(row(), id=""), "id"),
        (file_of(row(), id=5), "id"),
        (file_of(), "sensors"),
        (file_of(row(), sensors={"HP": row()}), "sensors"),
        (file_of(row(), row()), "share an id"),
        (file_of(row(), date=20261122), "date"),
        (file_of(row(), device_serial="x" * 65), "device_serial"),
        (file_of(row(), sigma_gain=-0.1), "sigma_gain"),
        (file_of(7), r"sensors\[0\]"),
        (file_of(row(), row(id="HM", model="spline")), r"sensors\[1\].model"),
        (file_of(row(k=None)), "k is None"),
        (file_of({"id": "HP", "model": "power", "n": 1.1}), "k is None"),
        (file_of({"id": "HP", "model": "power", "k": 1e5}), "n is None"),
        (file_of({"id": "HP", "model": "linear"}), "k is None"),
        (file_of(row(k=True)), "k is True"),
        (file_of(row(k=float("nan"))), "k is nan"),
        (file_of(row(n="1.1")), "n is '1.1'"),
        (file_of(row(g0_s=-1e-6)), "g0_s"),
        (file_of(row(max_force_n=0)), "max_force_n"),
        (file_of(row(rmspe_percent="bad")), "rmspe_percent"),
        (file_of(pchip(g_s=[1e-4] * 7)), "g_s"),
        (file_of(pchip(g_s="12345678")), "g_s"),
        (file_of(pchip(g_s=[[i] for i in range(8)])), "g_s"),
        (file_of(pchip(g_s=[1e-4] * 8)), "g_s must rise"),
        (file_of(pchip(g_s=[i * 1e-4 for i in range(8)])), "above 0"),
        (file_of(pchip(force_n=[8.0, 7, 6, 5, 4, 3, 2, 1])), "never fall"),
        (file_of(pchip(force_n=[-1.0, 5, 10, 20, 40, 60, 80, 100])), "force_n"),
        (file_of(pchip(force_n=[1.0] * 9)), "equally long"),
        (file_of(pchip(force_n=[float("inf")] * 8)), "force_n"),
    ],
)
def test_what_can_be_no_calibration_is_refused_by_name(data: Any, named: str) -> None:
    with pytest.raises(CalibrationError, match=named) as caught:
        calibration_from_dict(data)
    assert "\n" not in str(caught.value)


def test_a_calibration_goes_through_json_unchanged() -> None:
    made = calibration_from_dict(
        file_of(
            row(rmspe_percent=3.5, hysteresis_percent=7.0, g0_s=1e-6), pchip(id="HM", rmspe_percent=4.5),
            {"id": "HL", "model": "linear", "k": 5e4}, date="2026-11-20", device_serial="L-7", sigma_gain=0.05,
        )
    )  # fmt: skip
    back = calibration_from_dict(json.loads(json.dumps(made.as_dict(), allow_nan=False)))
    assert back.as_dict() == made.as_dict()
    assert back.responses == made.responses
    assert back.sensel_ids == ("HP", "HM", "HL")
    assert (back.date, back.device_serial, back.sigma_gain, back.rmspe_percent) == ("2026-11-20", "L-7", 0.05, 4.5)
    assert nominal_calibration(2).responses == calibration_from_dict(nominal_calibration(2).as_dict()).responses


def test_responses_follow_the_sensels_not_the_order_in_the_file() -> None:
    made = calibration_from_dict(file_of(row(id="HM", k=2e5), row(id="HP", k=1e5)))
    assert [r.k for r in made.in_order_of(("HP", "HM")).responses] == [1e5, 2e5]
    assert made.in_order_of(("HP", "HM")).sensel_ids == ("HP", "HM")
    assert [r.k for r in made.in_order_of(("HM", "HP")).responses] == [2e5, 1e5]
    numbered = calibration_from_dict(file_of(row(id="0", k=2e5), row(id="1", k=1e5)))
    assert [r.k for r in numbered.in_order_of(("HP", "HM")).responses] == [2e5, 1e5]
    assert nominal_calibration(2).in_order_of(("HP", "HM")).is_nominal
    with pytest.raises(CalibrationError, match="HL"):
        made.in_order_of(("HP", "HL"))
    with pytest.raises(CalibrationError, match="2 sensors, the insole has 3"):
        made.in_order_of(("HP", "HM", "HL"))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"schema": "insole-calibration/1"}', "procedure"),
        (b" " * (5 << 20), "MiB"),
        (None, "no such"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path, content: bytes | None, named: str) -> None:
    path = tmp_path / "cal.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CalibrationError, match=named) as caught:
        read_calibration(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_is_read_and_a_folder_is_not(tmp_path: Path) -> None:
    path = tmp_path / "cal.json"
    path.write_text(json.dumps(file_of(row())), encoding="utf-8")
    assert read_calibration(path).responses[0].k == 1e5
    with pytest.raises(CalibrationError, match="no such"):
        read_calibration(tmp_path)
