"""The command line, as a person meets it: each test runs the real program.

What a terminal, a pipe, a signal or the locale has a part in runs in a process of its own.

The numbers are those of the list of promises in ``docs/command-line.md``.
"""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click
import pytest

from liveblog import Blog, ChapterDraft
from liveblog.cli import liveblog

from .. import command
from ..command import MODULE, Done
from ..conftest import needs, site_bytes

Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the blog will be."""
    return tmp_path / "blog"


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    """Run ``liveblog`` with an empty HOME and no editor, in the blog's folder if it is there."""

    def in_folder(
        *words: str,
        stdin: str | bytes = "",
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        is_apart: bool = False,
    ) -> Done:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("VISUAL", "EDITOR", "LIVEBLOG_CONFIG", "NO_COLOR")
        } | {"HOME": str(tmp_path)} | (env or {})  # fmt: skip
        call = command.run_apart if is_apart else command.run
        there = cwd or (folder if folder.exists() else tmp_path)
        return call(*words, stdin=stdin, env=environment, cwd=there)

    return in_folder


@pytest.fixture
def french(run: Run, folder: Path) -> Run:
    """A French blog to run commands in."""
    done = run("init", str(folder), "--title", "Une semaine", "--language", "fr",
               "--timezone", "Europe/Paris", "--url", "https://example.org/semaine/")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return run


# -- the three uses ----------------------------------------------------------------------------


def test_append_digest_subscribe(run: Run, folder: Path) -> None:
    """From nothing to a digest and a feed in four commands, each a process of its own."""

    def liveblog(*words: str) -> str:
        done = run(*words, is_apart=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    liveblog("init", str(folder))
    posted = liveblog("post", "Le poste est **rouvert**.", "--title", "Frontière", "--tag", "Liban")
    assert re.fullmatch(r"\d{8}-[0-9a-z]{10}\n", posted)
    shown = liveblog("digest")
    assert "Frontière" in shown
    assert "Le poste est rouvert." in shown
    liveblog("publish")
    assert "Le poste est" in (folder / "feeds" / "atom.xml").read_text()
    liveblog("check")


# -- 1: init -----------------------------------------------------------------------------------


def test_1_init_prints_the_next_command_and_never_overwrites(run: Run, folder: Path) -> None:
    """A second run changes nothing, whatever it is told."""
    first = run("init", str(folder), "--title", "Un")
    assert "liveblog -C" in first.stderr
    assert "post" in first.stderr
    before = site_bytes(folder)
    second = run("init", str(folder), "--title", "Deux")
    assert second.returncode == 0
    assert "already" in second.stderr
    assert site_bytes(folder) == before


def test_1_the_printed_next_command_works(run: Run, folder: Path) -> None:
    """It can be pasted as it is."""
    printed = run("init", str(folder)).stderr.split("Next: liveblog ")[1]
    import shlex

    assert run(*shlex.split(printed)).returncode == 0


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--timezone", "Europe/Pari", "Did you mean 'Europe/Paris'?"),
        ("--language", "xx", "ar, de, en, es, fr"),
        ("--url", "ftp://example.org", "https://example.org"),
        ("--title", "", "title"),
    ],
)
def test_1_init_refuses_a_setting_that_cannot_be(
    run: Run, folder: Path, option: str, value: str, says: str
) -> None:
    """Exit 2, the hint named, nothing made."""
    done = run("init", str(folder), option, value)
    if option == "--title":  # an empty title falls back on the folder's name
        assert done.returncode == 0
        return
    assert done.returncode == 2
    assert says in done.stderr
    assert not folder.exists()


# -- 2: help -----------------------------------------------------------------------------------


def test_2_no_arguments_give_short_help_with_three_examples(run: Run) -> None:
    """The whole of it fits on a screen."""
    done = run()
    assert done.returncode == 0
    assert done.stdout.count("\n  liveblog ") == 3 or done.stdout.count("    liveblog ") == 3
    assert len(done.stdout.splitlines()) <= 42


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_2_every_command_has_help(run: Run, flag: str) -> None:
    """-h and --help, of the program and of each command; no text is cut."""
    top = run(flag)
    assert top.returncode == 0
    assert "..." not in top.stdout.split("Commands:")[1].split("Examples:")[0]
    commands = re.findall(r"^  ([a-z]+)  ", top.stdout.split("Commands:")[1], re.MULTILINE)
    assert len(commands) >= 10
    for name in commands:
        assert run(name, flag).stdout.startswith(f"Usage: liveblog {name}")


def test_2_version(run: Run) -> None:
    """One line, the same as the package's."""
    from liveblog import __version__

    assert run("--version", is_apart=True).stdout == f"liveblog {__version__}\n"


def _commands(command: click.Command) -> Iterator[click.Command]:
    """Yield a command and those below it."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for other in filter(
            None, (command.get_command(context, n) for n in command.list_commands(context))
        ):
            yield from _commands(other)


def test_2_the_documentation_shows_the_help_as_it_is(run: Run) -> None:
    """docs/command-line.md holds the help of every command, word for word."""
    text = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
    blocks = re.findall(r"```\n\$ liveblog(.*?)\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == len(list(_commands(liveblog)))
    for words, output in blocks:
        assert run(*words.split(), env={"COLUMNS": "96"}).stdout == output


# -- 3: where the text comes from --------------------------------------------------------------


def test_3_a_text_is_read_from_standard_input(french: Run) -> None:
    """With '-', whatever its line ends."""
    done = french("post", "-", stdin="Une ligne.\r\n\r\nUne autre : « été ».\n")
    shown = json.loads(french("show", done.stdout.strip(), "--json").stdout)
    assert shown["body"] == "Une ligne.\n\nUne autre : « été »."


def editor(folder: Path, script: str) -> str:
    """Make an editor that does what a shell script says with its file, $1."""
    path = folder.parent / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def on_terminal(
    words: list[str], cwd: Path, env: dict[str, str], keys: str = ""
) -> tuple[int, str]:
    """Run ``liveblog`` on a terminal; return its exit code and all that it showed."""
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may ignore it
        os.chdir(cwd)
        os.execvpe(MODULE[0], [*MODULE, *words], os.environ | env)
    shown = b""
    deadline = time.monotonic() + 30
    if keys:
        os.write(fd, keys.encode())
    while time.monotonic() < deadline:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if ready:
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_3_without_a_text_the_editor_opens(french: Run, folder: Path) -> None:
    """A first line that is a heading becomes the title; the advice is not posted."""
    script = editor(
        folder,
        r"""{ printf '# Un titre\n\nLe texte.\n'; cat "$1"; } > "$1.new"
        mv "$1.new" "$1" """,
    )
    code, shown = on_terminal(["post"], folder, {"EDITOR": script, "VISUAL": ""})
    assert code == 0, shown
    entry = json.loads(french("log", "--json").stdout)
    assert (entry["title"], entry["body"]) == ("Un titre", "Le texte.")


@pytest.mark.parametrize(
    ("editor", "message"),
    [("vi '", "No closing quotation"), ("rm", "No such file"), ("/no/editor", "cannot be started")],
)
def test_an_editor_that_goes_wrong_is_said(
    french: Run, folder: Path, editor: str, message: str
) -> None:
    """A quote that is open, a file that it deleted, a program that is not there."""
    code, shown = on_terminal(["post"], folder, {"EDITOR": editor, "VISUAL": ""})
    assert code in (1, 2)
    assert message in shown
    assert "inside liveblog" not in shown


def test_3_an_empty_text_cancels(french: Run, folder: Path) -> None:
    """Nothing is written."""
    code, shown = on_terminal(["post"], folder, {"EDITOR": "true", "VISUAL": ""})
    assert code == 0
    assert "nothing was posted" in shown.lower()
    assert not list((folder / "entries").rglob("*.jsonl"))


def test_3_without_text_terminal_or_editor_it_fails_at_once(french: Run, folder: Path) -> None:
    """It never waits for what cannot come."""
    done = french("post")
    assert done.returncode == 2
    assert "'-'" in done.stderr
    code, shown = on_terminal(["post"], folder, {"EDITOR": "", "VISUAL": ""})
    assert code == 2
    assert "EDITOR" in shown


def test_3_edit_opens_the_text_in_the_editor(french: Run, folder: Path) -> None:
    """Left as it was, nothing is changed; changed, a revision is appended."""
    entry_id = french("post", "Trois blessés.", "--title", "Bilan").stdout.strip()
    code, shown = on_terminal(["edit", entry_id], folder, {"EDITOR": "true", "VISUAL": ""})
    assert (code, "Nothing was changed" in shown) == (0, True)
    script = editor(folder, """sed -i 's/Trois/Quatre/' "$1" """)
    code, shown = on_terminal(["edit", entry_id], folder, {"EDITOR": script, "VISUAL": ""})
    assert code == 0, shown
    found = json.loads(french("show", entry_id, "--json").stdout)
    assert (found["rev"], found["title"], found["body"]) == (2, "Bilan", "Quatre blessés.")


def test_3_edit_opens_all_fields_in_the_editor(french: Run, folder: Path) -> None:
    """What is changed there changes, what is emptied is cleared, the rest stays."""
    entry_id = french(
        "post", "Trois blessés.", "--title", "Bilan : trois", "--tag", "Damas", "--tag", "Alep",
        "--source", "OSDH https://www.syriahr.com/", "--figure", "Blessés=1.5 millier", "--key",
        "--at", "2012-07-15 18:04:05",
    ).stdout.strip()  # fmt: skip
    before = json.loads(french("show", entry_id, "--json").stdout)
    script = editor(folder, """sed -i 's/^tags: .*/tags: Homs/; s/^key: .*/key:/' "$1" """)
    code, shown = on_terminal(["edit", entry_id], folder, {"EDITOR": script, "VISUAL": ""})
    assert code == 0, shown
    found = json.loads(french("show", entry_id, "--json").stdout)
    changed = {name for name in found if found[name] != before.get(name)}
    assert (found["tags"], found["key"]) == (["Homs"], False)
    assert changed <= {"tags", "key", "rev", "updated", "recorded", "idempotency_key"}


def test_3_digest_edit_keeps_headline_introduction_and_close(french: Run, folder: Path) -> None:
    """They are kept in the journal and shown by every form of the digest."""
    french("post", "Un fait.", "--at", "2012-07-16 09:00")
    script = editor(
        folder,
        r"""sed -i \
        -e 's/^== Headline ==$/&\nLa semaine/' \
        -e 's/^== Introduction ==$/&\nPour commencer./' \
        -e 's/^== Close ==$/&\nPour finir./' "$1" """,
    )
    code, shown = on_terminal(
        ["digest", "2012-W29", "--edit"], folder, {"EDITOR": script, "VISUAL": ""}
    )
    assert code == 0, shown
    for form in ("text", "markdown", "html", "json"):
        told = french("digest", "2012-W29", "--format", form).stdout
        for text in ("La semaine", "Pour commencer.", "Pour finir.", "Un fait."):
            assert text in told, form
    assert (folder / "entries" / "2012" / "2012-W29.jsonl").exists()


def test_3_a_text_from_the_editor_is_not_lost_when_posting_fails(
    french: Run, folder: Path, tmp_path: Path
) -> None:
    """It is kept in a file that is named."""
    script = editor(folder, r"""printf 'Un long texte.\n' > "$1" """)
    environment = {"EDITOR": script, "VISUAL": "", "TMPDIR": str(tmp_path)}
    code, shown = on_terminal(["post", "--tag", "!!!"], folder, environment)
    assert code == 2
    kept = re.search(r"Your text is saved in (\S+\.md)", shown)
    assert kept, shown
    assert Path(kept[1]).read_text() == "Un long texte.\n"


def test_3_a_conflict_shows_both_texts_and_loses_none(
    french: Run, folder: Path, tmp_path: Path
) -> None:
    """Somebody else revises the entry while it is open in the editor."""
    entry_id = french("post", "Au départ.").stdout.strip()
    script = editor(
        folder,
        f"""{sys.executable} -m liveblog -C {folder} edit {entry_id} "Leur version." >/dev/null
        printf 'Ma version.\\n' > "$1" """,
    )
    environment = {"EDITOR": script, "VISUAL": "", "TMPDIR": str(tmp_path)}
    code, shown = on_terminal(["edit", entry_id], folder, environment)
    assert code == 1, shown
    for words in ("revised it first", "Leur version.", "Ma version.", "Your text is saved in"):
        assert words in shown
    assert json.loads(french("show", entry_id, "--json").stdout)["body"] == "Leur version."


# -- 4: times ----------------------------------------------------------------------------------


def test_4_a_human_time_is_understood_and_echoed_with_its_zone(french: Run) -> None:
    """In the blog's language."""
    done = french("post", "x", "--at", "dimanche 15 juillet 2012 à 18h30")
    assert "Enregistré" in done.stderr
    echoed = done.stderr.replace("\u00a0", " ").replace("\u202f", " ")
    assert "dimanche 15 juillet 2012 à 18 h 30 (Europe/Paris)" in echoed
    assert done.stdout.startswith("20120715-")


def test_4_a_day_is_echoed_without_a_time(french: Run) -> None:
    """A date, --day, or the day of another update."""
    posted = []
    for options in (("--at", "15 juillet 2012"), ("--at", "15 juillet 2012 9h", "--day")):
        done = french("post", "x", *options)
        assert "Enregistré" in done.stderr
        assert "dimanche 15 juillet 2012 (" in done.stderr.replace("\u00a0", " ")
        posted.append(done.stdout.strip())
    after = french("post", "x", "--after", posted[0]).stdout.strip()
    document = json.loads(french("log", "--json").stdout.splitlines()[0])
    assert (document["id"], document["precision"]) == (after, "day")
    assert after.startswith("20120715-")
    assert json.loads(french("post", "x", "--day", "--json").stdout)["precision"] == "day"


def test_4_a_place_and_a_time_are_not_given_together(french: Run, folder: Path) -> None:
    """The place has a day already, and an id that is none is refused."""
    first = french("post", "x", "--at", "2012-07-15").stdout.strip()
    refused = french("post", "x", "--at", "9h", "--after", first)
    assert (refused.returncode, "Leave one of them out" in refused.stderr) == (2, True)
    assert french("post", "x", "--after", "20120715-0000000000").returncode != 0


def test_4_a_future_time_needs_schedule(french: Run) -> None:
    """So that a typo never hides an update."""
    refused = french("post", "x", "--at", "2999-01-01 10:00")
    assert refused.returncode == 2
    assert "--schedule" in refused.stderr
    held = french("post", "x", "--at", "2999-01-01 10:00", "--schedule")
    assert held.returncode == 0
    assert "scheduled" in french("log").stdout


@pytest.mark.parametrize("text", ["25h00", "2012-03-25 02:30", "bientôt", "lundi 15 juillet 2012"])
def test_4_a_time_that_is_none_is_refused(french: Run, folder: Path, text: str) -> None:
    """Exit 2, and nothing is written."""
    done = french("post", "x", "--at", text)
    assert done.returncode == 2
    assert text.split()[0] in done.stderr
    assert not list((folder / "entries").rglob("*.jsonl"))


# -- 5: JSON -----------------------------------------------------------------------------------


def test_5_json_everywhere(french: Run) -> None:
    """One document on standard output, or one a line; nothing else there."""
    entry_id = json.loads(french("post", "Un.", "--tag", "a", "--json").stdout)["id"]
    assert json.loads(french("edit", entry_id, "--title", "T", "--json").stdout)["rev"] == 2
    french("post", "Deux.")
    assert [json.loads(line)["body"] for line in french("log", "--json").stdout.splitlines()] == [
        "Deux.",
        "Un.",
    ]
    history = json.loads(french("show", entry_id, "--history", "--json").stdout)
    assert [r["rev"] for r in history["revisions"]] == [1, 2]
    assert json.loads(french("digest", "--json").stdout)["days"]
    assert "index.html" in json.loads(french("publish", "--json").stdout)["written"]
    assert json.loads(french("check", "--json").stdout)["faults"] == []
    retracted = french("retract", entry_id, "--why", "x", "--yes", "--json")
    assert json.loads(retracted.stdout)["state"] == "retracted"


# -- 6 and 7: exit codes and errors ------------------------------------------------------------


def test_6_dry_run_and_check_exit_1_when_they_find_something(french: Run, folder: Path) -> None:
    """And 0 when they do not."""
    french("post", "Un.")
    assert french("publish", "--dry-run").returncode == 1
    french("publish")
    assert french("publish", "--dry-run").returncode == 0
    assert french("check").returncode == 0
    path = next((folder / "entries").rglob("*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b"Un.", b"Xx."))
    done = french("check")
    assert done.returncode == 1
    assert re.search(r"entries/\d{4}/\d\d/[\d-]+\.jsonl:1", done.stdout)


def test_6_ctrl_c_exits_130_without_a_traceback(french: Run, folder: Path) -> None:
    """While the editor is open, or anything else."""
    script = editor(folder, "kill -INT $PPID; sleep 1")
    code, shown = on_terminal(["post"], folder, {"EDITOR": script, "VISUAL": ""})
    assert code == 130
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["pots", "x"], 2, "post"),
        (["post", "x", "--tagg", "y"], 2, "--tag"),
        (["log", "yesterdy"], 2, "yesterday"),
        (["log", "2012-13-01"], 2, "2012-13-01"),
        (["digest", "2012-W60"], 2, "2012-W60"),
        (["digest", "2012-07-22..2012-07-15"], 2, "2012-07-15..2012-07-22"),
        (["digest", "--format", "pdf"], 2, "html"),
        (["show", "rien"], 2, "20120715-7k3m9qx2tb"),
        (["show", "20120715-7k3m9qx2tb"], 1, "20120715-7k3m9qx2tb"),
        (["edit", "20120715-7k3m9qx2tb", "x"], 1, "20120715-7k3m9qx2tb"),
        (["log", "--tag", "Dams"], 1, "Did you mean 'Damas'?"),
        (["digest", "--tag", "Dams"], 1, "Did you mean 'Damas'?"),
        (["post", ""], 2, "empty"),
        (["post", "a\x0bb"], 2, "U+000B (line 1, column 2)"),
        (["post", "x" * 100_001], 2, "100,000"),
        (["post", "x", "--tag", "!!!"], 2, "letter"),
        (["post", "x", "--lang", "français"], 2, "BCP 47"),
        (["post", "x", "--source", "Site javascript:alert(1) ftp://x"], 0, ""),
        (["post", "x", "--figure", "Morts"], 2, "Name=105"),
        (["post", "x", "--figure", "Morts=beaucoup"], 2, "Name=105"),
        (["post", "x", "--figure", "Morts=30,000"], 2, "thousands"),
        (["post", "x", "--image", "absent.png", "--alt", "a"], 2, "absent.png"),
        (["post", "x", "--image", "liveblog.toml", "--alt", "a"], 2, "picture"),
        (["post", "x", "--image", "liveblog.toml"], 2, "--alt"),
        (["retract", "20120715-7k3m9qx2tb"], 2, "--why"),
    ],
)
def test_7_errors_say_what_where_and_how_to_mend(
    french: Run, folder: Path, words: list[str], code: int, says: str
) -> None:
    """One error with the place and the hint, no traceback, nothing written."""
    french("post", "Un fait.", "--tag", "Damas")
    before = site_bytes(folder / "entries")
    done = french(*words)
    assert done.returncode == code, done.stderr
    if code:
        assert says in done.stderr
        assert done.stdout == ""
        assert site_bytes(folder / "entries") == before
    assert "Traceback" not in done.stderr


def test_7_text_that_is_not_utf8_is_refused(french: Run) -> None:
    """The line is named."""
    done = french("post", "-", stdin="bien\nété\n".encode("latin-1"))
    assert done.returncode == 2
    assert "UTF-8" in done.stderr
    assert "line 2" in done.stderr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('tittle = "x"', "Did you mean 'title'?"),
        ("[feeds]\nentrys = 3", "Did you mean 'entries'?"),
        ('week_starts = "mondey"', "Did you mean 'monday'?"),
        ('timezone = "Europe/Pariss"', "timezone"),
        ("x = = 1", "line"),
    ],
)
def test_7_a_typo_in_the_configuration_is_named(
    french: Run, folder: Path, line: str, says: str
) -> None:
    """File and key; every command refuses to go on, with exit 2."""
    path = folder / "liveblog.toml"
    path.write_text(path.read_text() + line + "\n")
    for words in (["log"], ["post", "x"], ["check"]):
        done = french(*words)
        assert done.returncode == 2
        assert "liveblog.toml" in done.stderr
        assert says in done.stderr or "timezone" in line


def test_7_a_folder_that_cannot_be_written_is_named(french: Run, folder: Path) -> None:
    """Where a file stands in the way of a folder, the path is named and nothing changes."""
    (folder / "entries").rmdir()
    (folder / "entries").write_text("")
    done = french("post", "x")
    assert done.returncode == 1
    assert str(folder / "entries") in done.stderr
    assert "Traceback" not in done.stderr


def test_7_a_full_disk_is_a_clear_error_and_changes_nothing(french: Run, folder: Path) -> None:
    """The system refuses a file over a limit, in the middle of a line."""
    french("post", "Avant.")
    path = next((folder / "entries").rglob("*.jsonl"))
    before = path.read_bytes()
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100},) * 2)\n"
        "from liveblog.cli import main\n"
        "sys.argv = ['liveblog', 'post', 'x' * 500]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert path.name in done.stderr
    assert "Nothing was changed" in done.stderr
    assert path.read_bytes() == before
    assert french("check").returncode == 0


def test_7_what_may_be_there_is_told_with_the_key_that_retries(
    french: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that fails, and a line that cannot be cut off: the same command adds nothing then."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    entry = french("post", "Avant.").stdout.strip()
    for words in (["post", "Peut-être."], ["edit", entry, "Après."]):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fail)
            patch.setattr(os, "ftruncate", fail)
            done = french(*words)
        assert done.returncode == 1
        assert "Nothing was changed" not in done.stderr
        assert "may be in the journal" in done.stderr
        shown = re.search(r"'liveblog show (\S+) --history'", done.stderr)
        key = re.search(r"--idempotency-key '(\w+)'", done.stderr)
        assert shown
        assert key
        assert words[-1] in french("show", shown[1], "--history").stdout
        again = french(*words, "--idempotency-key", key[1])
        assert again.stdout.strip() == shown[1]
    assert len(french("log", "--json").stdout.splitlines()) == 2
    assert "revision 3" not in french("show", entry, "--history").stdout


def test_7_an_expected_revision_of_0_is_a_conflict(french: Run) -> None:
    """It is the number of nothing, and this is something; both texts are shown."""
    entry = french("post", "Un.").stdout.strip()
    done = french("edit", entry, "Deux.", "--expect", "0")
    assert done.returncode == 1
    assert "-- Theirs --\nUn.\n\n-- Yours --\nDeux." in done.stderr
    assert "Un." in french("show", entry).stdout


def test_7_repair_asks_says_what_it_did_and_leaves_all_well(french: Run, folder: Path) -> None:
    """Without a terminal and --yes nothing is done; the status says whether anything is wrong."""
    assert "nothing to repair" in french("check", "--repair").stderr
    french("post", "Un.")
    french("post", "Deux.")
    path = next((folder / "entries").rglob("*.jsonl"))
    whole = path.read_bytes()
    odd = whole.replace(b"\n", b"\r\n")
    path.write_bytes(odd)
    done = french("check", "--repair")
    assert (done.returncode, path.read_bytes()) == (0, odd)
    assert "add --yes" in done.stderr
    path.write_bytes(whole)
    damaged = path.read_bytes().replace(b"Deux", b"Deu\x00")
    path.write_bytes(damaged)
    done = french("check", "--repair")
    assert done.returncode == 1
    assert "add --yes" in done.stderr
    assert f"{path.name}:2: the damaged line is restored" in done.stderr
    assert path.read_bytes() == damaged
    done = french("check", "--repair", "--yes")
    assert done.returncode == 0
    assert f"{path.name}:2: the damaged line is restored" in done.stderr
    assert b"Deux" in path.read_bytes()
    (kept,) = path.parent.glob("*.before-*")
    assert kept.read_bytes() == damaged
    assert "nothing to repair" in french("check", "--repair").stderr


def test_7_two_machines_merge_with_git(french: Run, folder: Path, tmp_path: Path) -> None:
    """init says to git how: all entries of both are there, and check stays green."""
    git = [needs("git"), "-c", "user.name=a", "-c", "user.email=a@example.org"]

    def call(*words: str, cwd: Path = folder) -> None:
        subprocess.run([*git, *words], cwd=cwd, check=True, capture_output=True)

    other = tmp_path / "other"
    call("init", "-q", "-b", "main")
    french("post", "Avant.")
    Blog(folder).frame("2012-07-15", headline="Avant")
    call("add", "-A")
    call("commit", "-qm", "1")
    call("clone", "-q", str(folder), str(other))
    for place in (folder, other):
        french("post", f"De {place.name}.", cwd=place)
        Blog(place).frame("2012-07-15", headline=place.name)
        call("commit", "-qam", "2", cwd=place)
    call("pull", "-q", "--no-rebase", "--no-edit", str(folder), "main", cwd=other)
    texts = french("log", cwd=other).stdout
    assert all(text in texts for text in ("Avant.", "De blog.", "De other."))
    assert french("check", cwd=other).returncode == 1  # which headline counts?
    Blog(other).frame("2012-07-15", headline="Les deux")
    assert french("check", cwd=other).returncode == 0
    french("post", "Après.", cwd=other)
    assert french("check", cwd=other).returncode == 0


def test_7_a_traceback_only_with_debug(french: Run) -> None:
    """Errors of ours have one too, for those who ask."""
    assert "Traceback" in french("--debug", "show", "rien").stderr
    assert "Traceback" in french("show", "rien", "--debug").stderr


# -- 8: which blog -----------------------------------------------------------------------------


def test_8_the_nearest_configuration_upwards_counts(french: Run, folder: Path) -> None:
    """From a folder within; -C, --config and LIVEBLOG_CONFIG name another."""
    deep = folder / "entries" / "deep"
    deep.mkdir(parents=True)
    assert french("post", "x", cwd=deep).returncode == 0
    away = folder.parent
    assert french("log", cwd=away).returncode == 2
    assert "x" in french("-C", str(folder), "log", cwd=away).stdout
    toml = str(folder / "liveblog.toml")
    assert "x" in french("--config", toml, "log", cwd=away).stdout
    assert "x" in french("log", cwd=away, env={"LIVEBLOG_CONFIG": toml}).stdout
    assert french("log", cwd=away, env={"LIVEBLOG_CONFIG": "/nowhere"}).returncode == 2


# -- 9: colour ---------------------------------------------------------------------------------


def test_9_colour_only_on_a_terminal(french: Run, folder: Path) -> None:
    """NO_COLOR is honoured there."""
    french("post", "Un.", "--title", "Titre")
    assert "\033[" not in french("log").stdout
    assert "\033[" in on_terminal(["log"], folder, {})[1]
    assert "\033[" not in on_terminal(["log"], folder, {"NO_COLOR": "1"})[1]


def test_9_quiet_and_verbose(french: Run) -> None:
    """Before the command or after it."""
    assert french("post", "x", "-q").stderr == ""
    assert "wrote index.html" in french("publish", "-v").stderr
    assert french("-q", "publish").stderr == ""


# -- 10: shells --------------------------------------------------------------------------------


def test_10_ids_and_tags_are_completed(french: Run) -> None:
    """As are commands and options."""
    entry_id = french("post", "Un.", "--tag", "Réfugiés").stdout.strip()

    def complete(words: str) -> str:
        count = len(words.split(" ")) - 1
        return french(
            env={
                "_LIVEBLOG_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(count),
            }
        ).stdout

    assert entry_id in complete("liveblog show 20")
    assert "Réfugiés" in complete("liveblog log --tag R")
    assert "retract" in complete("liveblog re")


def test_10_a_closed_pipe_is_silent(french: Run, folder: Path) -> None:
    """As when the reader is ``head``."""
    for number in range(30):
        Blog(folder).post(f"{number} " + "x" * 3000)
    command = " ".join(MODULE) + " log 2000-01-01..2009-01-01; " + " ".join(MODULE)
    done = subprocess.run(
        ["bash", "-c", f"{command} digest week | head -1; echo ${{PIPESTATUS[0]}}"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0"
    assert "Broken" not in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize(
    "locale",
    ["C", *(pytest.param(name, marks=pytest.mark.slow) for name in ("POSIX", "en_US.ISO-8859-1"))],
)
def test_10_utf8_works_under_any_locale(french: Run, locale: str) -> None:
    """Text in, text out."""
    env = {"LC_ALL": locale, "LANG": locale}
    french("post", "« Été » à Deir ez-Zor — دمشق", env=env, is_apart=True)
    assert "« Été » à Deir ez-Zor — دمشق" in french("log", env=env, is_apart=True).stdout


# -- 11: what destroys -------------------------------------------------------------------------


def test_remove_names_what_quotes_the_update(french: Run, folder: Path) -> None:
    """A digest, a chapter, the head of the blog."""
    blog = Blog(folder)
    entry = blog.post("Un fait.", at=date(2012, 7, 15)).id
    quote = f"> Un fait.\n>\n> — [Ana](entry:{entry})"
    blog.chapters.create(ChapterDraft(title="Alep", period="2012-07-15", close=quote))
    for period in ("2012-W28", "coverage"):
        blog.frame(period, introduction=quote)
    said = french("remove", entry, "--yes").stderr
    for what in ("the chapter 'alep'", "the digest 2012-W28", "the head of the blog"):
        assert f"What {what} quotes of it is shown no more." in said


@pytest.mark.parametrize("command", [["retract", "--why", "x"], ["remove"], ["remove", "--purge"]])
def test_11_destructive_commands_ask(french: Run, folder: Path, command: list[str]) -> None:
    """--dry-run changes nothing and exits 1; without a terminal --yes is needed; 'n' stops."""
    entry_id = french("post", "Un.").stdout.strip()
    before = site_bytes(folder / "entries")
    assert french(*command, entry_id, "--dry-run").returncode == 1
    refused = french(*command, entry_id)
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    code, _ = on_terminal([*command, entry_id], folder, {}, keys="n\n")
    assert code == 130
    assert site_bytes(folder / "entries") == before
    assert french(*command, entry_id, "--yes").returncode == 0
    assert site_bytes(folder / "entries") != before


# -- the commands ------------------------------------------------------------------------------


def test_post_takes_everything_an_entry_has(french: Run, folder: Path) -> None:
    """Each option lands in its field."""
    picture = folder / "p.png"
    from ..site.test_publish import PNG

    picture.write_bytes(PNG)
    done = french(
        "post", "Corps.", "--title", "Titre", "--at", "2012-07-15T18:04+02:00", "--author", "Ana",
        "--tag", "Damas", "--tag", "ONU", "--key", "--pin", "--unconfirmed",
        "--source", "OSDH https://www.syriahr.com/", "--source", "Un témoin",
        "--figure", "Morts (OSDH)=1 005 personnes", "--figure", "Taux=1,5 %",
        "--image", "p.png", "--alt", "Un point", "--caption", "Légende",
        "--lang", "en", "--idempotency-key", "k1", "--json",
    )  # fmt: skip
    entry = json.loads(done.stdout)
    assert entry["published"] == "2012-07-15T16:04:00Z"
    assert (entry["title"], entry["body"], entry["author"]) == ("Titre", "Corps.", "Ana")
    assert (entry["tags"], entry["key"], entry["pinned"]) == (["Damas", "ONU"], True, True)
    assert (entry["verification"], entry["lang"]) == ("unconfirmed", "en")
    assert entry["sources"] == [
        {"name": "OSDH", "url": "https://www.syriahr.com/"}, {"name": "Un témoin"},
    ]  # fmt: skip
    assert entry["figures"] == [
        {"name": "Morts (OSDH)", "value": 1005, "unit": "personnes", "source": "OSDH"},
        {"name": "Taux", "value": 1.5, "unit": "%"},
    ]
    media = entry["media"][0]
    assert (media["alt"], media["caption"], media["width"]) == ("Un point", "Légende", 1)
    assert (folder / "entries" / "media" / media["path"]).exists()
    other = french("post", "Autre.", "--idempotency-key", "k1", "--at", "2012-07-15T18:05+02:00")
    assert other.returncode == 2
    assert entry["id"] in other.stderr
    assert "-- Yours --\nAutre." in other.stderr


def test_edit_changes_only_what_is_given(french: Run) -> None:
    """And keeps every revision; a minor one leaves ``updated`` alone."""
    entry = json.loads(french("post", "Un.", "--tag", "a", "--at", "2012-07-15", "--json").stdout)
    minor = json.loads(french("edit", entry["id"], "--title", "T", "--minor", "--json").stdout)
    assert minor["updated"] == entry["updated"]
    assert (minor["tags"], minor["body"], minor["title"]) == (["a"], "Un.", "T")
    french("edit", entry["id"], "Deux.", "--note", "Le bilan était faux.", "--confirmed")
    history = french("show", entry["id"], "--history").stdout
    for text in ("revision 1", "revision 3", "Le bilan était faux.", "-Un.", "+Deux."):
        assert text in history
    cleared = json.loads(french("edit", entry["id"], "--tag", "", "--json").stdout)
    assert (cleared["tags"], cleared["body"]) == ([], "Deux.")
    assert french("edit", entry["id"], "Trois.", "--expect", "1").returncode == 1
    assert french("edit", entry["id"], "Deux.").returncode == 2


def test_log_lists_what_is_asked(french: Run, folder: Path) -> None:
    """By period, tag and key; the newest first; the last twenty unless a period is named."""
    blog = Blog(folder)
    for number in range(25):
        at = blog.moment(f"2012-07-15 10:{number:02}")
        tags = ["Damas" if number % 2 else "Alep"]
        blog.post(f"Numéro {number}", at=at, key=number == 3, tags=tags)
    french("post", "Le lendemain", "--at", "2012-07-16 10:00")
    assert len(french("log").stdout.splitlines()) == 20
    assert french("log").stdout.splitlines()[0].endswith("Le lendemain")
    assert len(french("log", "2012-07-15").stdout.splitlines()) == 25
    assert len(french("log", "2012-W28", "--tag", "damas").stdout.splitlines()) == 12
    assert "Numéro 3" in french("log", "--key").stdout


def test_digest_filters(french: Run) -> None:
    """Key entries only, or one tag, on request."""
    french("post", "Petit.", "--tag", "Alep", "--at", "2012-07-16 09:00")
    french("post", "Grand.", "--key", "--tag", "Damas", "--at", "2012-07-17 09:00")
    assert "Petit" not in french("digest", "2012-W29", "--key").stdout
    assert "Grand" not in french("digest", "2012-W29", "--tag", "alep").stdout
    whole = french("digest", "2012-07-16..2012-07-17").stdout
    assert whole.index("Lundi 16 juillet") < whole.index("Petit") < whole.index("Mardi 17 juillet")


def test_end_and_resume(french: Run) -> None:
    """The coverage ends, and goes on."""
    assert french("resume").returncode == 2
    assert french("end").returncode == 0
    assert french("resume").returncode == 0


@pytest.mark.parametrize(
    "figure",
    ["Morts=", "Morts= personnes", "Morts=nan", "Morts=inf", "Morts=1e400", "Morts=" + "9" * 31,
     "Morts=" + "9" * 400, "Morts=" + "9" * 5_000, "Morts=-" + "9" * 5_000 + ",5", "=5",
     "Morts=0x10", "Morts=1_000", "Morts=18:30", "Morts=1.000.000", "Morts=5/10", "Morts=1e+9"],
)  # fmt: skip
def test_a_figure_is_a_number_of_which_there_is_something_to_tell(
    french: Run, folder: Path, figure: str
) -> None:
    """None is made of nothing, and none is larger than what every reader can hold."""
    done = french("post", "Bilan.", "--figure", figure)
    assert done.returncode == 2, done
    assert "figure" in done.stderr
    assert not list((folder / "entries").rglob("*.jsonl"))


@pytest.mark.parametrize(
    "words",
    [
        ("digest", "0999-12-31"), ("digest", "9001-01-01"), ("digest", "0001-W01"),
        ("digest", "9999-W52"), ("digest", "9000-12-31..9001-01-01"), ("log", "0001-01-01"),
        ("log", "12012-07-15"), ("send", "9999-12-31"), ("post", "x", "--at", "12012-01-01"),
        ("post", "x", "--at", "0999-01-01"), ("post", "x", "--at", "9999-12-31", "--schedule"),
        ("post", "x", "--at", "0000-01-01"), ("end", "--at", "9999-12-31T23:59:59Z"),
        ("post", "x", "--at", "1.1.0001"), ("export", "9999-12-31", "--format", "html"),
        ("post", "x", "--at", "0001-01-01T00:00+14:00"), ("digest", "0500-01-01", "--edit"),
    ],
)  # fmt: skip
def test_a_date_lies_between_the_years_1000_and_9000(
    french: Run, folder: Path, words: tuple[str, ...]
) -> None:
    """Whatever command takes it, and in whatever form."""
    path = folder / "liveblog.toml"
    path.write_text(
        path.read_text("utf-8") + "[mail]\nserver = 'localhost'\nsecurity = 'none'\n"
        "sender = 'a@b.example'\nto = ['a@b.example']\n"
    )
    done = french(*words)
    assert done.returncode == 2, done
    assert done.stderr.startswith("Error: ")
    assert not list((folder / "entries").rglob("*.jsonl"))
