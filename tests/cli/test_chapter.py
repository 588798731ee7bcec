"""The command 'liveblog chapter': chapters as a person writes them in a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from liveblog import Blog

from .. import command
from ..command import Done

Run = Callable[..., Done]
PERIOD = "2012-07-15..2012-07-17"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run commands on a blog that has an update on each of three days."""
    folder = tmp_path / "blog"
    blog = Blog.init(folder, title="Port", language="fr", timezone="Europe/Paris")
    for day, title, tag in (
        (15, "Grève au port", "port"),
        (16, "Le pont", "ville"),
        (17, "Fin", "port"),
    ):
        blog.post(f"Texte du {day}.", title=title, tags=[tag], at=blog.moment(f"2012-07-{day}"))

    def run(*arguments: str, stdin: str = "") -> Done:
        return command.run("-C", str(folder), *arguments, stdin=stdin)

    return run


def test_a_chapter_is_created_shown_and_edited(run: Run) -> None:
    """Wherever a command takes a period it takes the chapter's name."""
    made = run(
        "chapter", "new", "Trois jours", PERIOD, "--introduction", "Avant.", "--close", "Après."
    )
    assert made.stdout == "trois-jours\n"
    digest = run("digest", "trois-jours").stdout
    order = ("Trois jours", "Avant.", "Texte du 15.", "Texte du 17.", "Après.")
    assert sorted(order, key=digest.index) == list(order)
    assert run("chapter", "edit", "trois-jours", "--close", "Plus tard.").returncode == 0
    assert "Plus tard." in run("digest", "trois-jours", "--format", "markdown").stdout
    assert "Plus tard." in run("export", "trois-jours", "--format", "html").stdout
    assert run("chapter", "list").stdout == f"trois-jours  {PERIOD}  Trois jours\n"


def test_a_chapter_selects_by_topic(run: Run) -> None:
    """--tag of the chapter, and that of the digest on top of it."""
    run("chapter", "new", "Au port", PERIOD, "--tag", "port", "--introduction", "Le port seul.")
    digest = run("digest", "au-port").stdout
    assert "Texte du 15." in digest
    assert "Texte du 16." not in digest
    assert run("digest", "au-port", "--tag", "ville").returncode == 1


def test_a_chapter_is_retracted_removed_and_restored(run: Run) -> None:
    """A withdrawal says why; a removed chapter is no digest any more."""
    run("chapter", "new", "Trois jours", PERIOD, "--introduction", "Avant.")
    assert run("chapter", "retract", "trois-jours", "--why", "Faux.").returncode == 2, (
        "it asks first"
    )
    assert run("chapter", "retract", "trois-jours", "--why", "Faux.", "--yes").returncode == 0
    assert "[retracted]" in run("chapter", "list").stdout
    assert run("chapter", "remove", "trois-jours", "--dry-run").returncode == 1
    assert run("chapter", "remove", "trois-jours", "--yes").returncode == 0
    gone = run("digest", "trois-jours")
    assert gone.returncode == 1
    assert "was removed" in gone.stderr
    assert run("chapter", "restore", "trois-jours").returncode == 0
    assert json.loads(run("chapter", "list", "--json").stdout)["state"] == "retracted"


def test_a_chapter_can_be_held_back(run: Run) -> None:
    """--schedule takes a time that is to come, and says so."""
    made = run(
        "chapter",
        "new",
        "Demain",
        PERIOD,
        "--slug",
        "apres",
        "--schedule",
        "2199-01-01 08:00",
        "--close",
        "x",
    )
    assert made.stdout == "apres\n"
    assert "Held back until 2199-01-01 08:00" in made.stderr
    assert "held back" in run("chapter", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("Titre", "2012-07-17..2012-07-15"), "ends before it starts"),
        (("Titre", "2011-01-01..2011-01-03"), "2011-01-01"),
        (("Titre", "2012-07-15..2099-07-15"), "longer than ten years"),
        (("Titre", "n'importe quoi"), "n'importe quoi"),
        (("Titre", PERIOD, "--tag", "absent"), "absent"),
        (("Titre", PERIOD, "--slug", "yesterday"), "yesterday"),
        (("Titre", PERIOD, "--slug", "Deux Mots"), "deux-mots"),
        (("Titre", PERIOD, "--slug", "atom.xml"), "atom"),
        (("", PERIOD), "title"),
        (("Titre", PERIOD, "--image", "liveblog.toml"), "alt"),
        (("Titre", PERIOD, "--image", "liveblog.toml", "--alt", "x"), "picture"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], problem: str
) -> None:
    """Each mistake has an answer of its own."""
    done = run("chapter", "new", *arguments, "--introduction", "Avant.")
    assert done.returncode in (1, 2), done.stderr
    assert problem in done.stderr
    assert run("chapter", "list").stdout == ""


def test_a_name_is_given_once(run: Run) -> None:
    """Also where the chapter was removed; letters of other scripts are letters."""
    run("chapter", "new", "Trois jours", PERIOD, "--close", "x")
    run("chapter", "remove", "trois-jours", "--yes")
    assert "trois-jours" in run("chapter", "new", "Trois jours", PERIOD, "--close", "y").stderr
    assert run("chapter", "new", "ثلاثة أيام", PERIOD, "--close", "x").stdout == "ثلاثة-ايام\n"
    assert "ثلاثة أيام" in run("digest", "ثلاثة-ايام").stdout


def test_an_edit_of_an_older_revision_is_refused(run: Run) -> None:
    """--expect names the revision that its author saw."""
    run("chapter", "new", "Trois jours", PERIOD, "--close", "Un.")
    run("chapter", "edit", "trois-jours", "--close", "Deux.")
    late = run("chapter", "edit", "trois-jours", "--close", "Trois.", "--expect", "1")
    assert late.returncode == 1
    assert "Deux." in run("digest", "trois-jours").stdout


def test_a_refused_edit_shows_both_texts(run: Run) -> None:
    """Also where only their closes differ."""
    run("chapter", "new", "Trois jours", PERIOD, "--introduction", "Avant.")
    run("chapter", "edit", "trois-jours", "--close", "Deux.", "--expect", "1")
    done = run("chapter", "edit", "trois-jours", "--close", "Trois.", "--expect", "1")
    theirs, _, ours = done.stderr.partition("-- Yours --")
    assert ("Deux." in theirs, "Trois." in ours) == (True, True)


def test_a_text_comes_from_standard_input(run: Run) -> None:
    """One of the two; a dash is never the text."""
    made = run("chapter", "new", "Trois jours", PERIOD, "--close", "-", stdin="Fin.\n")
    assert made.returncode == 0
    assert "Fin." in run("digest", "trois-jours").stdout
    both = ("--introduction", "-", "--close", "-")
    assert run("chapter", "edit", "trois-jours", *both, stdin="x").returncode == 2
    assert "Fin." in run("digest", "trois-jours").stdout


def test_the_updates_and_the_revisions_of_a_chapter_are_listed(run: Run) -> None:
    """Those that it selects; what each revision changed."""
    run("chapter", "new", "Au port", PERIOD, "--tag", "port", "--introduction", "Un.")
    listed = run("log", "au-port").stdout
    assert "Grève au port" in listed
    assert "Le pont" not in listed
    run("chapter", "edit", "au-port", "--introduction", "Deux.", "--note", "Corrigé.")
    shown = run("chapter", "show", "au-port").stdout
    assert "-Un.\n+Deux.\n" in shown
    assert "Corrigé." in shown
    assert len(run("chapter", "show", "au-port", "--json").stdout.splitlines()) == 2


def test_without_a_terminal_the_advice_can_be_followed(run: Run) -> None:
    """No command advises what it does not take."""
    run("chapter", "new", "Trois jours", PERIOD, "--close", "x")
    assert "--introduction" in run("chapter", "edit", "trois-jours").stderr
    assert "--introduction" in run("digest", "trois-jours", "--edit").stderr
    assert "'-'" not in run("digest", "2012-07-15", "--edit").stderr
