"""Indices as a report prints them: name, unit, decimals, effect size."""

from __future__ import annotations

from analysis.steps import INDEX_UNITS
from insole.numerals import number

BALANCES = frozenset({"mli", "foot_balance", "ami", "forefoot_balance", "rearfoot_balance"})  # −100 to +100
# These cross zero: their sign is shown, and a coefficient of variation would say nothing.
SIGNED = BALANCES | {"xm", "dev"}
INDEX_NAMES = {
    "mli": "MLI, medial loading (pronation-related proxy)",
    "foot_balance": "Foot balance",
    "mt34": "MT34, load share of metatarsal heads 3 and 4",
    "ami": "Axis index",
    "forefoot_balance": "Forefoot balance",
    "rearfoot_balance": "Rearfoot balance",
    "xm": "Mean centre of pressure, of half-width",
    "dev": "Deviation of the path, of half-width",
    "lmd_mm": "Lateral-to-medial deviation, first half of stance",
    "strike_index": "Strike index, of insole length",
    "contact_time_s": "Contact time",
    "stride_time_s": "Stride time",
    "step_time_s": "Step time",
    "swing_time_s": "Swing time",
    "duty_factor": "Duty factor",
    "peak_force_bw": "Peak normal force",
    "impulse_bw_s": "Impulse",
    "peak_force_n": "Peak normal force",
    "impulse_n_s": "Impulse",
    **{f"mt{k}_share": f"Load share of metatarsal head {k}" for k in range(1, 6)},
}


def index_name(column: str) -> str:
    """The words of an index."""
    return INDEX_NAMES.get(column, column)


def digits_of(unit: str) -> int:
    """Decimals that make sense in a unit."""
    return {"s": 3, "BW": 2, "BW·s": 3, "N": 0, "1": 3}.get(unit, 1)


def index_unit(column: str) -> str:
    """The unit of an index in words: points for the scales from −100 to +100; nothing for a plain ratio."""
    unit = "points" if column in BALANCES else INDEX_UNITS.get(column, "")
    return "" if unit == "1" else unit


def effect_size(g: float | None) -> str:
    """An effect size with its sign; from 10 on nobody needs decimals."""
    return number(g, 0 if g is not None and abs(g) >= 9.95 else 2, sign=True)
