from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from trial_results import foot, noisy, trial

from analysis import compare
from analysis.codes import flag_words
from analysis.comparison import Comparison
from analysis.doubts import doubts
from analysis.report import render_report
from analysis.report_cop import cop_figure
from analysis.report_steps import mli_figure
from analysis.result import TrialResult
from analysis.trial_effect import LabSd
from insole.calibration import nominal_calibration
from insole.errors import AnalysisError
from insole.trial import Pain

NASTY = '<script>alert("1")</script>&\'"><img src=http://evil.example/x>'
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Text and tags of a page; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def visit(**info: Any) -> Comparison:
    flags = ("kappa_default", "acclimatisation_short")
    base = [
        trial("A1", noisy(10, seed=1), noisy(-11, seed=2), flags=flags, **info),
        trial("A2", noisy(10.4, seed=3), noisy(-11.5, seed=4), at_min=30.0, **info),
    ]
    worn: dict[str, Any] = {"condition": "shod", "shoe": "Trail", "heel_drop_mm": 8.0, "shoe_mass_kg": 0.52, **info}
    other = [
        trial("B1", noisy(18, seed=5), noisy(-9, seed=6), at_min=10.0, **worn),
        trial("B2", noisy(18.2, seed=7), noisy(-9.4, seed=8), at_min=20.0, **worn),
    ]
    return compare(base, other)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_report(visit()))


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = render_report(visit())
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset", "data", "xlink:href"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert re.findall(r"https?://[^\"' ]+", text.replace("http://www.w3.org/2000/svg", "")) == []
    assert "url(" not in text
    assert "@import" not in text


def test_words_of_users_stay_words() -> None:
    nasty: dict[str, Any] = {
        "note": NASTY, "donning": NASTY, "posture": NASTY, "pain": (Pain(NASTY[:40], "left", 3),),
    }  # fmt: skip
    base = trial(NASTY, noisy(10), noisy(11), **nasty)
    other = trial("B" + NASTY, noisy(12), noisy(14), at_min=10.0, condition="shod", shoe=NASTY, **nasty)
    base.flags = (f"stuck:{NASTY}",)
    for made in (base, other):
        for side in (made.left, made.right):
            assert side is not None
            side.calibration = replace(nominal_calibration(16), id=NASTY, procedure="puck", date="2026-11-01")
    text = render_report(compare([base], [other]))
    page = Page(text)
    assert "<script" not in text
    assert "<img" not in text
    assert NASTY in "".join(page.words)  # shown as it was written
    assert "script" not in {tag for tag, _ in page.tags}


@pytest.mark.parametrize(
    "words",
    [
        "Left foot", "Right foot", "design A-B-B-A", "A1, B1, B2, A2",  # both feet, order
        "Contacts; valid steps", "120; 110; 0", "10 at the start or end",  # n contacts, valid, rejected by reason
        "Gait mode", "run", "Strike class", "rear",
        "4 % entered (2.29°)", "4.5 mph entered (2.012 m/s)",  # as entered, in degrees and m/s
        "shod (Trail)", "heel drop 8 mm, pair 0.52 kg", "Donning", "d1", "2026-11-22 09:10:00",
        "3, 9, 0, 88.0 s", "180 s",  # spans, acclimatisation
        "fGn-REML averaged over H on K block means", "CV",  # method, K
        "kappa_default", "thresholds use a scale of 1", "acclimatisation_short",  # flags
        "floor: shod vs barefoot, insole fixed to the foot throughout",
        "Baseline repeat (A1 − A2)", "nominal curve, nobody calibrated this insole",
        "Force scale κ_event (source)", "1.000 (default)", "Force scale κ_trial", "0.750",
        "insole 0.1.0", "interval_blocks_max = 36",  # software and parameter versions
        "step-level, descriptive", "pronation-related", "±5 to ±25 %",
        "least squares on 4 trial means, 2 degrees of freedom", "with four times the steps",
        "Right − left", "Reasons for doubt",
    ],
)  # fmt: skip
def test_what_every_report_must_contain(page: Page, words: str) -> None:
    assert words in page.text


def test_every_index_of_every_trial_has_its_interval(page: Page) -> None:
    comparison = visit()
    summary = comparison.base[0].left.indices["contact_time_s"]  # type: ignore[union-attr]
    spread = f"{summary.mean:.3f} {summary.sd:.3f} {100 * summary.sd / summary.mean:.1f} %"
    interval = f"[{summary.ci_low:.3f}, {summary.ci_high:.3f}]"
    assert f"Contact time s left {spread} {interval} 110 27" in page.text  # q 4, so 27 block means


def test_the_wording_is_the_comparisons(page: Page) -> None:
    comparison = visit()
    assert comparison.rungs["left"] == "differs"
    assert "Medial loading differs : MLI +7.9 points (95 % CI" in page.text
    for side in ("left", "right"):
        rung, _, rest = comparison.wording[side].partition(": ")
        assert rung[1:] in page.text
        assert rest.split("; ")[0] in page.text


def test_signs_are_true_minus_signs(page: Page) -> None:
    assert not [word for word in page.words if re.match(r"^\s*\[?-\d", word)]
    assert "−11.0 ± 2.0" in page.text


def test_no_value_is_called_normal_and_nothing_significant(page: Page) -> None:
    text = page.text.lower()
    assert "significant" not in text
    assert "abnormal" not in text
    assert not re.search(r"\bnormal (value|range|gait|foot)", text)


def test_a_refused_comparison_has_no_report() -> None:
    slow = trial("B1", noisy(10), noisy(10), at_min=10.0, speed="2 mph", condition="shod")
    with pytest.raises(AnalysisError, match="speed differs by"):
        render_report(compare([trial("A1", noisy(10), noisy(10))], [slow]))


def test_stamps_are_repeated_on_the_page() -> None:
    fast = trial("B1", noisy(10), noisy(10), at_min=10.0, speed="6 mph", condition="shod")
    unmatched = Page(render_report(compare([trial("A1", noisy(10), noisy(10))], [fast], accept_unmatched=True))).text
    assert "▲ conditions not matched" in unmatched
    assert "Speed differs by 28.6 %" in unmatched
    assert "Compared because that was asked for" in unmatched
    assert "may be compared" not in unmatched
    mixed = trial("A1", noisy(10), noisy(10), gait_mode="mixed")
    shod = trial("B1", noisy(10), noisy(10), at_min=10.0, condition="shod")
    matched = Page(render_report(compare([mixed], [shod]))).text
    assert "▲ mode-matched: running steps (A1 left 110, A1 right 110, B1 left 110, B1 right 110)" in matched


def test_one_foot_one_trial_and_unknown_facts_still_make_a_page() -> None:
    bare: dict[str, Any] = {
        "mass_kg": None, "size_eu": None, "subject": None, "donning": None, "warmed_up_before_s": None, "kappa": None,
    }  # fmt: skip
    base = trial("A1", noisy(10), None, at_min=None, **bare)
    other = trial("B1", noisy(14), None, at_min=None, **{**bare, "condition": None})
    page = Page(render_report(compare([base], [other])))
    assert "Subject without code · body mass unknown" in page.text
    assert "These two recordings differ" in page.text or "No difference resolved" in page.text
    assert "Too few steps : 0 and 0 valid right steps" in page.text
    assert "Newey-West, assumes short memory" in page.text


def test_a_lab_verdict_on_the_baseline_is_shown() -> None:
    lab = {"left": LabSd(1.6, 8)}
    groups = [trial("A1", noisy(10), None), trial("A2", noisy(17), None, at_min=20.0)]
    found = compare(groups, [trial("B1", noisy(15), None, at_min=10.0, condition="shod")], lab_sd=lab)
    text = Page(render_report(found)).text
    assert "Baseline did not repeat" in text
    assert "did not repeat, limit 5.2" in text
    assert "A1 − A2 −7.0" in text


def svg(figure: str | None) -> ElementTree.Element:
    assert figure is not None
    return ElementTree.fromstring(figure)


def elements(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return list(root.iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def points(path: ElementTree.Element) -> np.ndarray:
    return np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attrib["d"]), dtype=float)


def test_both_feet_are_drawn_medial_sides_together() -> None:
    root = svg(cop_figure(visit()))
    means = [path for path in elements(root, "path") if path.get("stroke-width") == "2.6"]
    assert len(means) == 4
    assert sorted((path.get("stroke"), bool(path.get("stroke-dasharray"))) for path in means) == [
        ("#36414D", True), ("#36414D", True), ("#A63A9B", False), ("#A63A9B", False),
    ]  # fmt: skip
    left, right = (points(path) for path in means if path.get("stroke") == "#A63A9B")
    assert len(left) == 101
    width = float(root.attrib["viewBox"].split()[2])
    # Paths end medially of where they are lateral-most: to the right on the left foot, to the left on the right foot.
    assert left[-1, 0] > left[:, 0].min() + 5
    assert right[-1, 0] < right[:, 0].max() - 5
    assert left[:, 0].max() < width / 2 < right[:, 0].min()
    assert left[0, 1] > left[-1, 1]  # heel below, toes above
    scale = (left[0, 1] - left[-1, 1]) / 206.0
    assert left[-1, 0] - left[0, 0] == pytest.approx(16.0 * scale, abs=0.3)  # one scale in both directions


def test_a_medial_shift_is_drawn_towards_the_medial_side() -> None:
    base = [trial("A1", noisy(0), noisy(0))]
    other = [trial("B1", noisy(60), noisy(60), at_min=10.0, condition="shod")]  # the made-up path moves by 6 mm
    root = svg(cop_figure(compare(base, other)))
    means = [path for path in elements(root, "path") if path.get("stroke-width") == "2.6"]
    at = {(path.get("stroke"), points(path)[0, 0] > 270): points(path)[:, 0].mean() for path in means}
    assert at["#A63A9B", False] > at["#36414D", False] + 5
    assert at["#A63A9B", True] < at["#36414D", True] - 5


def test_every_step_of_every_trial_is_a_mark() -> None:
    root = svg(mli_figure(visit()))
    dots = [path for path in elements(root, "path") if path.get("stroke-width") == "3.2"]
    assert [len(points(path)) for path in dots] == [110] * 8
    names = [text.text for text in elements(root, "text")]
    assert [name for name in names if name in ("A1", "B1", "B2", "A2")] == ["A1", "B1", "B2", "A2"] * 2
    assert "+10" in names
    assert "−10" in names
    assert "0" in names


def test_long_names_do_not_run_into_each_other() -> None:
    long = "visit-2-barefoot-after-forty-minutes-of-running-on-grass"
    base, other = trial(long, noisy(1), None), trial("B1", noisy(2), None, at_min=9.0, condition="shod")
    names = [text.text or "" for text in elements(svg(mli_figure(compare([base], [other]))), "text")]
    (drawn,) = [name for name in names if name.startswith("visit-2")]
    assert len(drawn) < len(long)
    assert "…" in drawn


def test_a_layout_without_positions_has_no_path_to_draw() -> None:
    def blind(name: str, at_min: float, **info: Any) -> TrialResult:
        made = foot("left", noisy(10))
        nowhere = np.full(16, np.nan)
        made.layout = replace(made.layout, x_mm=nowhere, y_mm=nowhere, outline_mm=np.empty((0, 2)))
        return trial(name, made, None, at_min=at_min, **info)

    found = compare([blind("A1", 0.0)], [blind("B1", 10.0, condition="shod")])
    assert cop_figure(found) is None
    assert "no sensor positions" in Page(render_report(found)).text


def test_doubts_name_the_trials_once_per_flag() -> None:
    found = doubts(visit())
    nominal = [line for line in found if "nominal curve" in line]
    assert nominal == ["A1, A2, B1, B2: " + flag_words("nominal_calibration")]
    assert any(line.startswith("A1: less than 180 s on the belt") for line in found)
    assert len(found) == len(set(found))


def test_a_flag_of_one_foot_names_the_foot_and_an_unknown_flag_is_kept() -> None:
    odd = foot("left", noisy(10), flags=("stuck:M3", "brand_new_flag"))
    plain = foot("right", noisy(10), flags=())
    lines = doubts(compare([trial("A1", odd, plain)], [trial("B1", plain_left(), plain, at_min=9.0)]))
    assert "A1 left: sensor M3 stood still and is left out from there on" in lines
    assert "A1 left: brand_new_flag" in lines


def plain_left() -> Any:
    return foot("left", noisy(10), flags=())


def test_guard_findings_come_first_among_the_doubts() -> None:
    slow = trial("B1", noisy(10), noisy(10), at_min=10.0, speed="2.07 m/s", condition="shod")
    found = doubts(compare([trial("A1", noisy(10), noisy(10))], [slow]))
    assert found[0].startswith("Warning: speed differs by ")
    assert found[1].startswith("Note: order A-B is not counterbalanced")


def test_a_drift_within_a_trial_does_not_exclude_the_instrument() -> None:
    rising = 10 + 0.1 * np.arange(150) + np.random.default_rng(0).standard_normal(150)
    found = compare([trial("A1", rising, None)], [trial("B1", noisy(10, n=150), None, at_min=9.0, condition="shod")])
    lines = [line for line in doubts(found) if "instrument not excluded" in line]
    assert lines == ["A1 left: medial loading drifts within the trial; instrument not excluded"]
