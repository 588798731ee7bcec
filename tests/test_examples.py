"""The examples of README.md and docs/: each is run as it stands, and its settings are read.

A block of commands (``console``) runs in one shell for each page, in a blog of its own with the
files that the page speaks of. What a block shows below a command is what it prints, with ``…`` for
anything. A block that cannot run here says why, in a comment ``<!-- not run: … -->`` above it.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from liveblog import Blog
from liveblog.config.loading import load
from liveblog.model.chapter import ChapterDraft

from .receiver import Receiver, receiving

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]

_BLOCK = re.compile(r"^(?: *<!-- not run: (.+?) -->\n)?( *)```(\w+)\n(.*?)^ *```$", re.M | re.S)

_LIVEBLOG = f"""\
#!/bin/sh
case " $* " in
*" serve "*) timeout -s INT 4 {sys.executable} -m liveblog "$@" --port 0; test $? = 124 ;;
*" init "*)
    {sys.executable} -m liveblog "$@" && cat "$HOME/mail.toml" >> "$2/liveblog.toml"
    {sys.executable} -m liveblog -q -C "$2" post "Calme." --at "7 days ago" > /dev/null ;;
*) exec {sys.executable} -m liveblog "$@" ;;
esac
"""
"""The command. Servers take a free port and end after a while; a new blog has a mail server and an
update of last week."""


class Block(NamedTuple):
    """A fenced block of a page."""

    reason: str  #: why it is not run; empty if it is
    language: str
    text: str


class Command(NamedTuple):
    """A command of a block, and what the block shows that it prints."""

    line: str
    shown: str


def blocks(page: str, language: str) -> list[Block]:
    """Return the blocks of a page that are written in a language."""
    found = []
    for match in _BLOCK.finditer((ROOT / page).read_text("utf-8")):
        reason, indent, name, text = match.groups()
        if name == language:
            text = re.sub(rf"^{indent}", "", text, flags=re.M)
            found.append(Block(reason or "", name, text))
    return found


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a block, each with its continued lines."""
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(n for n, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        yield Command("".join(lines[:end]).rstrip("\n"), "".join(lines[end:]))


RUN = [page for page in PAGES if any(not block.reason for block in blocks(page, "console"))]


def test_most_examples_are_run() -> None:
    """What is not run says why."""
    everything = [block for page in PAGES for block in blocks(page, "console")]
    assert len([block for block in everything if not block.reason]) > 25
    assert all(len(block.reason) > 10 for block in everything if block.reason)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_shows(page: str, tmp_path: Path) -> None:
    """In their order, in one shell; each succeeds."""
    with receiving() as mails:
        folder = furnish(tmp_path, page, mails)
        asked = [
            command
            for block in blocks(page, "console")
            if not block.reason
            for command in commands(block)
        ]
        script = "".join(
            f"printf '\\036%s\\n' {number}\n{command.line}\nprintf '\\035%s\\n' $?\n"
            for number, command in enumerate(asked)
        )
        output = run(script, folder, tmp_path, mails.settings)
    answers = re.findall(r"\x1e\d+\n(.*?)\x1d(\d+)\n", output, re.S)
    assert len(answers) == len(asked), output[-2000:]
    for command, (printed, code) in zip(asked, answers, strict=True):
        # A dry run ends with 1 if it found something.
        allowed = ("0", "1") if "--dry-run" in command.line else ("0",)
        assert code in allowed, f"{command.line}\n{printed}"
        assert "Traceback" not in printed
        if command.shown:
            pattern = ".*".join(map(re.escape, command.shown.strip().split("…")))
            assert re.fullmatch(pattern, printed.strip(), re.S), f"{command.line}\n{printed}"


def furnish(root: Path, page: str, mails: Receiver) -> Path:
    """Make a blog and the files that the pages name; return the folder where a page begins."""
    blog_folder = root / "blog"
    now = datetime.now(UTC)
    subprocess.run(
        [sys.executable, "-m", "liveblog", "init", str(blog_folder), "--title", "Une semaine",
         "--language", "fr", "--timezone", "Europe/Paris", "--url", "https://example.org/semaine/"],
        check=True, capture_output=True,
    )  # fmt: skip
    with (blog_folder / "liveblog.toml").open("a") as settings:
        settings.write(mails.settings)
    blog = Blog(blog_folder)
    for day in range(15, 23):
        for hour in (9, 15):
            blog.post(
                f"À {hour} heures, un convoi passe le pont. La radio dit : « border post open ».",
                title=f"Le convoi du {day}" if hour == 9 else "",
                key=hour == 9,
                tags=["Homs"],
                at=datetime(2012, 7, day, hour, tzinfo=UTC),
            )
    for days in (1, 7):
        blog.post("La ville est calme.", title="Calme", at=now - timedelta(days=days))
    blog.post("Les évacués de Homs arrivent.", tags=["Homs"])
    chapter = ChapterDraft(title="La bataille d’Alep", period="2012-07-19..2012-07-22")
    blog.chapters.create(chapter, slug="la-bataille-d-alep")
    text = "Dimanche 15 juillet 2012 : La trêve\n\n9 h 30 : Le marché ouvre.\n"
    (blog_folder / "chronique.txt").write_text(text, "utf-8")
    (blog_folder / "page.txt").write_text(f"La semaine de la trêve\n\n{text}", "utf-8")
    (blog_folder / "texte.md").write_text("Une **matinée** calme.\n", "utf-8")
    Image.new("RGB", (80, 60), "teal").save(blog_folder / "carte.png")
    posts = root / "my-site" / "content" / "posts"
    posts.mkdir(parents=True)
    (posts / "one.md").write_text("---\ntitle: One\ndate: 2012-07-15\n---\nA post.\n", "utf-8")
    for name in ("north", "south"):
        subprocess.run(
            [sys.executable, "-m", "liveblog", "init", str(blog_folder / name),
             "--url", f"https://example.org/{name}/"],
            check=True, capture_output=True,
        )  # fmt: skip
    starts_outside = page in ("README.md", "docs/first-evening.md")
    if page == "README.md":
        (root / "my-blog").mkdir()
        for name in ("texte.md", "carte.png", "chronique.txt", "page.txt"):
            (blog_folder / name).rename(root / "my-blog" / name)
    return root if starts_outside else blog_folder


def run(script: str, folder: Path, root: Path, mail: str) -> str:
    """Run a script in bash, on a terminal where everything is answered with yes.

    *mail* is the table that the settings of new blogs get.
    """
    programs = root / "bin"
    programs.mkdir()
    (programs / "liveblog").write_text(_LIVEBLOG)
    (programs / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (programs / "edit").write_text(
        "#!/bin/sh\nexec sed -i 's/^headline:.*/headline: Une trêve/' $1\n"
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    path = root / "script.sh"
    path.write_text(script)
    home = root / "home"
    home.mkdir()
    identity = "[user]\nname = Ana\nemail = ana@example.org\n"
    (home / ".gitconfig").write_text(identity)
    (home / "mail.toml").write_text(mail)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "EDITOR": "edit",
        "LIVEBLOG_SMTP_PASSWORD": "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    leader, follower = pty.openpty()
    os.write(leader, b"y\n" * 200)
    try:
        done = subprocess.run(
            ["bash", str(path)],
            cwd=folder,
            env=environment,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
    finally:
        os.close(leader)
        os.close(follower)
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_settings_of_a_page_are_valid(page: str, tmp_path: Path) -> None:
    """Each block of TOML is read as part of a ``liveblog.toml``."""
    for block in blocks(page, "toml"):
        given = tomllib.loads(block.text)
        top = {
            "title": "Une semaine",
            "url": "https://example.org/",
            "id": "tag:example.org,2012:a",
        }
        lines = [f'{key} = "{value}"' for key, value in top.items() if key not in given]
        path = tmp_path / "liveblog.toml"
        path.write_text("\n".join([*lines, block.text]), "utf-8")
        assert load(path)
