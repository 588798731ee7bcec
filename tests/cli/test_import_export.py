"""``liveblog import`` and ``export``, as a person meets them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from liveblog import Blog

from ..command import MODULE
from ..conftest import serving, site_bytes
from .test_commands import Run, folder, french, run  # noqa: F401  (fixtures)

CHRONICLE = """\
Une semaine à Vallombre

Dimanche 15 juillet 2012 : La rivière monte

Depuis l'aube, les habitants du quartier bas portent des sacs de sable.

14h30 : Le pont des Tanneurs est fermé.

Lundi 16 juillet : L'eau entre dans les caves

On compte douze maisons touchées.
"""


def test_a_chronicle_is_imported_once(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """Announced, imported, and known the second time."""
    path = tmp_path / "vallombre.txt"
    path.write_text(CHRONICLE)
    dry = french("import", "text", str(path), "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "Would import 3 new updates" in dry.stderr
    assert french("log").stdout == ""
    done = french("import", "text", str(path))
    assert "Imported 3 new updates" in done.stderr
    assert "Next: liveblog publish" in done.stderr
    again = french("import", "text", str(path))
    assert again.returncode == 0
    assert "Imported nothing" in again.stderr
    digest = french("digest", "2012-07-15").stdout
    assert digest.index("Dimanche 15 juillet") < digest.index("sacs") < digest.index("Tanneurs")


PAGE = """\
Le pont rouvre

Mercredi 25 juillet 2012, les premiers camions passent le pont.

La crue : trois jours

Ces trois jours ont changé le quartier bas.

Dimanche 15 juillet 2012 : La rivière monte.

Lundi 16 juillet : L'eau entre dans les caves.

Mardi 17 juillet : L'eau baisse.

Rappelons que la dernière crue remonte à 1993.
"""


def test_a_dry_run_shows_the_structure(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """Articles, chapters, introductions, days and closes, with their lines."""
    path = tmp_path / "page.txt"
    path.write_text(PAGE)
    shown = french("import", "text", str(path), "--dry-run").stdout
    assert [" ".join(line.split()) for line in shown.splitlines()][:7] == [
        "Article 2012-07-25 Le pont rouvre (lines 1–3)",
        "Chapter 2012-07-15 to 2012-07-17 La crue : trois jours (lines 5–15)",
        "introduction Ces trois jours ont changé le quartier bas.",
        "2012-07-15 La rivière monte.",
        "2012-07-16 L'eau entre dans les caves.",
        "2012-07-17 L'eau baisse.",
        "close Rappelons que la dernière crue remonte à 1993. (from line 15)",
    ]
    assert french("log").stdout == ""


def test_a_close_that_was_misjudged_is_moved(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """By the commands that the report names."""
    path = tmp_path / "page.txt"
    path.write_text(PAGE.replace("L'eau baisse.", "L'eau baisse.\n\nLe quartier est calme."))
    report = french("import", "text", str(path)).stdout
    commands = re.findall(r"liveblog (chapter close \S+ --(?:from|to) [0-9a-z-]+)", report)
    assert len(commands) == 2
    day, close = "Le quartier est calme.", "Rappelons que la dernière crue remonte à 1993."
    chapter = commands[0].split()[2]

    moved = french(*commands[0].split())
    assert moved.stdout == f"{chapter}\n"
    assert "Moved 1 paragraph from" in moved.stderr
    json_of = french("digest", "2012-07-17", "--json").stdout
    assert day not in json_of
    back = french(*commands[1].split(), "--paragraphs", "2")
    assert back.returncode == 0, back.stderr
    json_of = french("digest", "2012-07-17", "--json").stdout
    assert json_of.index(day) < json_of.index(close)
    assert french("chapter", "close", chapter).returncode == 2


def test_problems_name_the_file_and_the_line(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """And what to do; if nothing at all could be taken, that is a failure."""
    path = tmp_path / "vallombre.txt"
    path.write_text(CHRONICLE + "\nMardi 31 février : Rien.\n\nDu texte.\n")
    done = french("import", "text", str(path))
    assert done.returncode == 0
    assert "vallombre.txt, line" in done.stdout
    path.write_text("Rien qui ait une date.\n")
    done = french("import", "text", str(path))
    assert done.returncode == 1
    assert "Imported nothing" in done.stderr


def test_a_file_that_is_no_text_is_refused(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """With the line, and a way to put it right."""
    path = tmp_path / "latin.txt"
    path.write_bytes(CHRONICLE.encode("latin-1"))
    done = french("import", "text", str(path))
    assert done.returncode == 2
    assert "is not UTF-8" in done.stderr
    assert "iconv" in done.stderr
    assert french("import", "text", str(tmp_path / "none.txt")).returncode == 2


def test_the_report_as_json(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """Counts and problems, for programs."""
    path = tmp_path / "vallombre.txt"
    path.write_text(CHRONICLE)
    report = json.loads(french("import", "text", str(path), "--json").stdout)
    assert report["entries"] == 3
    assert report["problems"] == []


def test_ask_lets_the_user_decide(run: Run, folder: Path, tmp_path: Path) -> None:  # noqa: F811
    """By number, where a date has two readings; without it both are told and none is taken."""
    run("init", str(folder))
    path = tmp_path / "two.txt"
    path.write_text("03/04/2012\n\nA fact.\n")
    refused = run("import", "text", str(path))
    assert refused.returncode == 1
    assert "3 April 2012 or 4 March 2012" in refused.stdout
    assert run("log").stdout == ""
    asked = run("import", "text", "--ask", str(path), stdin="2\n")
    assert asked.returncode == 0
    assert "1 new update" in asked.stderr
    assert run("log").stdout.startswith("2012-03-04")


@pytest.mark.slow
def test_out_by_each_form_and_back_in(french: Run, folder: Path, tmp_path: Path) -> None:  # noqa: F811
    """The journal into an empty blog: the same site, byte for byte; and what readers open."""
    for text in ("Un fait.", "Un autre, avec des *mots*."):
        assert french("post", text, "--tag", "Homs").returncode == 0
    french("digest", "today", "--format", "html")
    assert french("publish").returncode == 0
    for form, name in (("jsonl", "all.jsonl"), ("markdown", "all")):
        target = tmp_path / name
        done = french("export", "--format", form, "-o", str(target))
        assert done.returncode == 0, done.stderr
        other = tmp_path / f"other-{form}"
        french("init", str(other))
        (other / "liveblog.toml").write_bytes((folder / "liveblog.toml").read_bytes())
        done = french("-C", str(other), "import", form, str(target))
        assert "2 new updates" in done.stderr, done.stderr
        assert french("-C", str(other), "publish").returncode == 0
        assert site_bytes(other / "feeds") == site_bytes(folder / "feeds")
    html = french("export", "--format", "html").stdout
    assert html.startswith("<!doctype html>")
    assert "Un autre, avec des <em>mots</em>." in html
    assert french("export", "--format", "jsonl").stdout.count("\n") == 4
    book = tmp_path / "all.epub"
    assert french("export", "--format", "epub", "-o", str(book)).returncode == 0
    assert book.read_bytes()[30:58] == b"mimetypeapplication/epub+zip"


def test_what_an_export_needs_is_said(french: Run) -> None:  # noqa: F811
    """A place for a folder or a book; no period for the whole journal; something to tell."""
    assert french("export", "--format", "epub").returncode == 2
    assert french("export", "--format", "markdown").returncode == 2
    assert french("export", "--format", "jsonl", "2012-07-15").returncode == 2
    empty = french("export", "--format", "html")
    assert empty.returncode == 1
    assert "The journal is empty" in empty.stderr


@pytest.mark.slow
def test_an_import_that_is_killed_goes_on(french: Run, folder: Path, tmp_path: Path) -> None:  # noqa: F811
    """At whatever instant: nothing is lost, nothing comes twice, the journal is whole."""
    path = tmp_path / "long.txt"
    lines = "".join(f"{h:02}:{m:02} : Fait {h}.{m}.\n\n" for h in range(24) for m in range(60))
    path.write_text(f"Dimanche 15 juillet 2012\n\n{lines}")
    codes = []
    for _ in range(3):
        process = subprocess.Popen(
            [*MODULE, "import", "text", str(path)], cwd=folder, stderr=subprocess.DEVNULL
        )
        before = len(_journal(folder))
        while len(_journal(folder)) <= before and process.poll() is None:
            pass  # the kill has to hit the import at work
        process.kill()
        codes.append(process.wait())
    assert -signal.SIGKILL in codes
    done = french("import", "text", str(path))
    assert done.returncode == 0, done.stderr
    blog = Blog(folder)
    bodies = [entry.now.body for entry in blog.digest("2012-07-15").entries]
    assert bodies == [f"Fait {h}.{m}." for h in range(24) for m in range(60)]
    assert not blog.check().faults


def _journal(folder: Path) -> bytes:  # noqa: F811
    path = folder / "entries" / "2012" / "07" / "2012-07-15.jsonl"
    return path.read_bytes() if path.exists() else b""


def test_help_says_what_each_source_is(french: Run) -> None:  # noqa: F811
    """Each with an example of what it reads."""
    shown = french("import", "--help").stdout
    for name in ("text", "feed", "markdown", "wordpress", "jsonl"):
        assert name in shown
        assert french("import", name, "--help").returncode == 0


FEED = """\
<?xml version="1.0"?>
<rss version="2.0"><channel><title>Ailleurs</title><link>https://elsewhere.example/</link>
<item><guid>1</guid><title>Un titre</title><link>https://elsewhere.example/1</link>
<pubDate>Sun, 15 Jul 2012 10:00:00 +0000</pubDate>
<description>&lt;p&gt;Un &lt;b&gt;fait&lt;/b&gt;.&lt;script&gt;x()&lt;/script&gt;</description>
</item></channel></rss>
"""


def test_a_feed_is_brought_in_and_followed(french: Run, tmp_path: Path) -> None:  # noqa: F811
    """From a file; from an address, which can then be followed, listed and let go."""
    path = tmp_path / "feed.xml"
    path.write_text(FEED)
    done = french("import", "feed", str(path))
    assert "1 new update" in done.stderr, done.stderr + done.stdout
    assert "Un titre" in french("log").stdout
    with serving(tmp_path) as url:
        done = french("import", "feed", f"{url}feed.xml", "--follow")
        assert "It is followed from now on" in done.stderr, done.stderr + done.stdout
        listed = json.loads(french("import", "feed", "--followed", "--json").stdout)
        assert [one["url"] for one in listed] == [f"{url}feed.xml"]
        assert french("import", "feed", f"{url}feed.xml", "--unfollow").returncode == 0
    assert "No feed is followed" in french("import", "feed", "--followed").stderr
    gone = french("import", "feed", f"{url}feed.xml")
    assert gone.returncode == 1
    assert "did not answer" in gone.stderr


def test_a_wordpress_export_is_brought_in_once(french: Run) -> None:  # noqa: F811
    """With its live blog; twice is the same journal."""
    path = Path(__file__).parents[1] / "imports" / "wordpress" / "liveblog.xml"
    dry = french("import", "wordpress", str(path), "--dry-run")
    assert "Would import" in dry.stderr, dry.stderr + dry.stdout
    done = french("import", "wordpress", str(path), "--json")
    brought = json.loads(done.stdout)
    assert brought["entries"] > 0
    again = json.loads(french("import", "wordpress", str(path), "--json").stdout)
    assert (again["entries"], again["revisions"]) == (0, 0)
    assert again["known"] == brought["entries"]
