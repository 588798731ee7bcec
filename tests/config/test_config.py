"""The settings: every mistake is named with its place and its hint, and ``init`` is for once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog, config
from liveblog.config import checks, loading, schema, writing
from liveblog.model.errors import ConfigError, InvalidInput, LiveblogError

from ..conftest import Clock

VALID = """\
title = "Une semaine"
url = "https://example.org/semaine/"
id = "tag:example.org,2012-07-15:semaine"
"""


def written(folder: Path, text: str | bytes) -> Path:
    """Write a configuration file and return its path."""
    path = folder / config.FILE_NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path) -> ConfigError:
    """Return the error with which a file is refused."""
    with pytest.raises(ConfigError) as refused:
        config.load(path)
    return refused.value


# -- reading ---------------------------------------------------------------------------------------


def test_the_least_that_a_file_must_say(tmp_path: Path) -> None:
    """Title, url and id; the rest has defaults."""
    found = config.load(written(tmp_path, VALID))
    assert (found.title, found.language, found.timezone) == ("Une semaine", "en", "UTC")
    assert (found.first_weekday, found.feeds.entries) == (0, 50)
    assert found.zone == ZoneInfo("UTC")


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Each key arrives where the product looks for it."""
    text = VALID + (
        'language = "ar-SY"\ntimezone = "Asia/Damascus"\ndescription = "Jour par jour"\n'
        'author = "La rédaction"\nweek_starts = "saturday"\n[feeds]\nentries = 500\n'
    )
    found = config.load(written(tmp_path, text))
    assert found.zone == ZoneInfo("Asia/Damascus")
    assert (found.language, found.author) == ("ar-SY", "La rédaction")
    assert (found.first_weekday, found.feeds.entries) == (5, 500)


MAIL = VALID + '[mail]\nserver = "mail.example.org"\nsender = "Le direct <d@example.org>"\n'

MISTAKES: list[tuple[str, str | bytes, list[str], str]] = [
    ("typo in a key", VALID + 'langage = "fr"\n', ["line 4", "'langage'"], "mean 'language'?"),
    ("unknown key", VALID + "xyzzy = 1\n", ["line 4", "'xyzzy'"], "Known keys: title, url, id"),
    (
        "typo in a table's key",
        VALID + "[feeds]\nentires = 5\n",
        ["line 5", "'feeds.entires'"],
        "mean 'entries'?",
    ),
    (
        "a key of the file in its table",
        VALID + '[feeds]\ntitle = "x"\n',
        ["line 5", "'feeds.title'"],
        "entries",
    ),
    (
        "typo in the zone",
        VALID + 'timezone = "Europe/Pariss"\n',
        ["line 4", "timezone", "'Europe/Pariss' is not a time zone"],
        "mean 'Europe/Paris'?",
    ),
    ("no zone at all", VALID + 'timezone = "??"\n', ["line 4"], "like Europe/Paris"),
    (
        "unknown language",
        VALID + 'language = "tlh"\n',
        ["line 4", "language", "'tlh'"],
        "ar, de, en, es, fr",
    ),
    (
        "language written as a locale",
        VALID + 'language = "fr_FR"\n',
        ["line 4", "'fr_FR'"],
        "region such as en-GB",
    ),
    (
        "typo in the weekday",
        VALID + 'week_starts = "sonday"\n',
        ["line 4", "'sonday' is not a weekday"],
        "Did you mean '",
    ),
    (
        "weekday with a capital",
        VALID + 'week_starts = "Sunday"\n',
        ["line 4", "'Sunday'"],
        "mean 'sunday'?",
    ),
    ("no weekday", VALID + 'week_starts = "0"\n', ["line 4"], "Choose one of monday, tuesday"),
    (
        "url without a slash",
        VALID.replace("semaine/", "semaine"),
        ["line 2", "does not end in a slash"],
        "Write https://example.org/semaine/.",
    ),
    (
        "url without a scheme",
        VALID.replace("https://", ""),
        ["line 2", "is not the address of a site"],
        "https://example.org/blog/",
    ),
    (
        "url with a query",
        VALID.replace("semaine/", "?a=b/"),
        ["line 2", "is not the address of a site"],
        "https://example.org/blog/",
    ),
    (
        "url with an accent",
        VALID.replace("example.org/s", "example.org/é"),
        ["line 2", "holds a character that is not allowed in a URL"],
        "Percent-encode it",
    ),
    (
        "url with half an IPv6 address",
        VALID.replace("https://example.org", "https://[::1"),
        ["line 2", "is not the address of a site"],
        "https://example.org/blog/",
    ),
    (
        "id that is no tag URI",
        VALID.replace("tag:", "urn:"),
        ["line 3", "is not a tag: URI"],
        "tag:example.org,2012-07-15:name",
    ),
    ("empty title", VALID.replace("Une semaine", " "), ["line 1", "title"], "Write title ="),
    ("missing title", VALID.partition("\n")[2], ["title"], "title"),
    ("missing url", VALID.replace("url =", "# url ="), ["url"], "url"),
    ("missing id", VALID.replace("id =", "# id ="), ["`id`"], "id"),
    ("wrong type", VALID + "author = 5\n", ["'author'", "`str`", "`int`"], "author"),
    ("wrong type in a table", VALID + '[feeds]\nentries = "5"\n', ["'feeds.entries'"], "entries"),
    ("a value for a table", VALID + "feeds = 5\n", ["'feeds'"], "feeds"),
    ("no entries", VALID + "[feeds]\nentries = 0\n", ["feeds.entries: 0 is out"], "from 1 to 500"),
    (
        "too many",
        VALID + "[feeds]\nentries = 501\n",
        ["feeds.entries: 501 is out"],
        "from 1 to 500",
    ),
    (
        "a password in the file",
        MAIL + 'password = "secret"\n',
        ["line 7", "a password does not belong here"],
        "LIVEBLOG_SMTP_PASSWORD",
    ),
    ("typo in mail", MAIL + "weeky = true\n", ["line 7", "'mail.weeky'"], "mean 'weekly'?"),
    ("mail without a server", VALID + "[mail]\nsender = 'a@b.org'\n", ["line 4"], "server ="),
    ("mail without a sender", VALID + "[mail]\nserver = 'localhost'\n", ["line 4"], "sender ="),
    (
        "mail server with its port",
        MAIL.replace('e.org"\ns', 'e.org:25"\ns'),
        ["line 5", "mail.server", "'mail.example.org:25'"],
        "port has a key",
    ),
    ("no such port", MAIL + "port = 70000\n", ["line 7", "mail.port", "70000"], "65535"),
    (
        "mail in the clear",
        MAIL + 'security = "none"\n',
        ["line 7", "mail.security", "unencrypted"],
        "allow_cleartext",
    ),
    ("unknown security", MAIL + 'security = "ssl"\n', ["'mail.security'", "'ssl'"], "mail"),
    (
        "sender without an address",
        MAIL.replace(" <d@example.org>", ""),
        ["line 6", "mail.sender", "'Le direct'"],
        "<blog@example.org>",
    ),
    (
        "sender with a line of its own",
        MAIL.replace("Le direct", "Le direct\\r\\nBcc: eve@example.org\\r\\n"),
        ["line 6", "mail.sender", "Le direct\\x0d\\x0aBcc"],
        "<blog@example.org>",
    ),
    (
        "sender with a line separator",
        MAIL.replace("Le direct", "Le direct\u2028Bcc: eve@example.org "),
        ["line 6", "mail.sender", "\\x2028"],
        "<blog@example.org>",
    ),
    (
        "no address",
        MAIL + 'to = ["anna@example.org", "bob"]\n',
        ["line 7", "mail.to", "'bob'"],
        "anna@example.org",
    ),
    (
        "several addresses in one",
        MAIL + 'to = ["anna@example.org, bob@example.org"]\n',
        ["line 7", "mail.to"],
        "anna@example.org",
    ),
    ("one address", MAIL + 'to = "anna@example.org"\n', ["'mail.to'", "array"], "mail.to"),
    ("no domain", MAIL + 'to = ["a@-ü-.org"]\n', ["line 7", "'-ü-.org'"], "how it is written"),
    (
        "no list id",
        MAIL + 'list_id = "<digest@example.org>"\n',
        ["line 7", "mail.list_id"],
        "digest.blog.example.org",
    ),
    (
        "unsubscribing in the clear",
        MAIL + 'unsubscribe = ["http://example.org/"]\n',
        ["line 7", "mail.unsubscribe", "http://example.org/"],
        "ASCII",
    ),
    (
        "unsubscribing into another header",
        MAIL + 'unsubscribe = ["https://example.org/>,\\r\\nBcc: <eve@example.org"]\n',
        ["line 7", "mail.unsubscribe"],
        "ASCII",
    ),
    (
        "one click at no address",
        MAIL + 'unsubscribe = ["mailto:a@b.org"]\nunsubscribe_one_click = true\n',
        ["line 8", "mail.unsubscribe_one_click"],
        "takes the POST",
    ),
    ("not TOML", VALID + "language = fr\n", ["line 4", "column"], "https://toml.io"),
    ("a key twice", VALID + 'title = "x"\n', ["line 4"], "https://toml.io"),
    (
        "not UTF-8",
        VALID.encode() + 'author = "Zoé"\n'.encode("latin-1"),
        ["line 4", "not UTF-8"],
        "Save it as UTF-8",
    ),
]


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [pytest.param(*rest, id=name) for name, *rest in MISTAKES],
)
def test_a_mistake_is_reported_with_its_location_and_a_hint(
    text: str | bytes, said: list[str], hint: str, tmp_path: Path
) -> None:
    """The message has the file and the line or key, the hint what to write instead."""
    path = written(tmp_path, text)
    error = refusal(path)
    assert str(path) in error.message
    for words in said:
        assert words in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    "more",
    [
        'security = "tls"\nport = 465\nusername = "blog"\n',
        'security = "none"\nallow_cleartext = true\n',
        'to = ["anna@bücher.example", "zoé@example.org"]\nlist_id = "d.example.org"\n',
        'unsubscribe = ["mailto:a@b.org?subject=leave", "https://b.org/?id=1"]\n'
        "unsubscribe_one_click = true\ndaily = false\n",
    ],
)
def test_mail_is_set_up_in_a_table_of_its_own(more: str, tmp_path: Path) -> None:
    """Addresses in any letters, several ways to leave, encryption unless the contrary is meant."""
    found = config.load(written(tmp_path, MAIL + more)).mail
    assert (found.server, found.weekly) == ("mail.example.org", True)
    assert checks.parse_sender(found.sender) == ("Le direct", "d@example.org")
    assert (found.security == "none") == found.allow_cleartext


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_mail_to_this_machine_may_go_in_the_clear(host: str, tmp_path: Path) -> None:
    """Nobody listens on the way."""
    text = MAIL.replace("mail.example.org", host) + 'security = "none"\n'
    assert config.load(written(tmp_path, text)).mail.server == host


def test_a_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    """With the operating system's reason."""
    path = tmp_path / config.FILE_NAME
    path.mkdir()
    assert f"Cannot read {path}" in refusal(path).message


# -- finding ---------------------------------------------------------------------------------------


def test_the_nearest_file_upwards_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder deep below, and the nearer of two."""
    monkeypatch.delenv(loading.ENVIRONMENT, raising=False)
    outer = written(tmp_path, VALID)
    inner_folder = tmp_path / "a" / "b"
    (inner_folder / "c").mkdir(parents=True)
    assert config.find(inner_folder / "c") == outer
    inner = written(inner_folder, VALID)
    assert config.find(inner_folder / "c") == inner
    assert config.find(tmp_path / "a") == outer


def test_what_is_named_goes_before_the_environment_and_this_before_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--config`` over ``LIVEBLOG_CONFIG`` over the folders; each may name a file or a folder."""
    folders = [tmp_path / name for name in ("given", "environment", "here")]
    for folder in folders:
        folder.mkdir()
    given_path, environment, here = (written(folder, VALID) for folder in folders)
    monkeypatch.setenv(loading.ENVIRONMENT, str(environment))
    assert config.find(folders[2], str(given_path)) == given_path
    assert config.find(folders[2], str(folders[0])) == given_path
    assert config.find(folders[2]) == environment
    monkeypatch.setenv(loading.ENVIRONMENT, str(folders[1]))
    assert config.find(folders[2]) == environment
    monkeypatch.delenv(loading.ENVIRONMENT)
    assert config.find(folders[2]) == here


def test_where_nothing_is_found_the_error_says_how_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the named file is not there: no other is taken instead."""
    monkeypatch.delenv(loading.ENVIRONMENT, raising=False)
    with pytest.raises(ConfigError, match=r"There is no liveblog\.toml in") as refused:
        config.find(tmp_path)
    assert "liveblog init" in refused.value.hint
    written(tmp_path, VALID)
    with pytest.raises(ConfigError, match="There is no configuration at") as refused:
        config.find(tmp_path, str(tmp_path / "other.toml"))
    assert loading.ENVIRONMENT in refused.value.hint


# -- making ----------------------------------------------------------------------------------------

AWKWARD = [
    'Il dit « "non" »',
    "back\\slash \\n \\u0041",
    "{title} % %s {0}",
    "é ü ñ دمشق 👍🏽",
    "a # no comment",
    "tab\there",
    "'''\"\"\"",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_what_init_writes_is_read_back_the_same(text: str, new_blog: Callable[..., Blog]) -> None:
    """Quotes, backslashes, accents, braces: a value survives as it was given."""
    blog = new_blog(title=text, author=text, description=text)
    assert (blog.config.title, blog.config.author, blog.config.description) == (text,) * 3


@given(st.text(max_size=30), st.text(max_size=30))
def test_init_writes_what_can_be_read_or_refuses(title: str, author: str) -> None:
    """Whatever the text, the file is whole TOML and says what was given."""
    with TemporaryDirectory() as folder:
        try:
            path = writing.create(
                Path(folder),
                title=title,
                url="https://example.org/",
                language="fr",
                timezone="Europe/Paris",
                author=author,
                description="",
                now=Clock().now,
            )
        except LiveblogError:
            assert not list(Path(folder).iterdir())
            return
        read = tomllib.loads(path.read_bytes().decode())
    assert (read["title"], read["author"]) == (title.strip(), author.strip())


def test_a_second_init_changes_no_byte(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """It opens the blog that is there, whatever it is told."""
    first = new_blog()
    first.post("Un.")
    before = {p: p.read_bytes() for p in first.paths.root.rglob("*") if p.is_file()}
    clock.go(days=400)
    second = new_blog(title="Autre", language="de", timezone="Asia/Tokyo", url="https://b.example/")
    assert second.config == first.config
    assert {p: p.read_bytes() for p in first.paths.root.rglob("*") if p.is_file()} == before


def test_init_leaves_what_is_in_the_folder(tmp_path: Path, clock: Clock) -> None:
    """A .gitignore that was there stays as it was."""
    (tmp_path / ".gitignore").write_text("mine\n")
    Blog.init(tmp_path, title="x", clock=clock)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"title": ""}, "needs a title"),
        ({"title": "un\ndeux"}, "of one line"),
        ({"title": "a\x07"}, "U\\+0007"),
        ({"description": "un\ndeux"}, "spans several lines"),
        ({"language": "tlh"}, "not a language of liveblog"),
        ({"timezone": "Mars/Olympus"}, "not a time zone"),
        ({"url": "ftp://example.org/"}, "not the address of a site"),
        ({"url": "https://[::1/"}, "not the address of a site"),
    ],
)
def test_init_writes_nothing_for_what_cannot_be(
    settings: dict[str, Any], message: str, new_blog: Callable[..., Blog], tmp_path: Path
) -> None:
    """The folder is not even made."""
    with pytest.raises((ConfigError, InvalidInput), match=message):
        new_blog(**settings)
    assert not (tmp_path / "blog").exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/semaine/", "tag:example.org,2012-07-15:semaine"),
        ("https://example.org", "tag:example.org,2012-07-15:liveblog"),
        ("https://example.org/a/b%20c/", "tag:example.org,2012-07-15:a-b-20c"),
        ("http://localhost:8000/", "tag:localhost,2012-07-15:liveblog"),
    ],
)
def test_a_new_blog_names_itself_after_its_first_address_and_day(
    url: str, expected: str, new_blog: Callable[..., Blog]
) -> None:
    """A tag: URI (RFC 4151), which no later setting touches."""
    assert new_blog(url=url).config.id == expected


@pytest.mark.parametrize("url", ["http://[::1]:8000/", "http://127.0.0.1:8000/", "http://a_b/"])
def test_a_new_blog_can_be_opened_wherever_it_is_served(
    url: str, new_blog: Callable[..., Blog]
) -> None:
    """An address of numbers makes an id that is a tag: URI too."""
    checks.check_id(new_blog(url=url).config.id)


# -- whatever somebody writes ----------------------------------------------------------------------

HOSTILE = [
    "", " ", "x" * 100_000, "م" * 5_000, "a\nb", "a\rb", "\x1b[2J", "\ufdd0", "\u202e", "\\", '"',
    "http://[::1", "https://example.org:99999999/", "https://" + "a" * 300 + ".org/", "../../etc",
    "https://example.org/?a#b", "//evil.example", "javascript:alert(1)", "Europe", "12:60",
    "monday", "tag:" + "a" * 90_000 + ",2012:x", "a@b", "<a@b>", f"{'n' * 5_000} <a@b.example>",
    f"a@{'b' * 200}.example", "é@é.example", "a" * 64 + ".b", "https://ex ample.org/",
]  # fmt: skip

TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -1, 0, 70_000])
VALUES = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)


def as_toml(value: Any) -> str:
    """Write a value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(c):08x}" if ord(c) < 32 or c in '"\\\x7f' else c for c in value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{as_toml(name)} = {as_toml(inner)}" for name, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


TABLES: dict[str, Any] = {
    "": schema.Config,
    "feeds": schema.FeedConfig,
    "server": schema.ServerConfig,
    "schedule": schema.ScheduleConfig,
    "mail": schema.MailConfig,
    "websub": schema.WebSubConfig,
    "chat.team": schema.ChatConfig,
}
KEYS = [(table, key) for table, kind in TABLES.items() for key in kind.__struct_fields__]


def with_value(table: str, key: str, value: Any) -> str:
    """Return a configuration with one value; it stands for the one that is there already."""
    base = dict(line.split(" = ", 1) for line in VALID.strip().split("\n"))
    if not table:
        base[key] = as_toml(value)
    top = "".join(f"{name} = {text}\n" for name, text in base.items())
    return top + (f"[{table}]\n{key} = {as_toml(value)}\n" if table else "")


def taken(path: Path) -> schema.Config | None:
    """Return a configuration; None for one that is refused with its place, in few words."""
    try:
        return config.load(path)
    except ConfigError as refused:
        error = refused
    assert str(path) in error.message
    assert len(error.message) < 2_000
    assert error.hint
    return None


@given(st.sampled_from(KEYS), VALUES)
def test_any_value_is_taken_or_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, key: tuple[str, str], value: Any
) -> None:
    """No value of any kind or length is a traceback; what is taken can be used."""
    path = written(tmp_path_factory.mktemp("blog"), with_value(*key, value))
    if found := taken(path):
        assert found.closing
        assert found.zone
        assert not found.mail.sender or checks.parse_sender(found.mail.sender)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "key"), KEYS, ids=[".".join(key) for key in KEYS])
def test_every_text_of_every_key_is_taken_or_refused(tmp_path: Path, table: str, key: str) -> None:
    """Alone, in a list and in a table, as the key has it."""
    for value in HOSTILE:
        for shaped in (value, [value], {value: value}):
            path = written(tmp_path, with_value(table, key, shaped))
            if found := taken(path):
                assert found.closing


@pytest.mark.parametrize("key", ["title", "url", "id", "language", "timezone", "week_starts"])
def test_what_must_say_something_cannot_be_empty(tmp_path: Path, key: str) -> None:
    """An empty zone would break the first page that is made."""
    assert f": {key}: " in refusal(written(tmp_path, with_value("", key, ""))).message


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "9" * 5_000, "x = 0000-00-00"])
def test_a_file_that_no_parser_takes_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever the parser itself makes of it."""
    assert "toml.io" in refusal(written(tmp_path, text)).hint


SETTINGS = st.fixed_dictionaries(
    {"title": TEXTS},
    optional=dict.fromkeys(("language", "timezone", "url", "author", "description"), TEXTS),
)


@given(SETTINGS)
def test_what_init_takes_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, given: dict[str, str]
) -> None:
    """A blog that was made opens; one that was refused was not begun."""
    folder = tmp_path_factory.mktemp("blog") / "new"
    try:
        blog = Blog.init(folder, clock=Clock(), **given)
    except (ConfigError, InvalidInput):
        assert not folder.exists()
        return
    assert Blog(folder).config == blog.config


@pytest.mark.parametrize("value", [f"/tmp/{'a' * 5_000}", "/dev/null/x", "/proc/self/mem/x"])
def test_a_location_that_cannot_be_read_is_reported(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by --config, by the environment, or as a folder."""
    with pytest.raises(ConfigError):
        config.find(Path("."), value)
    with pytest.raises(ConfigError):
        config.find(Path(value))
    monkeypatch.setenv(loading.ENVIRONMENT, value)
    with pytest.raises(ConfigError):
        config.find(Path("."))


def test_links_in_a_circle_are_no_configuration(tmp_path: Path) -> None:
    """Nor is a folder that is gone."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ConfigError):
        config.find(tmp_path / "a")
    with pytest.raises(ConfigError):
        config.find(tmp_path, str(tmp_path / "a"))
