"""Every command with every kind of argument: done, failed or refused, and never a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveblog import Blog, cli
from liveblog.model.entry import Figure, Source

from ..command import Done, run
from ..conftest import Clock, begun, tries

DATES = [
    "today",
    "0000-01-01",
    "0001-01-01",
    "0999-12-31",
    "1000-01-01",
    "1000-01-02",
    "9000-12-31",
    "9001-01-01",
    "9999-12-31",
    "9999-12-30T10:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "12012-07-15",
    "0001-01-01T00:00+14:00",
    "2012-W29",
    "0000-W01",
    "0001-W01",
    "9999-W52",
    "1000-W01",
    "9000-W53",
    "2012-02-30",
    "1.1.0000",
    "31.12.9999",
    "99999999999999 days ago",
    "1 min ago",
    "2012-07-15..2012-07-16",
    "0001-01-01..9999-12-31",
    "1000-01-01..1000-01-03",
    "..",
    "last-week",
    "2012-07-15..",
    "31 december 9999",
    "1 january 0001",
    "29 february",
    "1000-01-01..1009-12-31",
    "2012-W28..2012-W29",
    "yesterday",
    "18:30",
    "25:99",
    "coverage",
    "²-¹-³",
    "9999-365",
    "9999W527",
]
FIGURES = [
    "Dead=",
    "Dead= people",
    "Dead=1e400",
    "Dead=nan",
    "Dead=inf",
    "Dead=-inf",
    f"Dead={'9' * 400}",
    f"Dead={'9' * 5_000}",
    f"Dead=0.{'9' * 5_000}",
    "Dead=12,5",
    "=5",
    "Dead=٣",
    "Dead=1_000",
    "a=-0",
    f"{'n' * 300}=1",
    f"a=1 {'u' * 300}",
    f"Dead=1{' 000' * 200}",
    "Dead=²",
    "Dead=0x10",
    "Dead=+5",
]
TEXTS = [
    "",
    " ",
    "x",
    "-",
    "--",
    "a\nb",
    "\x1b[2J",
    "\x85",
    "\ufdd0",
    "\udcff",
    "\ud800",
    "\u202e",
    "مدينة" * 60,
    "x" * 301,
    "x" * 20_001,
    "y" * 100_001,
    "م" * 150,
    "ﷺ" * 200,
    "!!!",
    "javascript:alert(1)",
    "🏳️‍🌈" * 50,
    "https://" + "a" * 4_000,
    "A source https://x/ y",
    "http://[::1",
    "en-" + "x" * 40,
    "a b=c",
    "#",
    "20120715-7k3m9qx2tb",
    "00000000-0000000000",
    "99991231-0000000000",
    "../../etc/x",
    "e\u0301" * 300,
    "a@b",
    "a@example.org",
    "' OR 1=1",
    '"',
    "NEAR(",
    "*",
    "liveblog-root:",
    "{{ 7 }}",
    "%s",
    "\\",
]
NUMBERS = ["0", "-1", "1", "999999999999999999999", "1e3", "9" * 5_000, "x", "", "٣", "1001"]
FILES = [
    "no/such/file",
    "/dev/null",
    "/dev/full",
    "/proc/self/mem",
    ".",
    "liveblog.toml",
    "entries",
    "n" * 300,
    "liveblog.toml/x",
    "a\nb.txt",
    "\udcff.jsonl",
    "chronicle.txt",
    "feed.xml",
]
# No device of this machine: a fault that replaced one would harm more than the test.
OUTPUTS = [
    "out",
    ".",
    "no/such/folder/x",
    "n" * 300,
    "liveblog.toml/x",
    "\udcff",
    "entries",
]

ANYTHING = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(DATES),
    st.sampled_from(FIGURES),
    # What a process can be given: no NUL.
    st.text(st.characters(min_codepoint=1, exclude_categories=[]), max_size=30),
)


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that comes to an end, with its words."""
    context = click.Context(cli.liveblog)
    for name in cli.COMMANDS:
        command = cli.liveblog.get_command(context, name)
        assert command
        if name in ("serve", "preview"):  # they run until they are stopped
            continue
        yield (name,), command
        for inner, part in getattr(command, "commands", {}).items():
            yield (name, inner), part


COMMANDS = dict(commands())


def values(words: tuple[str, ...], parameter: click.Parameter) -> st.SearchStrategy[str]:
    """Return what a parameter may be given: of its kind, and of any other."""
    name = parameter.name or ""
    if name == "output":
        return st.sampled_from(OUTPUTS)  # and nothing that this machine needs
    if name == "folder" and words == ("init",):
        return st.sampled_from(["new", ".", "n" * 300, "liveblog.toml", "\udcff", "a\nb", "ü"])
    if name == "sources" and words == ("import", "feed"):
        return st.sampled_from([*FILES, "http://127.0.0.1:9/", "http://[::1", "ftp://x/", ""])
    if isinstance(parameter.type, click.Path) or name in ("images", "media", "export", "folder"):
        return st.sampled_from(FILES)
    if isinstance(parameter.type, click.IntRange | click.types.IntParamType):
        return st.sampled_from(NUMBERS)
    if isinstance(parameter.type, click.Choice):
        return st.sampled_from([*map(str, parameter.type.choices), "x", ""])
    kinds = {"when": DATES, "at": DATES, "figures": FIGURES}
    own = st.sampled_from(kinds[name]) if name in kinds else st.sampled_from(TEXTS)
    return own | ANYTHING


ORDINARY = {
    "entry_id": "{id}", "when": "2012-07-15", "words": "fait", "text": "Un fait.", "why": "Faux.",
    "name": "Ana", "url": "https://example.org/", "form": "html", "keys": "mail x", "output": "out",
    "files": "chronicle.txt", "sources": "feed.xml", "folder": "new", "export": "feed.xml",
    "file": "feed.xml",
}  # fmt: skip
"""What an argument, and an option that is asked for, may well be; ``{id}`` is that of an entry."""


@st.composite
def calls(draw: st.DrawFn, words: tuple[str, ...]) -> list[str]:
    """Draw a call of a command: most of it ordinary, some of it not."""
    command = COMMANDS[words]
    given: list[str] = []
    behind: list[str] = []
    for parameter in command.params:
        is_odd = draw(st.sampled_from([True, False, False]))
        odd = values(words, parameter)
        ordinary = st.just(ORDINARY.get(parameter.name or "", ""))
        value = draw(odd if is_odd else ordinary)
        if isinstance(parameter, click.Argument):
            behind += [value] if is_odd or parameter.required else []
        elif "--debug" in parameter.opts or not (is_odd or parameter.required):
            continue
        else:
            assert isinstance(parameter, click.Option)
            given.append(draw(st.sampled_from([*parameter.opts, *parameter.secondary_opts])))
            if not parameter.is_flag:
                given.append(value)
            if parameter.name == "images":
                given += ["--alt", "Un point"]
    if words == ("schedule",):
        given.append("--once")  # alone it runs until it is stopped
    if words == ("export",):
        given += ["-o", draw(st.sampled_from(OUTPUTS))]
    separator = ["--"] if draw(st.booleans()) else []
    return [*words, *given, *separator, *behind]


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A blog with something in it, that sends mail to nobody who listens."""
    folder = tmp_path_factory.mktemp("arguments") / "deep" / "deeper" / "blog"
    clock = Clock()
    blog = begun(folder, clock, url="https://example.org/")
    path = folder / "liveblog.toml"
    mail = "[mail]\nserver = 'localhost'\nport = 9\nsecurity = 'none'\nsender = 'a@b.example'\n"
    path.write_text(f"{path.read_text('utf-8')}{mail}to = ['b@b.example']\n", "utf-8")
    blog = Blog(folder, clock=clock)
    blog.post(
        "Un fait.", tags=["un"], figures=[Figure("Morts", 5)], sources=[Source("A", "https://a/")]
    )
    blog.frame("2012-07-15", headline="Un jour")
    (folder / "chronicle.txt").write_text("Sunday 15 July 2012\n\n18:00 A fact.\n", "utf-8")
    (folder / "feed.xml").write_text("<rss version='2.0'><channel><item/></channel></rss>", "utf-8")
    return blog


def assert_clean(done: Done) -> None:
    """Fail if a command ended in any way but done, failed or refused with a reason."""
    assert done.returncode in (0, 1, 2), done
    assert "Traceback" not in done.stderr, done
    assert "inside liveblog" not in done.stderr, done
    assert "operating system refused" not in done.stderr, done  # what no room expected
    assert done.returncode != 2 or done.stderr, done


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=[" ".join(words) for words in COMMANDS])
@settings(
    tries(25, ci=100), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_no_argument_is_a_traceback(
    blog: Blog, words: tuple[str, ...], data: st.DataObject
) -> None:
    """Whatever a command is given, and together with what else."""
    drawn = data.draw(calls(words))
    if "{id}" in drawn:
        entry_id = blog.post("Un fait de plus.").id
        drawn = [word.replace("{id}", entry_id) for word in drawn]
    assert_clean(run(*drawn, cwd=blog.paths.root))


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("import", "text", "/dev/zero"), ""),
        (("import", "wordpress", "/dev/zero"), ""),
        (("import", "jsonl", "/dev/zero"), ""),
        (("import", "markdown", "/dev/zero"), ""),
        (("post", "x", "--alt", "x", "--image", "/dev/zero"), ""),
        (("post", "-"), "x" * 2_000_000),
        (("--config", "/dev/zero", "log"), ""),
        (("-C", "/dev/zero", "log"), ""),
    ],
)
def test_what_has_no_end_is_not_read_to_its_end(
    blog: Blog, words: tuple[str, ...], stdin: str
) -> None:
    """A device, or a program that never stops to write."""
    done = run(*words, stdin=stdin, cwd=blog.paths.root)
    assert done.returncode == 2, done
    assert "Error: " in done.stderr
