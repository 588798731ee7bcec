"""The live page at its first visit on a slow phone, as Lighthouse sees it.

python benchmarks/page.py
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blogs
from lines import Line, table
from measure import LIVEBLOG, PEERS, TIMES, apart, cost_of

PORT = 8098
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"


def lines() -> Iterator[Line]:
    """Yield Lighthouse's four scores, each the median, and what the last ones rest on."""
    folder = apart(5)
    try:
        reports = _audited(folder)
    finally:
        shutil.rmtree(folder)
    report = reports[-1]
    for name, category in report["categories"].items():
        scores = [round(100 * each["categories"][name]["score"]) for each in reports]
        score = round(statistics.median(scores))
        print(f"  {name}: {scores}")
        yield Line(
            what=f"live page at first visit, throttled phone: {name}",
            command="python benchmarks/page.py",
            ours=str(score),
            beside=f"Lighthouse {report['lighthouseVersion']}",
            theirs="–",
            ratio="–",
            target="100",
            met=score == 100,
        )
        for audit in category["auditRefs"]:
            found = report["audits"][audit["id"]]
            if audit["weight"] and found["score"] is not None and found["score"] < 1:
                print(f"  {name}: {found['title']} ({found['score']}) {found.get('displayValue')}")


def _audited(folder: Path) -> list[dict[str, Any]]:
    """Return a report for each visit, every one the first of a new browser."""
    blog = blogs.write(folder / "blog", 1_000)
    config = blog / "liveblog.toml"
    text = config.read_text().replace("https://blog.example/", f"http://127.0.0.1:{PORT}/", 1)
    config.write_text(text + 'description = "What happens in a harbour town, hour by hour."\n')
    cost_of([*LIVEBLOG, "-C", str(blog), "publish"])
    server = subprocess.Popen([*LIVEBLOG, "-C", str(blog), "serve", "--port", str(PORT), "-q"])
    try:
        _wait(f"http://127.0.0.1:{PORT}/")
        return [_visited(folder / f"{number}.json") for number in range(TIMES)]
    finally:
        server.terminate()
        server.wait()


def _visited(report: Path) -> dict[str, Any]:
    subprocess.run(
        [
            str(PEERS / "node_modules" / ".bin" / "lighthouse"), f"http://127.0.0.1:{PORT}/",
            "--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={FLAGS}",
            "--only-categories=performance,accessibility,best-practices,seo",
        ],
        env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
        check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    print(table(list(lines())))
