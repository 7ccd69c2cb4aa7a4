"""The report of a comparison: one HTML file that needs nothing else, figures inside it (spec 8.7).

Words of users (codes, shoes, notes, names of trials) are data: they are escaped wherever they stand.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.codes import flag_words, reason_words
from analysis.comparison import PROXY_NOTE, Comparison, Difference
from analysis.doubts import doubts
from analysis.parameters import Parameters
from analysis.report_cop import THIN_STEPS, cop_figure
from analysis.report_facts import index_rows, trial_facts
from analysis.report_steps import mli_figure
from analysis.report_styles import styles
from analysis.report_words import SIGNED, digits_of, effect_size, index_name, index_unit
from analysis.svg import swatch
from analysis.trial_series import in_order
from analysis.wording import PROXY
from insole.errors import AnalysisError
from insole.numerals import DASH, number, p_value

SIDE_WORDS = {"left": "Left", "right": "Right", "did": "Right − left"}
SPEAKS = {"recordings": "these recordings", "effect": "the effect", None: DASH}
VERDICTS = {
    "ok": "The trials may be compared",
    "warn": "The trials may be compared, with warnings",
    "refuse": "The trials may not be compared",
}
UNMATCHED = "Compared because that was asked for; speed or incline differ too much to tell the shoe from the belt"


def render_report(comparison: Comparison) -> str:
    """The whole report as HTML text. Raises AnalysisError where the guard refused: then there is nothing to report."""
    if comparison.guard.refused:
        raise AnalysisError("there is no report: " + "; ".join(comparison.guard.of("refuse")))
    environment = Environment(
        loader=PackageLoader("analysis", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(**_content(comparison))


def _content(comparison: Comparison) -> dict[str, Any]:
    parameters = Parameters(**comparison.parameters)  # type: ignore[arg-type]
    ordered = in_order(comparison.base, comparison.other).trials
    base_style, other_style = styles(comparison)
    info = ordered[0].info
    stamps = [] if comparison.guard.matched is None else [comparison.guard.matched.note]
    return {
        "title": f"{_capital(comparison.other_label)} against {comparison.base_label}",
        "subject": info.subject,
        "body": _body(info.mass_kg, info.size_eu),
        "base_label": comparison.base_label,
        "other_label": comparison.other_label,
        "base_swatch": swatch(base_style),
        "other_swatch": swatch(other_style),
        "design": comparison.design,
        "order": comparison.order,
        "stamps": [*stamps, "conditions not matched"] if comparison.guard.unmatched else stamps,
        "verdict": comparison.guard.verdict,
        "verdict_words": UNMATCHED if comparison.guard.unmatched else VERDICTS[comparison.guard.verdict],
        "reasons": [_capital(finding.text) for finding in comparison.guard.findings],
        "answers": [
            ("Left foot", *_answer(comparison.wording["left"])),
            ("Right foot", *_answer(comparison.wording["right"])),
            ("Feet against each other", *_answer(comparison.wording_did)),
        ],
        "proxy": PROXY_NOTE,
        "primary": [_primary(row) for row in comparison.primary],
        "kappa_ratio": number(comparison.kappa_ratio, 2),
        "repeats": [_repeat(comparison, k) for k in range(len(comparison.baseline_repeat))],
        "cop": cop_figure(comparison),
        "thin_steps": THIN_STEPS,
        "steps": mli_figure(comparison),
        "exploratory": [_exploratory(row) for row in comparison.exploratory],
        "doubts": doubts(comparison),
        "flags": [(flag, flag_words(flag)) for flag in dict.fromkeys(f for t in ordered for f in t.flags)],
        "trials": [trial.name for trial in ordered],
        "facts": trial_facts(ordered, parameters),
        "indices": [(trial.name, index_rows(trial, parameters)) for trial in ordered],
        "software": [(trial.name, sorted(trial.software.items())) for trial in ordered],
        "parameters": sorted(comparison.parameters.items()),
    }


def _answer(sentence: str) -> tuple[str, str]:
    """(rung, the rest) of a sentence; that MLI is a proxy stands once below all of them."""
    rung, _, rest = sentence.replace(f"; {PROXY}", "").partition(": ")
    return _capital(rung), rest


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _body(mass_kg: float | None, size_eu: float | None) -> str:
    mass = "body mass unknown" if mass_kg is None else f"{mass_kg:g} kg"
    return mass if size_eu is None else f"{mass}, EU {size_eu:g}"


def _mean(mean: float | None, sd: float | None, digits: int, signed: bool) -> str:
    return DASH if mean is None else f"{number(mean, digits, signed)} ± {number(sd, digits)}"


def _difference(row: Difference, digits: int) -> str:
    if row.difference is None:
        return f"{DASH} ({reason_words(row.reason)})" if row.reason else DASH
    low, high = number(row.ci_low, digits, True), number(row.ci_high, digits, True)
    return f"{number(row.difference, digits, True)} [{low}, {high}]"


def _primary(row: Difference) -> dict[str, Any]:
    short = ""
    if row.short_memory is not None:
        low, high = number(row.short_memory.ci_low, 1, True), number(row.short_memory.ci_high, 1, True)
        short = f"Newey-West, assumes short memory: {number(row.short_memory.estimate, 1, True)} [{low}, {high}]"
    memory = ", ".join(f"{value:.2f}" for value in row.h_bar)
    return {
        "side": SIDE_WORDS[row.side],
        "base": _mean(row.mean_base, row.sd_base, 1, True),
        "other": _mean(row.mean_other, row.sd_other, 1, True),
        "n": f"{row.n_base} / {row.n_other}",
        "difference": _difference(row, 1),
        "p": p_value(row.p_holm),
        "floor": number(row.floor, 1),
        "floor_row": row.floor_row or "",
        "speaks_for": SPEAKS[row.speaks_for],
        "details": [
            text
            for text in (
                row.method,
                f"mean Hurst exponent of each trial {memory}" if memory else "",
                *row.notes,
                row.outlook or "",
                short,
                _step_level(row),
            )
            if text
        ],
    }


def _step_level(row: Difference) -> str:
    if row.hedges_g is None and row.cliffs_delta is None:
        return ""
    return (
        f"step-level, descriptive: Hedges g {effect_size(row.hedges_g)}, "
        f"Cliff δ {number(row.cliffs_delta, 2, True)}"
    )


def _exploratory(row: Difference) -> dict[str, Any]:
    digits = digits_of(row.unit)
    return {
        "index": index_name(row.index),
        "unit": index_unit(row.index),
        "side": SIDE_WORDS[row.side],
        "base": _mean(row.mean_base, row.sd_base, digits, row.index in SIGNED),
        "other": _mean(row.mean_other, row.sd_other, digits, row.index in SIGNED),
        "n": f"{row.n_base} / {row.n_other}",
        "difference": _difference(row, digits),
        "g": effect_size(row.hedges_g),
        "delta": number(row.cliffs_delta, 2, True),
        "speaks_for": SPEAKS[row.speaks_for],
    }


def _repeat(comparison: Comparison, k: int) -> dict[str, str]:
    repeat = comparison.baseline_repeat[k]
    row = comparison.row(repeat.side)
    interval = DASH
    if repeat.ci_low is not None and repeat.ci_high is not None:
        interval = f"[{number(repeat.ci_low, 1, True)}, {number(repeat.ci_high, 1, True)}]"
    verdict = "no verdict: nobody knows how far repeated trials scatter in this lab"
    if repeat.repeated is not None:
        verdict = f"{'repeated' if repeat.repeated else 'did not repeat'}, limit {number(repeat.limit, 1)}"
    return {
        "side": SIDE_WORDS[repeat.side],
        "pair": f"{repeat.first} − {repeat.last}",
        "difference": f"{number(repeat.difference, 1, True)} {interval}",
        "effect": DASH if row is None else _difference(row, 1),
        "verdict": verdict,
    }
