"""Read every feed below a folder and count what became of each.

    python benchmarks/feeds.py FOLDER [--all]

A file is imported (with its updates), refused (it is no feed, and why is said), or holds nothing
that can be imported, and why is said; anything else is a fault of ours. feedparser's own tests
hold some two thousand odd feeds.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from liveblog.http_client import Client
from liveblog.imports import Problem, Update
from liveblog.imports.feed import Reading, read
from liveblog.model.errors import LiveblogError
from liveblog.text.markup import to_html


def main() -> int:
    """Print one line for each way that files ended."""
    now = datetime.now(UTC)
    reading = Reading(Client(), now, undated=now)
    ends: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    slowest = (0.0, "")
    for path in sorted(Path(sys.argv[1]).rglob("*")):
        if path.suffix not in (".xml", ".json", ".rss", ".atom", ".rdf"):
            continue
        began = time.perf_counter()
        try:
            items = list(read(str(path), reading))
        except LiveblogError as error:
            end, said = "refused", [error.message]
        except Exception as error:
            end, said = "crashed", [f"{type(error).__name__}: {error}"]
        else:
            updates = [item for item in items if isinstance(item, Update)]
            said = [item.what for item in items if isinstance(item, Problem)]
            end = "brought in" if updates else "nothing in it, and why is said"
            end = end if updates or said else "nothing said"
            for update in updates:
                for version in update.versions:
                    to_html(version.body)
        ends[end] += 1
        reasons.update({text.replace(str(path), "It")[:70] for text in said})
        slowest = max(slowest, (time.perf_counter() - began, path.name))
        if "--all" in sys.argv or end in ("crashed", "nothing said"):
            print(f"{end}: {path}: {'; '.join(said)}")
    for end, number in ends.most_common():
        print(f"{number:6} {end}")
    print("said:")
    for reason, number in reasons.most_common(25):
        print(f"{number:6} {reason}")
    print(f"slowest: {slowest[1]} ({slowest[0] * 1000:.0f} ms)")
    return 1 if ends["crashed"] + ends["nothing said"] else 0


if __name__ == "__main__":
    sys.exit(main())
