"""The colours of both themes: the values that were designed, and that they can be read."""

from __future__ import annotations

import pytest

from gui.palette import DARK, LIGHT, THEMES, Palette

DESIGN = """
bg #F3F5F7 #0E1318
surface #FFFFFF #161C23
inset #F1F4F7 #1D242C
hover #E9EDF1 #242D36
sel #E6EBF1 #26303A
border #DDE3E9 #28313B
border2 #C3CCD5 #3B4754
ctl #8793A0 #687585
grid #EBEFF3 #222A33
text #18212B #E7ECF1
text2 #556170 #A4B0BD
text3 #64707E #8391A0
ink #1F2B38 #E3E9EF
on_ink #FFFFFF #12181E
focus #2563EB #6EA8FE
left #0072B2 #56B4E9
right #BD5008 #F2934E
barefoot #36414D #D3DBE3
shod1 #A63A9B #D97FD4
shod2 #0C8577 #2FAE95
ok #177544 #5BD19A
ok_ground #E6F4EC #14291F
warn #9A5B00 #F0B74A
warn_ground #FFF5E0 #2B2312
warn_edge #EBCB8B #5C4A1E
err #BE2A2A #F4757A
err_ground #FCEBEB #31191B
rec #C62F2F #DB3B41
foot #E8ECF0 #222A33
foot_line #AEB8C3 #4A5765
"""


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2 relative luminance)."""
    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("line", DESIGN.strip().splitlines())
def test_every_role_has_the_designed_value_in_both_themes(line: str) -> None:
    role, light, dark = line.split()
    assert (getattr(LIGHT, role), getattr(DARK, role)) == (light, dark)


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)
    assert contrast("#FFFFFF", "#767676") == contrast("#767676", "#FFFFFF")


@pytest.mark.parametrize(("theme", "ratio"), [("light", 3.1), ("dark", 3.7)])
def test_edges_of_controls_stand_out_from_the_surface(theme: str, ratio: float) -> None:
    assert contrast(THEMES[theme].ctl, THEMES[theme].surface) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_can_be_read_on_every_ground_they_stand_on(theme: Palette) -> None:
    pairs = [
        *((text, theme.surface) for text in (theme.text, theme.text2, theme.text3)),
        *((theme.text, ground) for ground in (theme.bg, theme.warn_ground, theme.err_ground, theme.inset, theme.sel)),
        (theme.on_ink, theme.ink),
        (theme.warn, theme.warn_ground),
        (theme.err, theme.err_ground),
        (theme.ok, theme.ok_ground),
    ]
    assert min(contrast(text, ground) for text, ground in pairs) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_data_stand_out_from_surface_and_foot(theme: Palette) -> None:
    colours = (theme.barefoot, theme.shod1, theme.shod2)
    assert min(contrast(colour, ground) for colour in colours for ground in (theme.surface, theme.foot)) >= 3.0


@pytest.mark.parametrize(
    ("conditions", "marks"),
    [
        (("barefoot", "shod"), ("circle", "square")),
        (("shod", "barefoot"), ("square", "circle")),
        (("shod", "shod"), ("square", "triangle")),
        (("barefoot", "barefoot"), ("circle", "square")),
        ((None, None), ("circle", "square")),
        (("barefoot", "shod", "shod"), ("circle", "square", "triangle")),
        (("shod", "shod", "shod"), ("square", "triangle", "circle")),
    ],
)
def test_conditions_never_look_alike(conditions: tuple[str | None, ...], marks: tuple[str, ...]) -> None:
    styles = LIGHT.condition_styles(conditions)
    assert tuple(style.mark for style in styles) == marks
    assert len({style.colour for style in styles}) == len(conditions)


def test_only_the_barefoot_line_is_dashed() -> None:
    assert LIGHT.barefoot_style.dashed
    assert not any(style.dashed for style in LIGHT.shod_styles)


def test_a_fourth_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="three"):
        LIGHT.condition_styles(["shod"] * 4)
