"""Numbers and indices as a report prints them."""

from __future__ import annotations

NONE = "–"
# These cross zero: their sign is shown, and a coefficient of variation would say nothing.
SIGNED = frozenset({"mli", "foot_balance", "ami", "forefoot_balance", "rearfoot_balance", "xm", "dev"})
INDEX_NAMES = {
    "mli": "MLI, medial loading (pronation-related proxy)",
    "foot_balance": "Foot balance",
    "mt34": "MT34, load share of metatarsal heads 3 and 4",
    "ami": "Axis index",
    "forefoot_balance": "Forefoot balance",
    "rearfoot_balance": "Rearfoot balance",
    "xm": "Mean centre of pressure, share of half-width",
    "dev": "Deviation of the path, share of half-width",
    "lmd_mm": "Lateral-to-medial deviation, first half",
    "strike_index": "Strike index, share of insole length",
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


def number(value: float | None, digits: int = 1, signed: bool = False) -> str:
    """A number for people: true minus, no sign on zero, a dash for what is not known."""
    if value is None:
        return NONE
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return ("−" if value < 0 else "+" if signed else "") + text


def index_name(column: str) -> str:
    """The words of an index."""
    return INDEX_NAMES.get(column, column)


def digits_of(unit: str) -> int:
    """Decimals that make sense in a unit."""
    return {"s": 3, "BW": 2, "BW·s": 3, "N": 0, "1": 3}.get(unit, 1)
