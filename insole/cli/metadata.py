"""The options that describe a trial, shared by ``record`` and ``import``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from insole.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

_STANDING = "Quiet standing after that (with one insole, on that leg); sets the force scale."
_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--subject",), {"metavar": "CODE", "help": "Subject code (never a name)."}),
    (("--mass-kg",), {"type": float, "help": "Body mass without shoes."}),
    (("--size-eu",), {"type": float, "help": "Insole size; default: what the insole says."}),
    (("--condition",), {"type": click.Choice(["barefoot", "shod"]), "help": "Condition of this trial."}),
    (("--shoe",), {"metavar": "NAME", "help": "Shoe model."}),
    (("--heel-drop-mm",), {"type": float, "help": "Heel drop of the shoe."}),
    (("--stack-mm",), {"type": float, "help": "Stack height of the shoe at the heel."}),
    (("--shoe-mass-kg",), {"type": float, "help": "Mass of the pair of shoes."}),
    (("--incline",), {"metavar": '"4 %"', "help": "Belt incline with its unit: % or deg."}),
    (("--speed",), {"metavar": '"4.5 mph"', "help": "Belt speed with its unit: mph, km/h or m/s."}),
    (("--unloaded-s",), {"type": float, "default": 0.0, "help": "Start of the recording with the feet lifted."}),
    (("--standing-s",), {"type": float, "default": 0.0, "help": _STANDING}),
    (("--warm-up-s",), {"type": float, "default": 0.0, "help": "Recorded on the belt but not analysed."}),
    (("--warmed-up-before-s",), {"type": float, "help": "Time on the belt at this speed before recording."}),
    (("--donning",), {"metavar": "ID", "help": "Names one mounting of the insoles on the feet."}),
    (("--posture",), {"metavar": "TEXT", "help": "Posture or intervention tag."}),
    (("--pain",), {"multiple": True, "metavar": "SITE:SIDE:0-10", "help": "Pain rating; may be repeated."}),
    (("--note",), {"metavar": "TEXT", "help": "Anything else; no names."}),
)


def trial_options(function: F) -> F:
    """Add the options that describe a trial to a command."""
    for names, settings in reversed(_OPTIONS):
        function = click.option(*names, **settings)(function)
    return function


def trial_info(options: dict[str, Any], started_utc: str) -> Any:
    """TrialInfo from the options. Raises UsageError naming the option."""
    from insole.treadmill import Treadmill, parse_incline, parse_speed
    from insole.trial import Spans, TrialInfo

    incline, speed = options["incline"], options["speed"]
    return TrialInfo(
        subject=options["subject"], mass_kg=options["mass_kg"], size_eu=options["size_eu"],
        condition=options["condition"], shoe=options["shoe"], heel_drop_mm=options["heel_drop_mm"],
        stack_mm=options["stack_mm"], shoe_mass_kg=options["shoe_mass_kg"],
        treadmill=Treadmill(
            incline=None if incline is None else parse_incline(incline),
            speed=None if speed is None else parse_speed(speed),
        ),
        spans=Spans(options["unloaded_s"], options["standing_s"], options["warm_up_s"]),
        warmed_up_before_s=options["warmed_up_before_s"], donning=options["donning"] or None,
        posture=options["posture"] or None, pain=tuple(_pain(text) for text in options["pain"]),
        note=options["note"] or None, started_utc=started_utc,
    )  # fmt: skip


def _pain(text: str) -> Any:
    from insole.trial import Pain

    parts = text.rsplit(":", 2)
    if len(parts) != 3 or not (parts[2].isdecimal() and len(parts[2]) <= 2):
        raise UsageError(f"--pain {text!r} is not SITE:SIDE:0-10, for example forefoot:right:4")
    return Pain(parts[0].strip(), parts[1].strip().lower(), int(parts[2]))


def sensible(info: Any) -> None:
    """Refuse shoe details on a barefoot trial: one of the two is a slip."""
    if info.condition == "barefoot":
        for name in ("shoe", "heel_drop_mm", "stack_mm", "shoe_mass_kg"):
            if getattr(info, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} describes a shoe, but --condition is barefoot")
