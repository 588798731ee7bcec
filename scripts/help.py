"""Write the help of every command into docs/command-line.md, as a test wants it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "command-line.md"


def main() -> None:
    """Refresh each block that begins with ``$ liveblog``."""

    def block(match: re.Match[str]) -> str:
        words = match[1].split()
        done = subprocess.run(
            [sys.executable, "-m", "liveblog", *words],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"COLUMNS": "96"},
        )
        return f"```\n$ liveblog{match[1]}\n{done.stdout}```"

    text = PAGE.read_text()
    PAGE.write_text(re.sub(r"```\n\$ liveblog(.*?)\n(.*?)```", block, text, flags=re.DOTALL))


main()
