"""How the windows write indices, settings and conditions: a unit each, a sign where a sign means something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from insole.numerals import DASH, MINUS, number
from insole.treadmill import Treadmill
from insole.trial import TrialInfo

PROXY: Final = (
    "MLI is the medial loading index, −100 (lateral) to +100 (medial): medial loading (pronation-related), a proxy. "
    "It does not measure the angle of a joint."
)


@dataclass(frozen=True)
class IndexWords:
    """Name, unit as shown, factor from the stored unit to it, digits; `signed`: zero is the middle of the scale.

    `note` says what the name is too short for.
    """

    name: str
    unit: str
    factor: float
    digits: int
    signed: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


INDICES: Final[dict[str, IndexWords]] = {
    "mli": IndexWords("MLI", "points", 1, 1, signed=True),
    "foot_balance": IndexWords("Foot balance", "points", 1, 1, signed=True),
    "forefoot_balance": IndexWords("Forefoot balance", "points", 1, 1, signed=True),
    "rearfoot_balance": IndexWords("Rearfoot balance", "points", 1, 1, signed=True),
    "ami": IndexWords("Axis index", "points", 1, 1, signed=True),
    "xm": IndexWords("CoP mean", "%", 1, 1, signed=True, note="of half the insole's width, + medial"),
    "dev": IndexWords("CoP deviation", "%", 1, 1, signed=True, note="of half the insole's width, + medial"),
    "lmd_mm": IndexWords("CoP medial travel", "mm", 1, 1),
    "mt34": IndexWords("MTH 3 + 4 load", "%", 1, 1),
    "mt1_share": IndexWords("MTH 1 load", "%", 1, 1),
    "mt2_share": IndexWords("MTH 2 load", "%", 1, 1),
    "mt3_share": IndexWords("MTH 3 load", "%", 1, 1),
    "mt4_share": IndexWords("MTH 4 load", "%", 1, 1),
    "mt5_share": IndexWords("MTH 5 load", "%", 1, 1),
    "strike_index": IndexWords("Strike index", "%", 1, 1),
    "peak_force_bw": IndexWords("Peak force", "BW", 1, 2),
    "impulse_bw_s": IndexWords("Impulse", "BW·s", 1, 3),
    "peak_force_n": IndexWords("Peak force", "N", 1, 0),
    "impulse_n_s": IndexWords("Impulse", "N·s", 1, 0),
    "contact_time_s": IndexWords("Contact time", "ms", 1000, 0),
    "stride_time_s": IndexWords("Stride time", "ms", 1000, 0),
    "step_time_s": IndexWords("Step time", "ms", 1000, 0),
    "swing_time_s": IndexWords("Swing time", "ms", 1000, 0),
    "duty_factor": IndexWords("Duty factor", "", 1, 3),
}
SIDE_WORDS: Final = {"left": "Left", "right": "Right", "did": "Right − left", "both": "Both feet"}


def index_words(index: str, unit: str) -> IndexWords:
    """The words of an index column; an index this version has no name for keeps its column name and unit."""
    return INDICES.get(index) or IndexWords(index.replace("_", " "), "" if unit == "1" else unit, 1, 2)


def mean_sd(mean: float | None, sd: float | None, words: IndexWords) -> str:
    """`+12.3 ± 4.5` in the unit shown; a dash without a mean."""
    if mean is None:
        return DASH
    text = number(mean * words.factor, words.digits, words.signed)
    return text if sd is None else f"{text} ± {number(sd * words.factor, words.digits)}"


def interval(low: float | None, high: float | None, words: IndexWords) -> str:
    """`[+1.0, +7.4]`, or an empty text without an interval."""
    if low is None or high is None:
        return ""
    ends = (number(v * words.factor, words.digits, sign=True) for v in (low, high))
    return f"[{', '.join(ends)}]"


def spoken(text: str) -> str:
    """A number as a screen reader should say it: `plus 19.0`, `minus 2.5`."""
    return text.replace("+", "plus ").replace(MINUS, "minus ").replace("±", "plus or minus")


def condition_name(info: TrialInfo) -> str:
    """Footwear in one or two words: Barefoot, the shoe's name, Shod, or that it was not given."""
    if info.condition == "barefoot":
        return "Barefoot"
    if info.condition == "shod":
        return info.shoe or "Shod"
    return info.shoe or "Footwear not given"


def settings(treadmill: Treadmill) -> str:
    """Speed and incline as entered, `4.5 mph, 4.0 %`; what is unknown is said."""
    return f"{speed(treadmill)}, {incline(treadmill)}"


def speed(treadmill: Treadmill) -> str:
    """Speed as entered; in m/s if it was only measured."""
    if treadmill.speed is not None:
        return f"{_short(treadmill.speed.value)} {treadmill.speed.unit}"
    return "speed unknown" if treadmill.speed_m_s is None else f"{number(treadmill.speed_m_s, 2)} m/s"


def incline(treadmill: Treadmill) -> str:
    """Incline as entered; in % if it was only measured."""
    if treadmill.incline is not None:
        unit = "°" if treadmill.incline.unit == "deg" else " %"
        return f"{_short(treadmill.incline.value)}{unit}"
    return "incline unknown" if treadmill.incline_percent is None else f"{number(treadmill.incline_percent, 1)} %"


def visit(info: TrialInfo) -> str:
    """Day of the recording, `22 Nov 2026`; empty if it is unknown."""
    try:
        day = datetime.fromisoformat(info.started_utc)
    except ValueError:
        return ""
    return f"{day.day} {day:%b %Y}"


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def counted(n: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def short_names(names: Sequence[str]) -> list[str]:
    """Names of trials without the beginning that all share up to a `_`, `-` or space: S01_A1, S01_B1 to A1, B1."""
    if len(set(names)) < 2:
        return list(names)
    start = 0
    for at, letters in enumerate(zip(*names, strict=False)):
        if len(set(letters)) > 1:
            break
        if letters[0] in "_- ":
            start = at + 1
    return [name[start:] for name in names]


def _short(value: float) -> str:
    """One digit after the point, more only if they were entered."""
    tenths = f"{value:.1f}"
    return (tenths if float(tenths) == value else f"{value:g}").replace("-", MINUS)
