"""What ``poe test`` runs: pytest, without its Qt plugin where Qt's system libraries are missing.

Strict configuration refuses ini keys of a plugin that is not loaded, so those keys go too, and the GUI tests skip
by name with the reason.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QT_KEYS = ("qt_log_level_fail", "qt_log_ignore", "qt_api")


def qt_loads() -> bool:
    """True if Qt's widgets can be imported; tried in a process of its own, so that nothing stays loaded."""
    code = "import PyQt6.QtWidgets, PyQt6.QtTest"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60).returncode == 0


def main() -> None:
    """Run pytest with what was given after ``poe test`` and exit with its code."""
    given = sys.argv[1:]
    command = [sys.executable, "-m", "pytest"]
    if qt_loads():
        sys.exit(subprocess.run([*command, *given], cwd=ROOT, check=False).returncode)
    with tempfile.TemporaryDirectory() as folder:
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith(QT_KEYS)]
        config = Path(folder) / "pyproject.toml"
        config.write_text("\n".join(kept) + "\n", encoding="utf-8")
        options = ["-p", "no:pytest-qt", "-c", str(config), f"--rootdir={ROOT}"]
        if not any(not argument.startswith("-") for argument in given):
            options.append(str(ROOT / "tests"))
        sys.exit(subprocess.run([*command, *options, *given], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
