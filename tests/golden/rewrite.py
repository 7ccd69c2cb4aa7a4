"""``poe golden``: rewrite the golden results. Read the diff before committing: every changed number needs a reason."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from golden.scenario import HERE, results


def main() -> None:
    """Write one JSON file a result."""
    with tempfile.TemporaryDirectory() as folder:
        for name, value in results(Path(folder)).items():
            text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True)
            (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            print(f"tests/golden/{name}.json")


if __name__ == "__main__":
    main()
