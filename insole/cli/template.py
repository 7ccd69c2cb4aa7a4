"""``insole template``: a 1:1 outline with the places of the sensors, to print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from insole.cli.console import check_output, plain, quiet_option, results, write_output
from insole.errors import LayoutError, UsageError

if TYPE_CHECKING:
    from insole.layout import Layout


@click.command(
    name="template",
    epilog="Print at 100 % (actual size) and measure the two bars of 50 mm on every sheet before you cut anything. "
    "A layout in the frame right_positive describes one foot: say which with --side.",
)
@click.option("-o", "--output", required=True, metavar="F.pdf|F.svg", help="The file to write.")
@click.option("--size", type=float, metavar="EU", help="Size of the reference insole.")
@click.option("--layout", metavar="F.json", help="A layout of your own instead of the reference insole.")
@click.option("--side", type=click.Choice(["left", "right"]), help="One foot; default: both.")
@click.option("--paper", type=click.Choice(["a3", "a4"]), help="Paper of a PDF; default: a3. Long feet become pieces.")
@quiet_option
def command(
    output: str, size: float | None, layout: str | None, side: str | None, paper: str | None, quiet: bool
) -> int:
    """Draw the template of an insole, both feet, 1:1: outline, sensors with their numbers, two 50 mm check bars."""
    ending = Path(output).suffix.lower()
    if ending not in (".pdf", ".svg"):
        raise UsageError(f"-o {output}: a template is written as .pdf or .svg; give a name with one of these endings")
    if (size is None) == (layout is None):
        raise UsageError("give either --size, for the reference insole, or --layout, for a layout of your own")
    if ending == ".svg" and paper is not None:
        raise UsageError(f"--paper {paper}: an SVG is one sheet as large as it must be; leave it out, or write a PDF")
    check_output(output, "-o", inputs=() if layout is None else (layout,))

    from insole.drawing import pdf, svg
    from insole.template import template

    layouts = _layouts(size, layout, ("left", "right") if side is None else (side,))
    name = next(iter(layouts.values())).name
    pages = template(layouts, None if ending == ".svg" else paper or "a3")
    title = f"Insole template {name}"
    write_output(output, svg(pages[0], title) if ending == ".svg" else pdf(pages, title))
    sheets = "1 sheet" if len(pages) == 1 else f"{len(pages)} sheets"
    w, h = pages[0].width_mm, pages[0].height_mm
    results(quiet).print(
        plain(f"{output}: {name}, {' and '.join(layouts)}, {sheets} of {w:.0f} mm × {h:.0f} mm. ")
        + "Print at 100 %, then measure the 50 mm bars.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    return 0


def _layouts(size: float | None, file: str | None, sides: tuple[str, ...]) -> Mapping[str, Layout]:
    """The layout in the foot frame of each side. Raises UsageError for a size that is none."""
    from insole.layout import layout_from_dict, read_layout, reference_layout

    if file is not None:
        data = read_layout(Path(file))
        if len(sides) > 1 and data.get("frame") == "right_positive":
            raise UsageError(
                f"--layout {file}: its frame right_positive describes one foot; say which with --side left or right"
            )
        try:
            return {side: layout_from_dict(data, side) for side in sides}
        except LayoutError as error:
            raise LayoutError(f"{file}: {error}") from None
    try:
        layout = reference_layout(0.0 if size is None else size)
    except LayoutError as error:
        raise UsageError(f"--size: {error}") from None
    return dict.fromkeys(sides, layout)
