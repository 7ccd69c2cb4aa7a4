"""Nothing changes a result without somebody reading the change: ``poe golden`` rewrites, the diff is reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from golden.scenario import NAMES, results, stored


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return results(Path(tmp_path_factory.mktemp("golden")))


def differences(old: Any, new: Any, where: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        odd = [f"{where}.{key}: only {'before' if key in old else 'now'}" for key in sorted(old.keys() ^ new.keys())]
        return odd + [d for key in old.keys() & new.keys() for d in differences(old[key], new[key], f"{where}.{key}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [d for i, (a, b) in enumerate(zip(old, new, strict=True)) for d in differences(a, b, f"{where}[{i}]")]
    if isinstance(old, float) and isinstance(new, (int, float)):
        return [] if new == pytest.approx(old, rel=2e-5, abs=1e-7) else [f"{where}: {old} became {new}"]
    return [] if old == new else [f"{where}: {old!r} became {new!r}"]


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_last_reviewed(name: str, now: dict[str, Any]) -> None:
    changed = differences(stored(name), now[name], name)
    assert not changed, "\n".join([*changed[:20], f"{len(changed)} numbers changed; if that is meant: poe golden"])
