"""Many processes on one blog: what was acknowledged is there, whatever is killed when."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from liveblog import Blog, Revision
from liveblog.journal import START

from .conftest import site_bytes
from .waiting import until

POSTER = """
import os, sys
from liveblog import Blog
blog = Blog(sys.argv[1])
number = 0
while True:
    number += 1
    revision = blog.post(f"{os.getpid()} {number} " + "x" * (number * 37 % 2000))
    os.write(1, revision.id.encode() + b"\\n")
"""

PUBLISHER = """
import sys
from liveblog import Blog
Blog(sys.argv[1]).publish()
"""


def start(script: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a Python process on a blog."""
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE)


def acknowledged(process: subprocess.Popen[bytes]) -> list[str]:
    """Return the ids that a process printed before it died; half a line does not count."""
    assert process.stdout
    output = process.stdout.read()
    process.stdout.close()
    process.wait()
    return output.decode().split("\n")[:-1]


def journaled(blog: Blog) -> int:
    """Return the number of the journal's lines."""
    return sum(path.read_bytes().count(b"\n") for path in blog.paths.entries.rglob("*.jsonl"))


@pytest.mark.slow
def test_every_acknowledged_entry_survives_a_hundred_kills(
    new_blog: Callable[..., Blog],
) -> None:
    """Eight processes post at once, killed at random and restarted 100 times.

    Every entry that was acknowledged is there once, and the chain verifies.
    """
    blog = new_blog(timezone="UTC")
    folder = blog.paths.root
    chance = random.Random(20120715)
    running = [start(POSTER, folder) for _ in range(8)]
    finished = []
    for _ in range(100):
        time.sleep(0.1)  # the time between two kills, a part of the experiment
        which = chance.randrange(8)
        running[which].send_signal(signal.SIGKILL)
        finished.append(running[which])
        running[which] = start(POSTER, folder)
    count = journaled(blog)
    until(lambda: journaled(blog) > count + 500, 60, "500 more entries")
    for process in running:
        process.send_signal(signal.SIGKILL)
    ids = [i for process in finished + running for i in acknowledged(process)]
    assert len(ids) > 500
    journal = Blog(folder).journal
    found = Counter(r.id for r in journal.since(START).records if isinstance(r, Revision))
    assert set(ids) <= set(found)
    assert set(found.values()) == {1}
    # A kill may leave one torn end; it is set aside by the next post, and then all is well.
    Blog(folder).post("La fin.")
    assert journal.check().faults == []


@pytest.mark.slow
def test_two_publishers_and_a_kill_leave_a_whole_site(new_blog: Callable[..., Blog]) -> None:
    """Publishers started at once and killed at random: the next run finishes the work.

    The site is then the same as one made from nothing.
    """
    blog = new_blog()
    for number in range(150):
        blog.post(f"Mise à jour {number}", tags=[f"t{number % 7}"], key=number % 10 == 0)
    chance = random.Random(7)
    for _ in range(12):
        pair = [start(PUBLISHER, blog.paths.root) for _ in range(2)]
        time.sleep(chance.uniform(0.2, 1.2))
        for process in pair:
            process.kill()
            process.communicate()
        blog.post("Encore une.")
    blog.publish()
    grown = site_bytes(blog.paths.site)
    assert not [name for name in grown if name.endswith(".tmp")]
    other = new_blog("other")
    other.paths.entries.rmdir()
    os.symlink(blog.paths.entries, other.paths.entries)
    (other.paths.root / "liveblog.toml").write_bytes(
        (blog.paths.root / "liveblog.toml").read_bytes()
    )
    Blog(other.paths.root, clock=lambda: blog.now).publish()
    assert site_bytes(other.paths.site) == grown


@pytest.mark.slow
def test_check_is_green_beside_writers(new_blog: Callable[..., Blog]) -> None:
    """What is appended while it reads is nothing that is lost."""
    folder = new_blog(timezone="UTC").paths.root
    scripts = [
        POSTER,
        POSTER.replace("blog.post(f", 'blog.post(at=blog.moment("2011-02-03"), text=f'),
    ]
    running = [start(script, folder) for script in scripts * 2]
    journal = Blog(folder).journal
    until(lambda: len(journal.days()) >= 2)
    looks = [Blog(folder).journal.check() for _ in range(40)]
    for process in running:
        process.kill()
        process.communicate()
    assert looks[-1].records > looks[0].records
    assert [look.faults for look in looks if look.faults] == []
