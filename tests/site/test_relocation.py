"""Moving: a blog's address or folder changes; ids stay, and readers find the way."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import feedparser
import pytest
from playwright.sync_api import expect

from liveblog import Blog
from liveblog.config.writing import at_address
from liveblog.model.errors import ConfigError
from liveblog.site.relocation import rules
from liveblog.web import Application
from liveblog.web.redirects import Redirects

from ..command import run
from ..conftest import Clock, LiveServer, begun, copied, live_server, needs, serving, site_bytes
from ..feeds.test_readers import run as run_reader
from ..pages.test_browser import page_of
from ..wire import fetch

pytestmark = pytest.mark.slow

OLD = "https://example.org/semaine/"
NEW = "https://direct.example.net/2012/"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """Two days, a tag in Arabic, a retraction, a removal; published."""
    clock = Clock()
    blog = begun(tmp_path_factory.mktemp("told") / "blog", clock)
    one = blog.post("Un fait.", tags=["Homs", "القدس"], key=True)
    two, three = blog.post("Faux."), blog.post("Un nom.")
    clock.go(days=8)
    blog.post("Un autre.", title="Titre & <b>", tags=["Homs"])
    blog.publish()
    blog.retract(two.id, why="Faux.")
    blog.remove(three.id)
    blog.edit(one.id, body="Un fait, corrigé.", note="Corrigé.")
    blog.publish()
    return blog


@pytest.fixture
def told(original: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """The same, to be moved at will."""
    return copied(original, tmp_path / "blog", clock)


def feed_ids(blog: Blog) -> dict[str, list[str]]:
    """Return the ids in each feed of a site: its own, and those of its entries."""
    found: dict[str, list[str]] = {}
    for path in sorted(blog.paths.site.rglob("*.*")):
        name = str(path.relative_to(blog.paths.site))
        if path.name in ("atom.xml", "rss.xml"):
            text = path.read_text("utf-8")
            found[name] = re.findall(r"<(?:id|guid[^>]*)>([^<]*)<", text)
            found[name] += re.findall(r'deleted-entry ref="([^"]*)"', text)
        elif path.name == "feed.json":
            found[name] = [item["id"] for item in json.loads(path.read_bytes())["items"]]
    return found


# -- the settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "moved_from", "after"),
    [
        (
            '# Ours.\ntitle = "x"\nurl = "http://a/"  # here\n\n[feeds]\nentries = 7 # few\n',
            ["http://a/"],
            '# Ours.\ntitle = "x"\nurl = "http://b/"  # here\nmoved_from = ["http://a/"]\n\n'
            "[feeds]\nentries = 7 # few\n",
        ),
        (
            "url   =  'http://a/'\r\ntitle = 'x'\r\n",
            ["http://a/"],
            "url   =  \"http://b/\"\r\nmoved_from = [\"http://a/\"]\r\ntitle = 'x'\r\n",
        ),
        ('url = "http://a/"', ["http://a/"], 'url = "http://b/"\nmoved_from = ["http://a/"]'),
        (
            'moved_from = [\n  "http://z/", # first\n]\nurl = "http://a/"\n# End.\n',
            ["http://z/", "http://a/"],
            'moved_from = ["http://z/", "http://a/"]\nurl = "http://b/"\n# End.\n',
        ),
        (
            'url = "http://a/"\nmoved_from = ["http://b/"]\ntitle = "x"\n',
            [],
            'url = "http://b/"\ntitle = "x"\n',
        ),
        ('title = """\nurl = 3"""\nurl = "http://b/"\n', [], 'title = """\nurl = 3"""\nurl = "http://b/"\n'),
    ],
)  # fmt: skip
def test_only_two_lines_of_the_settings_change(
    before: str, moved_from: list[str], after: str
) -> None:
    """Comments, order, line ends and every other byte stay."""
    assert at_address(before, "http://b/", moved_from) == after
    tomllib.loads(after)


@pytest.mark.parametrize(
    "text",
    [
        '"url" = "http://a/"\n',
        'url = """http://a/"""\n',
        'title = """\nurl = "x"\n"""\n"url" = "http://a/"\n',
        '[server]\nurl = "http://a/"\n',
    ],
)
def test_settings_that_cannot_be_changed_safely_are_left_to_their_author(text: str) -> None:
    """With the lines to write."""
    with pytest.raises(ConfigError, match="Cannot find the line") as refused:
        at_address(text, "http://b/", ["http://a/"])
    assert 'url = "http://b/" and moved_from = ["http://a/"]' in refused.value.hint


@pytest.mark.parametrize("url", ["b", "ftp://b/", "http://b/?x", "http://b/#x", "https:///x/"])
def test_what_is_no_address_changes_nothing(told: Blog, url: str) -> None:
    """Neither the settings nor the site."""
    before = site_bytes(told.paths.root)
    with pytest.raises(ConfigError):
        told.move(url)
    assert site_bytes(told.paths.root) == before


def test_an_earlier_address_must_be_one(told: Blog) -> None:
    """It is checked like the present one, and the line is named."""
    path = told.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + 'moved_from = ["example.org"]\n')
    with pytest.raises(ConfigError, match=r"line \d+: moved_from: 'example\.org' is not"):
        Blog(told.paths.root)


# -- the address -----------------------------------------------------------------------------------


def test_every_id_stays_and_every_address_changes(told: Blog) -> None:
    """In all feeds, digests and tags included; nothing on the site names the old address."""
    before = feed_ids(told)
    assert len(before) >= 15
    assert sum(map(len, before.values())) > 30
    moved = told.move(NEW)
    assert feed_ids(told) == before
    assert (moved.url, moved.before) == (NEW, (OLD,))
    for name, data in site_bytes(told.paths.site).items():
        assert OLD.encode() not in data, name
        assert b"example.org/semaine" not in data, name
    assert not told.check().faults


def test_it_is_the_same_as_if_it_had_always_been_there(told: Blog) -> None:
    """Published from nothing, the site has the same bytes."""
    told.move(NEW)
    moved = site_bytes(told.paths.site)
    shutil.rmtree(told.paths.site)
    shutil.rmtree(told.paths.derived)
    again = Blog(told.paths.root, clock=lambda: told.now)
    again.publish()
    assert site_bytes(again.paths.site) == moved


def test_a_second_move_leads_both_old_addresses_to_the_third(told: Blog) -> None:
    """No chain of redirects; and moving back forgets where the blog is."""
    told.move("https://b.example/")
    told.move(NEW)
    assert told.config.moved_from == (OLD, "https://b.example/")
    for folder in told.paths.redirects.iterdir():
        text = (folder / "_redirects").read_text()
        assert NEW in text
        assert "b.example" not in text
    again = told.move(NEW)
    assert again.before == (OLD, "https://b.example/")
    assert not again.report.written
    told.move(OLD)
    assert told.config.moved_from == ("https://b.example/", NEW)


def test_an_address_that_only_this_machine_knew_is_not_remembered(new_blog: Any) -> None:
    """Else a server behind a proxy would send its own requests away."""
    blog = new_blog(url="http://localhost:8000/")
    moved = blog.move(NEW.rstrip("/"))
    assert (blog.config.url, moved.before, blog.config.moved_from) == (NEW, (), ())
    assert not blog.paths.redirects.exists()


def test_the_settings_stay_a_link_and_as_private_as_they_were(told: Blog, tmp_path: Path) -> None:
    """A move changes what they say, not whose they are."""
    settings, elsewhere = told.paths.root / "liveblog.toml", tmp_path / "elsewhere.toml"
    settings.rename(elsewhere)
    elsewhere.chmod(0o660)
    settings.symlink_to(elsewhere)
    Blog(told.paths.root).move("https://example.net/")
    assert settings.is_symlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o660
    assert "https://example.net/" in elsewhere.read_text()


def test_the_command_moves_and_says_what_to_do(told: Blog) -> None:
    """For people and for programs."""
    root = str(told.paths.root)
    done = run("-C", root, "move", NEW)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"The blog is at {NEW} now" in done.stderr
    assert "README.txt" in done.stderr
    assert "serve" in done.stderr
    document = json.loads(run("-C", root, "move", NEW, "--json").stdout)
    assert (document["url"], document["moved_from"]) == (NEW, [OLD])
    (folder,) = document["folders"]
    assert NEW in (Path(folder) / "README.txt").read_text()
    assert run("-C", root, "move", "nowhere").returncode == 2


# -- the folder ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "gone"])
@pytest.mark.parametrize("way", [shutil.move, shutil.copytree], ids=["moved", "copied"])
def test_a_folder_that_moved_works_on(told: Blog, way: Callable[..., Any], is_kept: bool) -> None:
    """With .liveblog and without: the same site, nothing written, searching, posting, checking."""
    told.search("fait")
    token = told.tokens.new("Ana", "post", told.now)
    before = site_bytes(told.paths.site)
    target = told.paths.root.parent / "ailleurs" / "blog"
    target.parent.mkdir()
    way(told.paths.root, target)
    if way is not shutil.move:
        shutil.rmtree(told.paths.root)
    if not is_kept:
        shutil.rmtree(target / ".liveblog")
    blog = Blog(target, clock=lambda: told.now)
    report = blog.publish()
    assert (report.written, report.deleted) == ([], [])
    assert site_bytes(blog.paths.site) == before
    assert blog.search("fait").total == 1
    assert not blog.check().faults
    assert bool(blog.tokens.by_token(token)) == is_kept
    blog.post("Un fait de plus.")
    assert blog.publish().written
    assert blog.search("fait").total == 2


# -- what is put at the old address ----------------------------------------------------------------


def sent(pattern_line: str, path: str) -> str:
    """Return where a rule of Apache or nginx sends a path."""
    match = re.search(r'(?:RedirectMatch 301|rewrite) "(.*?)" "(.*?)"', pattern_line)
    assert match
    found = re.search(match[1], path)
    return match[2].replace("$1", found[1]) if found else ""


def redirected(lines: str, path: str) -> str:
    """Return where the rules of a ``_redirects`` file send a path: the first that fits."""
    for line in lines.splitlines():
        source, target, status = line.split()
        assert status == "301"
        if source.endswith("*") and path.startswith(source[:-1]):
            return target.replace(":splat", path[len(source) - 1 :])
        if path == source:
            return target
    return ""


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (OLD, NEW, {"/semaine/": "", "/semaine/2012/07/15/": "2012/07/15/",
                    "/semaine/daily/rss.xml": "daily/rss.xml", "/autre/": None}),
        ("https://a.example/", NEW, {"/": "", "/atom.xml": "atom.xml"}),
        ("https://a.example/", "https://a.example/blog/",
         {"/": "", "/atom.xml": "atom.xml", "/2012/07/15/": "2012/07/15/", "/blog/": None,
          "/blog/atom.xml": None}),
        ("https://a.example/a.b/", "https://a.example/", {"/a.b/x": "x", "/aXb/x": None}),
    ],
)  # fmt: skip
def test_rules_send_each_path_to_its_own(old: str, new: str, paths: dict[str, str | None]) -> None:
    """And leave others alone: the new address too, where it lies below the old one."""
    files = {n: data.decode() for n, data in rules(old, new, ["2012/", "atom.xml", "index.html"])}
    for path, rest in paths.items():
        wanted = "" if rest is None else new + rest
        assert redirected(files["_redirects"], path) == wanted, path
        assert sent(files[".htaccess"], path) == wanted, path
        assert sent(files["nginx.conf"], path) == wanted, path


class _Head(HTMLParser):
    """Gathers canonical and refresh."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("rel") == "canonical":
            self.found["canonical"] = values["href"]
        if values.get("http-equiv") == "refresh":
            self.found["refresh"] = values["content"].partition("url=")[2]
        if tag == "a":
            self.found["link"] = values["href"]


def test_each_page_leads_to_its_new_place(told: Blog) -> None:
    """By canonical, refresh and a link; every page of the site has one."""
    (folder,) = told.move(NEW).folders
    pages = folder / "pages"
    stand_ins = {str(p.relative_to(pages)) for p in pages.rglob("index.html")}
    assert stand_ins == {
        str(p.relative_to(told.paths.site)) for p in told.paths.site.rglob("index.html")
    }
    assert "2012/07/15/index.html" in stand_ins
    for name in stand_ins:
        head = _Head()
        head.feed((pages / name).read_text("utf-8"))
        target = head.found["canonical"]
        assert head.found == {"canonical": target, "refresh": target, "link": target}
        assert target.startswith(NEW)
        path = urllib.request.unquote(target.removeprefix(NEW))  # type: ignore[attr-defined]
        assert path + "index.html" == name
    assert NEW in (pages / "404.html").read_text()


def test_the_last_feed_says_where_it_went(told: Blog) -> None:
    """Its own id, its new rel=self, and one entry that a person reads; in all formats."""
    ids = {
        name: feedparser.parse(told.paths.site / name / "atom.xml").feed.id
        for name in (".", "daily", "weekly", "tags/homs", "tags/القدس")
    }
    (folder,) = told.move(NEW).folders
    for name, feed_id in ids.items():
        there = folder / "pages" / name
        base = NEW if name == "." else f"{NEW}{urllib.request.quote(name)}/"  # type: ignore[attr-defined]
        for kind in ("atom.xml", "rss.xml"):
            parsed = feedparser.parse((there / kind).read_bytes())
            assert not parsed.bozo
            (entry,) = parsed.entries
            assert entry.title == "Ce flux a changé d’adresse"
            assert f"{base}atom.xml" in (entry.get("content") or [entry])[0]["value"]
            own = [link.href for link in parsed.feed.links if link.rel == "self"]
            assert own == [base + kind]
        assert feedparser.parse((there / "atom.xml").read_bytes()).feed.id == feed_id
        document = json.loads((there / "feed.json").read_bytes())
        assert document["feed_url"] == f"{base}feed.json"
        assert len(document["items"]) == 1


def test_what_is_removed_leaves_what_is_for_earlier_addresses_too(told: Blog) -> None:
    """The name of a tag that only it had, in texts and in the names of files."""
    entry = told.post("Un secret.", tags=["Geheim", "Homs"])
    (moved,) = told.move(NEW).folders
    assert (moved / "pages/tags/geheim/atom.xml").exists()
    told.remove(entry.id, purge=True)
    told.publish()
    assert not [path for path in moved.rglob("*") if "geheim" in path.name]
    assert b"eheim" not in b"".join(site_bytes(moved).values())
    assert (moved / "pages/tags/homs/atom.xml").exists()


def test_a_browser_lands_on_the_same_update(browser: Any, tmp_path: Path) -> None:
    """From a host that knows no redirects."""
    folder, old = tmp_path / "blog", tmp_path / "old"
    old.mkdir()
    (folder / "feeds").mkdir(parents=True)
    with serving(folder / "feeds") as new_url, serving(old) as old_url:
        blog = Blog.init(folder, title="x", language="fr", url="https://old.example/")
        post = blog.post("Un fait.")
        blog.publish()
        (moved,) = blog.move(new_url).folders
        shutil.copytree(moved / "pages", old, dirs_exist_ok=True)
        path = f"{post.id[:4]}/{post.id[4:6]}/{post.id[6:8]}/{post.id[9:]}/"
        with page_of(browser) as page:
            page.goto(old_url + path)
            page.wait_for_url(new_url + path)
            expect(page.locator("article.entry")).to_contain_text("Un fait.")


# -- our own server --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A blog that was at another path, and at the same path of another host."""
    settings = (
        'moved_from = ["http://old.example/ancien/", "http://older.example/neuf/", '
        '"http://old.example/neuf/plus/bas/"]\n'
    )
    folder = tmp_path_factory.mktemp("moved") / "blog"
    with live_server(folder, path="/neuf/", settings=settings) as running:
        running.blog.post("Un fait.", tags=["القدس"])
        running.settled()
        yield running


@pytest.mark.parametrize(
    ("host", "path", "rest"),
    [
        ("", "ancien/", ""), ("", "ancien", ""), ("", "ancien/atom.xml", "atom.xml"),
        ("", "ancien/2012/07/15/?x=1&y=2", "2012/07/15/?x=1&y=2"),
        ("", "ancien/tags/%D8%A7%D9%84%D9%82%D8%AF%D8%B3/", "tags/%D8%A7%D9%84%D9%82%D8%AF%D8%B3/"),
        ("old.example", "ancien/daily/rss.xml", "daily/rss.xml"),
        ("older.example", "neuf/atom.xml", "atom.xml"), ("Older.Example:80", "neuf/", ""),
        ("", "neuf/plus/bas/live.json", "live.json"),
        ("", "ancien/a%0d%0aX-Evil:1", "a%0D%0AX-Evil%3A1"),
        ("", "ancien/%2e%2e//evil.example/", "..//evil.example/"),
    ],
)  # fmt: skip
def test_requests_for_an_old_address_are_sent_on(
    server: LiveServer, host: str, path: str, rest: str
) -> None:
    """301 to the same thing, its query kept; feeds included."""
    root = server.url.removesuffix("neuf/")
    answer = fetch(root, path, **({"Host": host} if host else {}))  # type: ignore[arg-type]
    assert (answer.status, answer["Location"]) == (301, server.url + rest)
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "X-Evil" not in answer.headers


def test_what_is_sent_keeps_its_method(server: LiveServer) -> None:
    """308 for a program that posts to the old address; HEAD is as GET."""
    root = server.url.removesuffix("neuf/")
    assert fetch(root, "ancien/api/entries", "POST", b"{}").status == 308
    assert fetch(root, "ancien/", "HEAD").status == 301


@pytest.mark.parametrize("host", ["", "old.example", "127.0.0.1", "new.example"])
def test_the_present_address_is_never_sent_away(server: LiveServer, host: str) -> None:
    """Whatever the Host header says, unless the blog was there on that host."""
    answer = fetch(server.url, "atom.xml", **({"Host": host} if host else {}))  # type: ignore[arg-type]
    assert answer.status == 200
    assert fetch(server.url.removesuffix("neuf/"), "autre/").status == 404


def test_a_reader_at_the_old_address_finds_the_feed(server: LiveServer) -> None:
    """With the ids that it knows."""
    root = server.url.removesuffix("neuf/")
    with urllib.request.urlopen(f"{root}ancien/atom.xml", timeout=10) as answer:
        assert answer.url == f"{server.url}atom.xml"
        parsed = feedparser.parse(answer.read())
    assert parsed.feed.id == server.blog.config.id
    assert len(parsed.entries) == 1


def target(moved: list[tuple[str, list[str]]], path: str, host: str) -> str:
    """Return where a request is sent on to, by blogs with their url and earlier ones."""
    configs = [SimpleNamespace(url=url, moved_from=earlier) for url, earlier in moved]
    scope = {"path": path, "query_string": b"", "headers": [(b"host", host.encode("latin-1"))]}
    served = ["/" + url.split("/", 3)[3] for url, _ in moved]
    current = max(filter(path.startswith, served), key=len, default=None)
    return Redirects(cast(Any, configs)).target(scope, current)


@pytest.mark.parametrize(
    ("moved", "path", "host", "wanted"),
    [
        # From the root to below it, and back.
        ([("http://a/b/", ["http://a/"])], "/x", "a", "http://a/b/x"),
        ([("http://a/b/", ["http://a/"])], "/b/x", "a", ""),
        ([("http://a/", ["http://a/b/"])], "/b/x", "a", "http://a/x"),
        ([("http://a/", ["http://a/b/"])], "/c", "a", ""),
        # Another host only.
        ([("http://a/", ["http://z/"])], "/x", "z", "http://a/x"),
        ([("http://a/", ["http://z/"])], "/x", "a", ""),
        ([("http://a/", ["http://z/"])], "/x", "127.0.0.1:8000", ""),
        ([("http://a/", ["http://z/"])], "/x", "[bad", ""),
        # Another scheme is the proxy's business: no loop.
        ([("https://a/", ["http://a/"])], "/x", "a", ""),
        # Where one blog was, another is now.
        ([("http://a/n/", ["http://a/o/"]), ("http://a/o/", [])], "/o/x", "a", ""),
        ([("http://a/n/", ["http://z/o/"]), ("http://a/o/", [])], "/o/x", "z", "http://a/n/x"),
    ],
)
def test_which_address_a_request_is_for(
    moved: list[tuple[str, list[str]]], path: str, host: str, wanted: str
) -> None:
    """The longest path counts, then the host; a blog that is served is never sent to itself."""
    assert target(moved, path, host) == wanted


def test_redirects_and_gone_hold_at_the_new_address(new_blog: Any) -> None:
    """The settings for single paths stay relative to the site: both may name what moved twice."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + 'gone = ["2011/"]\n[redirects]\n"vieux/" = "2012/"\n')
    blog = Blog(blog.paths.root)
    blog.move(NEW)
    assert blog.config.gone == ("2011/",)
    assert blog.config.redirects == {"vieux/": "2012/"}
    Application([blog])


def test_newsboat_keeps_what_it_has_after_a_move(tmp_path: Path) -> None:
    """Subscribed at the old address, it holds each entry once, before and after."""
    newsboat = needs("newsboat")
    home = tmp_path / "home"
    home.mkdir()
    with live_server(tmp_path / "blog", path="/ancien/") as server:
        server.blog.post("Un fait.", title="Un")
        server.settled()
        old, new = server.url, server.url.replace("ancien", "neuf")
        (home / "urls").write_text(f"{old}atom.xml\n")
        (home / "config").write_text("")
        words = ("-C", home / "config", "-u", home / "urls", "-c", home / "cache.db")
        run_reader(home, newsboat, *words, "-x", "reload")
        server.stop()
        path = server.blog.paths.root / "liveblog.toml"
        path.write_text(at_address(path.read_text(), new, [old]))
        server.blog, server.url = Blog(path.parent), new
        server.start()
        server.blog.post("Un autre.", title="Deux")
        server.settled()
        run_reader(home, newsboat, *words, "-x", "reload")
    db = sqlite3.connect(home / "cache.db")
    titles = [row[0] for row in db.execute("SELECT title FROM rss_item ORDER BY title")]
    db.close()
    assert titles == ["Deux", "Un"]
