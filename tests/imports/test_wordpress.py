"""WordPress exports: what readers saw comes in, whole and once; the rest is told."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from liveblog.http_client import Client
from liveblog.imports import Item, Picture, Problem, Update, Version
from liveblog.imports.fitting import fit
from liveblog.imports.html import to_markdown
from liveblog.imports.wordpress import Export
from liveblog.imports.wordpress.entries import remove_extras
from liveblog.imports.wordpress.texts import convert, paragraphs
from liveblog.imports.wordpress.wxr import TEXT_LIMIT
from liveblog.model.errors import InvalidInput, LiveblogError, Unreachable

from ..outside import Outside, outside, says

HERE = Path(__file__).parent / "wordpress"
NEWSROOM = HERE / "newsroom.xml"
LIVEBLOG = HERE / "liveblog.xml"
PARIS = ZoneInfo("Europe/Paris")

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>T</title><link>https://e.org</link><language>en</language>
<wp:wxr_version>1.2</wp:wxr_version>
"""
TAIL = "</channel></rss>"


def read(path: Path, **given: object) -> list[Item]:
    """Read an export into a blog of Paris, in English."""
    return list(Export(path, zone=PARIS, lang="en", **given).items())  # type: ignore[arg-type]


def updates(items: list[Item]) -> dict[str, Update]:
    """Return the updates by their keys, which must differ."""
    found = [item for item in items if isinstance(item, Update)]
    by_key = {update.key: update for update in found}
    assert len(by_key) == len(found)
    return by_key


def problems(items: list[Item]) -> list[str]:
    """Return the problems of an import."""
    return [item.what for item in items if isinstance(item, Problem)]


def post(content: str = "Text.", id_: str = "1", more: str = "", **fields: str) -> str:
    """Write an item of an export: by default a published post."""
    said = {
        "post_id": id_,
        "post_date": "2012-07-15 18:04:00",
        "post_date_gmt": "2012-07-15 16:04:00",
        "status": "publish",
        "post_type": "post",
    } | fields
    title = said.pop("title", "")
    inner = "".join(f"<wp:{name}>{text}</wp:{name}>" for name, text in said.items())
    return (
        f"<item><title>{title}</title><link>https://e.org/p/{id_}</link>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded>{inner}{more}</item>\n"
    )


def comment(id_: str, content: str, replaces: str = "", **fields: str) -> str:
    """Write an entry of the Liveblog plugin."""
    said = {
        "comment_id": id_,
        "comment_author": "Nora",
        "comment_date_gmt": "2012-07-15 16:04:00",
        "comment_content": f"<![CDATA[{content}]]>",
        "comment_approved": "liveblog",
        "comment_type": "liveblog",
    } | fields
    inner = "".join(f"<wp:{name}>{text}</wp:{name}>" for name, text in said.items())
    if replaces:
        inner += (
            "<wp:commentmeta><wp:meta_key>liveblog_replaces</wp:meta_key>"
            f"<wp:meta_value>{replaces}</wp:meta_value></wp:commentmeta>"
        )
    return f"<wp:comment>{inner}</wp:comment>"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write an export from its items."""

    def written(*items: str, head: str = HEAD, tail: str = TAIL) -> Path:
        path = tmp_path / "export.xml"
        path.write_text(head + "".join(items) + tail, "utf-8")
        return path

    return written


def only(path: Path) -> Version:
    """Return the only version of the only update."""
    (update,) = updates(read(path)).values()
    (version,) = update.versions
    return version


# -- posts -----------------------------------------------------------------------------------------


def test_a_post_is_imported_with_all_that_readers_saw() -> None:
    """Title, dates, author, topics, links, lists, films as links, pictures in their largest."""
    update = updates(read(NEWSROOM))["post 11"]
    (version,) = update.versions
    assert "11" in update.where
    assert version.title == "Ferries & fog: all crossings off"
    assert version.published.instant == datetime(2021, 2, 1, 7, 30, tzinfo=UTC)
    assert version.updated == datetime(2021, 2, 1, 12, 0, tzinfo=UTC)
    assert version.author == "Nora O’Dea"
    assert version.tags == ("Sea & weather", "ferries")
    assert version.pinned
    assert not version.lang
    assert version.body == (
        "Nothing leaves the **north quay** before noon. "
        "See [the timetable](https://gazette.example/timetable/).\n\n"
        "<https://video.example/watch?v=a&amp;t=3>\n\n"
        "<https://talk.example/status/9>\n\n"
        "- 08:00 cancelled\n- 09:30 cancelled"
    )
    assert [(p.name, p.alt, p.caption) for p in version.pictures] == [
        ("light-scaled.jpg", "", "The old light"),
        ("quay.jpg", "Ferries tied up in fog", "The north quay at seven"),
        ("queue.png", "Cars in a queue", ""),
    ]


def test_a_text_of_the_old_kind_keeps_its_lines_and_paragraphs() -> None:
    """An empty line parts paragraphs; shortcodes of WordPress's own show what they showed."""
    (version,) = updates(read(NEWSROOM))["post 12"].versions
    assert version.body == (
        "Stalls from six. The mayor \\[sic\\] came by bicycle.\\\nShe bought *two*\\\n*cod*.\n\n"
        "Prices:\n\n- cod, 8\n- eel, 12\n\n```\n  cod   8\n\n  eel  12\n```\n\n"
        "<https://video.example/market>\n\n"
        "Write \\[gallery\\] to show pictures.\n\n"
        "Kept words\n\n"
        "<https://talk.example/status/7>"
    )
    assert [(p.name, p.alt, p.caption) for p in version.pictures] == [
        ("stall-300x225.jpg", "A fish stall", "The best stall"),
        ("quay.jpg", 'The quay in "fog"', "The quay"),
        ("queue.png", "Cars in a queue", ""),
    ]


def test_several_authors_are_named() -> None:
    """As Co-Authors Plus keeps them: users of the blog, and guests."""
    (version,) = updates(read(NEWSROOM))["post 12"].versions
    assert version.author == "Nora O’Dea, Lee Hall"


def test_a_gallery_without_numbers_is_that_of_its_post() -> None:
    """It shows the pictures that were uploaded with the post, and no other file."""
    (version,) = updates(read(NEWSROOM))["post 13"].versions
    assert not version.body
    assert [p.name for p in version.pictures] == ["quay.jpg", "queue.png"]


def test_a_date_without_utc_is_one_of_the_blogs_zone() -> None:
    """And where there is neither, the feed's own date counts."""
    found = updates(read(NEWSROOM))
    assert found["post 12"].versions[0].published.instant == datetime(2011, 7, 16, 10, tzinfo=UTC)
    assert found["post 13"].versions[0].published.instant == datetime(2011, 8, 1, 10, tzinfo=UTC)


def test_what_readers_never_saw_is_not_imported_but_reported() -> None:
    """Drafts, private, protected and binned posts, pages, other kinds; comments are counted."""
    items = read(NEWSROOM)
    assert list(updates(items)) == ["post 11", "post 12", "post 13"]
    told = problems(items)
    for part in (
        "2 drafts were not imported: 'Harbour tax, first notes', 'Harbour tax, more notes'",
        "1 private post was not imported: 'For the staff'",
        "1 post with a password was not imported: 'Behind a word'",
        "1 post in the bin was not imported: 'Thrown away'",
        "1 page was not imported: 'About us'",
        "1 item of the kind 'recipe' was not imported: 'Fish soup'",
        "the terms of posts in the taxonomy 'district' are not imported",
        "2 comments of readers were not imported",
    ):
        assert part in told
    assert sum("text" in what for what in told) == 2
    assert len(told) == 10


def test_what_only_wordpress_could_show_is_named_with_its_post() -> None:
    """Unknown shortcodes, patterns, blocks that it fills in; their contents stay."""
    found = {i.where: i.what for i in read(NEWSROOM) if isinstance(i, Problem)}
    assert (
        "the shortcode [tides], the pattern 77"
        in found["post 11 'Ferries & fog: all crossings off'"]
    )
    assert "the shortcode [tabs], the shortcode [tab]" in found["post 12 'Market day'"]


def test_one_post_can_be_picked() -> None:
    """By its number, its name or its address, with what belongs to it; else its name is asked."""
    for name in ("12", "market-day", "http://gazette.example/2011/07/market-day"):
        items = read(NEWSROOM, post=name)
        assert list(updates(items)) == ["post 12"]
        assert len(problems(items)) == 1
    with pytest.raises(InvalidInput, match="no post '99'"):
        Export(NEWSROOM, zone=PARIS, post="99")
    with pytest.raises(InvalidInput, match="100 'Live: the storm reaches the harbour'"):
        Export(LIVEBLOG, zone=PARIS, post="99")


def test_reading_twice_says_the_same() -> None:
    """So a dry run reports the same as a real run, and a second import finds the first."""

    def told(items: list[Item]) -> list[object]:
        return [
            (i.key, [(v.body, v.published.instant, v.tags) for v in i.versions])
            if isinstance(i, Update)
            else i
            for i in items
        ]

    assert told(read(NEWSROOM)) == told(read(NEWSROOM))
    assert told(read(LIVEBLOG)) == told(read(LIVEBLOG))


def test_another_language_than_the_blogs_is_said(write: Callable[..., Path]) -> None:
    """``en-GB`` in an English blog is not."""
    path = write(post(), head=HEAD.replace(">en<", ">fr-FR<"))
    assert only(path).lang == "fr-FR"


def test_a_post_without_a_text_shows_its_excerpt(write: Callable[..., Path]) -> None:
    """Aggregators keep their text there."""
    assert only(write(post("", more="<excerpt:encoded>In short.</excerpt:encoded>"))).body == (
        "In short."
    )


# -- texts -----------------------------------------------------------------------------------------


def markdown(text: str) -> str:
    """Return a text of WordPress's as Markdown."""
    found = to_markdown(convert(text, lambda ids: f"<p>pictures {list(ids)}</p>").html)
    return re.sub(" +$", "", found, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a\\\nb"),
        ("a\r\n\r\nb", "a\n\nb"),
        ("a<br />\nb", "a\\\nb"),
        ("<b>a\n\nb</b>", "**a**\n\n**b**"),
        ("<p>a</p>\n\n<p>b</p>", "a\n\nb"),
        ("a\n<blockquote>b\n\nc</blockquote>\nd", "a\n\n> b\n>\n> c\n\nd"),
        ("<a\nhref='https://e.org'>a</a>\nb", "[a](https://e.org)\\\nb"),
        ("<table>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n</table>",
         "|  |  |\n| --- | --- |\n| a | b |"),
        ("<!-- wp:paragraph -->\n<p>a\nb</p>\n<!-- /wp:paragraph -->\n\nc\n\nd", "a b\n\nc\n\nd"),
        ("a<!--more-->b", "ab"),
        ("<!-- wp:my/chart {\"n\":1} /-->x", "x"),
        ("[caption id='a' caption='Old']x[/caption]", "x"),
        ("[caption]<img src='https://e.org/a.jpg' alt='A'> B[/caption]",
         "[A](https://e.org/a.jpg)\n\nB"),
        ("[gallery include='3, 4']", "pictures \\[3, 4\\]"),
        ("[gallery]", "pictures \\[\\]"),
        ("[video mp4='https://e.org/f.mp4'][/video] x", "[e.org](https://e.org/f.mp4)\n\nx"),
        ("[youtube https://e.org/w?v=1]", "<https://e.org/w?v=1>"),
        ("[video mp4='https://e.org/a'] b [video mp4='https://e.org/c'][/video]",
         "<https://e.org/a>\n\nb\n\n<https://e.org/c>"),
        ("a [sic] [Reuters, AP] [1] [a = b] [it's]",
         "a \\[sic\\] \\[Reuters, AP\\] \\[1\\] \\[a = b\\] \\[it's\\]"),
        ("[[gallery ids='1']] [x]y[/x]", "\\[gallery ids='1'\\] y"),
        ("[[x a=1] b", "\\[ b"),
        ("[/caption] [/x]", "\\[/caption\\] \\[/x\\]"),
    ],
)  # fmt: skip
def test_texts_of_every_age(text: str, expected: str) -> None:
    """Lines, blocks, shortcodes; a word in brackets is a word in brackets."""
    assert markdown(text) == expected


def test_a_picture_within_the_text_is_reported() -> None:
    """``data:`` addresses are nothing that could be fetched."""
    found = convert("a <img alt='x' src='data:image/png;base64,AAAA'>", lambda ids: "")
    assert found.missing == ["a picture that is written into the text"]


@given(st.text("[]/ab =\"'<>!-wp:\n1", max_size=60))
def test_no_text_of_brackets_and_signs_is_too_odd(text: str) -> None:
    """Whatever they are, they are read; the words outside of them stay."""
    assert markdown(f"first\n\n{text}\n\nlast").startswith("first")


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["[a x=1]", "[caption]", "[gallery '", "<pre>\n", "<!-- wp:a ", "<p\n", "[[a]", "\n \n"]
)
def test_time_grows_with_the_length_of_a_text(part: str) -> None:
    """A hundred thousand of anything is read at once, not in hours."""
    found = convert(part * 100_000, lambda ids: "")
    assert len(found.missing) < 5


@given(st.lists(st.sampled_from(["a", "b c", "", "<b>d</b>", "<li>e</li>"]), max_size=12))
def test_no_word_is_lost_between_lines(lines: list[str]) -> None:
    """However many are empty."""
    found = re.sub(r"<[^<>]*>", " ", paragraphs("\n".join(lines))).split()
    assert found == re.sub(r"<[^<>]*>", " ", " ".join(lines)).split()


# -- live blogs ------------------------------------------------------------------------------------


def test_a_live_blog_is_its_introduction_and_its_entries() -> None:
    """The post's own text first, then each entry, in the order of their instants."""
    found = updates(read(LIVEBLOG))
    assert list(found) == [
        "post 100",
        *(f"liveblog {id_}" for id_ in (201, 203, 207, 210, 212)),
    ]
    (intro,) = found["post 100"].versions
    assert intro.title == "Live: the storm reaches the harbour"
    assert intro.body == "We follow the storm through the day."
    assert intro.tags == ("Weather", "Storm Ada")


def test_an_entry_shows_what_the_plugin_showed() -> None:
    """Its tag, the name that it mentions, the emoji; the command is not for readers."""
    (version,) = updates(read(LIVEBLOG))["liveblog 201"].versions
    assert version.body == "The #bridge is closed, Sam Reed reports 🌊."
    assert version.key
    assert version.tags == ("Weather", "bridge")
    assert version.author == "Nora O'Dea, Sam Reed"
    assert version.published.instant == datetime(2021, 2, 10, 6, 10, tzinfo=UTC)
    assert version.state == "live"


def test_edits_are_versions_in_their_order() -> None:
    """The plugin overwrites the first text: the first edit is the oldest known text."""
    versions = updates(read(LIVEBLOG))["liveblog 203"].versions
    assert [(v.body, v.updated) for v in versions] == [
        ("Ten boats are adrift.", datetime(2021, 2, 10, 6, 30, tzinfo=UTC)),
        ("Twelve boats are adrift.", datetime(2021, 2, 10, 6, 40, tzinfo=UTC)),
    ]
    assert {v.published.instant for v in versions} == {datetime(2021, 2, 10, 6, 20, tzinfo=UTC)}


def test_a_first_text_that_no_edit_overwrote_is_reported(write: Callable[..., Path]) -> None:
    """Edits of edits are followed to the first; one that changes nothing is no version."""
    path = write(
        post(
            more=comment("5", "One.")
            + comment("6", "Two.", "5", comment_date_gmt="2012-07-15 16:05:00")
            + comment("7", "Two.", "6", comment_date_gmt="2012-07-15 16:06:00")
            + comment("8", "Three.", "7", comment_date_gmt="2012-07-15 16:07:00")
        )
    )
    versions = updates(read(path))["liveblog 5"].versions
    assert [v.body for v in versions] == ["One.", "Two.", "Three."]
    assert [v.updated.minute for v in versions if v.updated] == [4, 5, 7]


def test_a_deleted_entry_is_a_retraction() -> None:
    """At the instant of its deletion; without its text it is only counted."""
    items = read(LIVEBLOG)
    versions = updates(items)["liveblog 207"].versions
    assert [(v.state, v.updated) for v in versions] == [
        ("live", datetime(2021, 2, 10, 6, 50, tzinfo=UTC)),
        ("retracted", datetime(2021, 2, 10, 6, 55, tzinfo=UTC)),
    ]
    assert "1 deleted entry was not imported: the export holds no text" in problems(items)


def test_a_key_event_can_be_taken_back() -> None:
    """Each version says what it was."""
    versions = updates(read(LIVEBLOG))["liveblog 212"].versions
    assert [v.key for v in versions] == [True, False]


def test_hidden_authors_stay_hidden() -> None:
    """And a date without UTC is one of the blog's zone; pictures and films come along."""
    (version,) = updates(read(LIVEBLOG))["liveblog 210"].versions
    assert version.author == ""
    assert version.published.instant == datetime(2021, 2, 10, 7, 5, tzinfo=UTC)
    assert version.body == "The light stands.\n\n<https://video.example/light>"
    assert [(p.name, p.alt) for p in version.pictures] == [("light.jpg", "The lighthouse at eight")]


def test_what_of_a_live_blog_cannot_be_placed_is_reported() -> None:
    """Edits of nothing, entries that wait; readers' comments are counted as everywhere."""
    told = problems(read(LIVEBLOG))
    assert any("edit of the entry 191, which is not there" in what for what in told)
    assert "1 entry that waits for approval was not imported: '215'" in told
    assert "1 comment of a reader was not imported" in told
    assert len(told) == 4


def test_edits_of_a_blog_that_was_moved_before_are_no_loss(write: Callable[..., Path]) -> None:
    """They name entries by earlier numbers; what an entry says by itself needs no edit."""
    items = read(write(post(more=comment("5", "Same.") + comment("6", "Same.", "1"))))
    assert list(updates(items)) == ["post 1", "liveblog 5"]
    assert problems(items) == []


@pytest.mark.parametrize(
    ("comments", "keys"),
    [
        (comment("5", "a", "5"), ["post 1"]),  # an edit of itself
        (comment("5", "a", "6") + comment("6", "b", "5"), ["post 1"]),  # a circle
        (comment("5", "a") + comment("5", "b"), ["post 1", "liveblog 5"]),  # twice
        (comment("x", "a"), ["post 1"]),  # no number
        (comment("5", " "), ["post 1"]),  # nothing in it
        (comment("5", "a", comment_date_gmt="9999-99-99 00:00:00"), ["post 1"]),
    ],
)
def test_comments_that_make_no_sense_are_reported(
    comments: str, keys: list[str], write: Callable[..., Path]
) -> None:
    """And take nothing else with them."""
    items = read(write(post(more=comments)))
    assert list(updates(items)) == keys
    assert problems(items)


def test_a_live_blog_may_stand_in_a_page(write: Callable[..., Path]) -> None:
    """The plugin can use pages; other pages are not imported."""
    items = read(write(post(post_type="page", more=comment("5", "a"))))
    assert list(updates(items)) == ["post 1", "liveblog 5"]


@pytest.mark.parametrize(
    ("text", "html", "tags", "key"),
    [
        ("/key Now", "Now", (), True),
        ("<p>/key Now</p>", "<p>Now</p>", (), True),
        ("see /keys and e.org/key", "see /keys and e.org/key", (), False),
        ('<span class="liveblog-hash term-a">a</span>', "#a", ("a",), False),
        ('<a href="x" class="liveblog-author author-zoe">zoe</a>', "Zoé", (), False),
        ('<a href="x" class="liveblog-author author-new">new</a>', "new", (), False),
        ('<img src="//e/1f1eb-1f1f7.png" class="liveblog-emoji emoji-fr">', "🇫🇷", (), False),
    ],
)
def test_what_the_plugin_puts_into_texts(
    text: str, html: str, tags: tuple[str, ...], key: bool
) -> None:
    """Commands go, tags and names are words, emoji are characters."""
    found = remove_extras(text, {"zoe": "Zoé"})
    assert (found.html, found.tags, found.is_key) == (html, tags, key)


# -- pictures --------------------------------------------------------------------------------------


def png(width: int = 2) -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Pillow.new("RGB", (width, 2)).save(out, "PNG")
    return out.getvalue()


def pictures(path: Path, **given: object) -> list[Picture]:
    """Return the pictures of all updates."""
    return [
        p for u in updates(read(path, **given)).values() for v in u.versions for p in v.pictures
    ]


@pytest.mark.parametrize("top", ["wp-content/uploads", "wp-content", ""])
def test_pictures_are_found_in_a_copy_of_the_site(top: str, tmp_path: Path) -> None:
    """Whichever part of the tree is given; the picture as uploaded before its smaller sizes."""
    folder = tmp_path / "site" / "wp-content" / "uploads"
    for name, width in (("2021/02/quay.jpg", 9), ("2021/02/quay-1024x683.jpg", 3)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(width))
    found = {p.name: p for p in pictures(NEWSROOM, media=tmp_path / "site" / top, post="11")}
    assert found["quay.jpg"].read() == png(9)
    with pytest.raises(InvalidInput, match=r"queue\.png is not in the export, and not in .*site"):
        found["queue.png"].read()


def test_a_size_is_found_where_the_upload_is_not(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    """And a name that looks like a size may be that of an upload."""
    (tmp_path / "2012").mkdir()
    (tmp_path / "2012" / "a-300x200.png").write_bytes(png(3))
    path = write(post("<img src='https://e.org/wp-content/uploads/2012/a-300x200.png'>"))
    (picture,) = pictures(path, media=tmp_path)
    assert picture.read() == png(3)
    (tmp_path / "2012" / "a-scaled.png").write_bytes(png(9))
    assert picture.read() == png(9)


@pytest.mark.parametrize(
    "address", ["/uploads/../../secret.png", "/uploads/%2e%2e/%2e%2e/secret.png", "/uploads/l.png"]
)
def test_nothing_outside_the_folder_is_read(
    address: str, tmp_path: Path, write: Callable[..., Path]
) -> None:
    """However the address leads there, and whatever links lie in it."""
    (tmp_path / "secret.png").write_bytes(png())
    folder = tmp_path / "site" / "uploads"
    folder.mkdir(parents=True)
    (folder / "l.png").symlink_to(tmp_path / "secret.png")
    path = write(post(f"<img src='https://e.org{address}'>"))
    for media in (tmp_path / "site", folder):
        (picture,) = pictures(path, media=media)
        with pytest.raises(InvalidInput, match="is not in the export"):
            picture.read()


def test_the_same_name_of_another_month_is_another_picture(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    """A bare name counts only at the top of the uploads."""
    (tmp_path / "a.png").write_bytes(png())
    path = write(
        post("<img src='https://e.org/wp-content/uploads/2012/07/a.png'>"),
        post("<img src='https://e.org/wp-content/uploads/a.png'>", "2"),
    )
    first, second = pictures(path, media=tmp_path)
    with pytest.raises(InvalidInput, match="is not in the export"):
        first.read()
    assert second.read() == png()


@pytest.fixture
def server() -> object:
    """A server outside."""
    with outside() as found:
        yield found


def test_pictures_are_fetched_where_no_folder_has_them(
    server: Outside, write: Callable[..., Path]
) -> None:
    """The upload first, then the size that the text shows; only from public servers."""
    uploads = f"{server.url}/wp-content/uploads"
    path = write(post(f"<img src='{uploads}/a-300x200.png'><img src='{uploads}/b.png'>"))
    server.pages["/wp-content/uploads/a-300x200.png"] = says(png(3))
    client = Client(allow={server.place})
    first, second = pictures(path, client=client)
    assert first.read() == png(3)
    assert server.paths == ["/wp-content/uploads/a.png", "/wp-content/uploads/a-300x200.png"]
    with pytest.raises(Unreachable, match="answers 404"):
        second.read()
    guarded, _ = pictures(path, client=Client())
    with pytest.raises(Unreachable, match="no public address"):
        guarded.read()


def test_a_featured_picture_that_is_not_in_the_export_is_reported(
    write: Callable[..., Path],
) -> None:
    """And the post still comes."""
    meta = "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>7</wp:meta_value>"
    items = read(write(post(more=f"{meta}</wp:postmeta>")))
    assert list(updates(items)) == ["post 1"]
    assert problems(items) == ["its featured picture (attachment 7) is not in the export"]


def test_no_more_pictures_than_an_update_can_have(write: Callable[..., Path]) -> None:
    """Those beyond become links, and none is lost."""
    path = write(post("".join(f"<img src='https://e.org/{n}.png' alt='n{n}'>" for n in range(60))))
    version = only(path)
    assert len(version.pictures) == 50
    assert "n59" in (version.body or "")


# -- files that are not as they should be ----------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_an_export_that_is_cut_off_is_refused_before_anything_is_imported(
    share: float, tmp_path: Path
) -> None:
    """Nobody could say what it lacks; the message says where it ends."""
    data = NEWSROOM.read_bytes().rstrip()
    path = tmp_path / "cut.xml"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InvalidInput, match=r"cut\.xml (ends in line \d+|is not a WordPress)"):
        Export(path, zone=PARIS)


def test_where_an_export_breaks_off_is_said(tmp_path: Path) -> None:
    """By the post in which it does."""
    path = tmp_path / "cut.xml"
    path.write_text(NEWSROOM.read_text("utf-8").partition("cod, 8")[0], "utf-8")
    with pytest.raises(InvalidInput, match=r"ends in line \d+, in post \? 'Market day'"):
        Export(path, zone=PARIS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a WordPress export"),
        (b"Hello", "is not a WordPress export"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "is not a WordPress export"),
        (b"<html/>", "is not a WordPress export"),
        (b"<rss version='2.0'><channel><item/></channel></rss>", "is not a WordPress export"),
        (b"PK\x03\x04rest", "is a ZIP archive"),
        (b"\x1f\x8b\x08rest", "is compressed with gzip"),
        (b"<!DOCTYPE rss [<!ENTITY a 'x'>]><rss>&a;</rss>", "document type declaration"),
        (
            b"<!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss>&a;</rss>",
            "document type declaration",
        ),
        ((HEAD + post("a") + "</item>" + TAIL).encode(), "not well-formed XML: mismatched tag"),
        ((HEAD + "<title>&unknown;</title>" + TAIL).encode(), "undefined entity"),
    ],
)
def test_what_is_no_export_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """With what it is instead, and what to do."""
    path = tmp_path / "export.xml"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=message) as caught:
        Export(path, zone=PARIS)
    assert caught.value.hint


def test_an_entity_bomb_is_refused_at_its_first_line(tmp_path: Path) -> None:
    """Before it is unpacked: a billion laughs take no memory."""
    lines = ["<!DOCTYPE rss [", "<!ENTITY a0 'ha'>"]
    lines += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)]
    path = tmp_path / "bomb.xml"
    path.write_text(
        "\n".join([*lines, "]>", HEAD.partition("?>")[2], "<title>&a11;</title>", TAIL])
    )
    with pytest.raises(InvalidInput, match="document type declaration"):
        Export(path, zone=PARIS)


def test_a_path_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing file, an empty folder, a folder of pictures that is none."""
    with pytest.raises(InvalidInput, match="Cannot read"):
        Export(tmp_path / "none.xml", zone=PARIS)
    with pytest.raises(InvalidInput, match="holds no XML files"):
        Export(tmp_path, zone=PARIS)
    with pytest.raises(InvalidInput, match="is not a folder"):
        Export(NEWSROOM, zone=PARIS, media=tmp_path / "none")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "ISO-8859-1"),
        ("utf-8", "ISO-8859-1"),
        ("utf-8", "nonsense"),
        ("utf-8", "hex"),
    ],
)
def test_encodings(encoding: str, declared: str, tmp_path: Path) -> None:
    """What reads as UTF-8 is UTF-8; what is called ISO 8859-1 is what its writers meant."""
    euro = "€" if encoding == "cp1252" else "ü"
    path = tmp_path / "export.xml"
    text = HEAD.replace("UTF-8", declared) + post(f"Café, 5 {euro}.") + TAIL
    path.write_bytes(text.encode(encoding))
    items = read(path)
    assert updates(items)["post 1"].versions[0].body == f"Café, 5 {euro}."
    assert problems(items) == []


@pytest.mark.parametrize("declared", ["UTF-8", "hex", "x-unknown"])
def test_an_encoding_that_is_not_the_declared_one_is_reported(
    declared: str, tmp_path: Path
) -> None:
    """Bytes that are none of UTF-8's are Windows-1252's, also where both are mixed."""
    path = tmp_path / "export.xml"
    before, _, after = (HEAD.replace("UTF-8", declared) + post("Été @ élan") + TAIL).partition("@")
    path.write_bytes(before.encode() + "–".encode("cp1252") + after.encode("cp1252"))
    items = read(path)
    assert updates(items)["post 1"].versions[0].body == "Été – élan"
    assert problems(items) == [
        f"it is not in the encoding that it names ({declared.lower()}); other bytes are read as "
        "Windows-1252"
    ]


def test_what_real_exports_get_wrong_costs_no_word(write: Callable[..., Path]) -> None:
    """Blank lines ahead, control characters, HTML's names, references that XML forbids."""
    odd = post(
        "a\x08b\x0b &hellip; &amp;hellip; &#8; &#133; &#60;b&#62; c",
        title="Caf&eacute; &#x1F; &amp; bar",
    )
    version = only(write(odd, head="\ufeff\n\n " + HEAD))
    assert version.title == "Café & bar"
    assert version.body == "ab … &amp;hellip; … \\<b> c".replace("&amp;", "\\&")


def test_a_reference_on_the_edge_of_what_is_read_at_once_is_whole(
    write: Callable[..., Path],
) -> None:
    """Wherever the edge falls."""
    for shift in range(12):
        start = len(HEAD + post("").partition("]]>")[0])
        pad = "x" * ((1 << 16) - start - shift)
        assert only(write(post(f"{pad}&hellip;y"))).body == f"{pad}…y"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"post_date_gmt": "0000-00-00 00:00:00", "post_date": "0000-00-00 00:00:00"}, "its date"),
        ({"post_date_gmt": "9999-12-31 23:59:59"}, "its date cannot be read"),
        ({"post_date_gmt": "0001-01-01 00:00:00"}, "its date cannot be read"),
        ({"post_date_gmt": "soon", "post_date": "<![CDATA[<script>]]>"}, "'<script>'"),
        ({"content": "", "title": ""}, "it is empty"),
    ],
)
def test_a_post_that_makes_no_sense_is_reported(
    fields: dict[str, str], message: str, write: Callable[..., Path]
) -> None:
    """And the rest comes."""
    items = read(write(post(**fields), post("Other.", "2")))
    assert list(updates(items)) == ["post 2"]
    assert message in problems(items)[0]


@pytest.mark.parametrize(
    "text",
    [
        '<figure><video controls src="https://e.org/v.mp4"></video><figcaption>C</figcaption></figure>',
        '[video mp4="https://e.org/v.mp4"][/video]',
        '<video><source src="https://e.org/v.mp4"><a href="https://e.org/v.mp4">v</a></video>',
    ],
)
def test_a_film_is_taken_as_pictures_are(text: str, write: Callable[..., Path]) -> None:
    """Also its caption."""
    (film,) = (found := only(write(post(f"Text.\n\n{text}")))).pictures
    assert (film.name, film.url, found.body) == ("v.mp4", "https://e.org/v.mp4", "Text.")
    assert film.caption == ("C" if "figure" in text else "")


@pytest.mark.parametrize("number", ["", "x", "-1"])
def test_a_post_without_a_number_is_known_by_its_guid_or_address(
    number: str, write: Callable[..., Path]
) -> None:
    """As in exports that other programs write; only a post without any name is refused."""
    one = post("One.", number).replace("<link>", "<guid>https://e.org/?p=1</guid><link>")
    other = post("Other.", number).replace(f"/p/{number}<", "/other/<")
    nameless = post("Third.", number).replace(f"https://e.org/p/{number}", "")
    items = read(write(one, other, nameless, other))
    assert list(updates(items)) == ["post https://e.org/?p=1", "post https://e.org/other/"]
    assert ["neither a number nor an address" in problems(items)[0], len(problems(items))] == [
        True,
        2,
    ]
    assert "it is there twice" in problems(items)[1]


def test_a_number_that_occurs_twice_is_one_post(write: Callable[..., Path]) -> None:
    """The first is imported; the other is reported."""
    items = read(write(post("First."), post("Second.")))
    assert updates(items)["post 1"].versions[0].body == "First."
    assert "it is there twice" in problems(items)[0]


def test_a_title_that_is_too_long_is_shortened_and_reported(write: Callable[..., Path]) -> None:
    """The post is not lost for it."""
    items = read(write(post(title="word " * 100)))
    version, doubts = fit(updates(items)["post 1"].versions[0])
    assert len(version.title or "") <= 300
    assert doubts == ["its title has 499 characters and is shortened"]


def test_a_text_without_end_is_cut_and_reported(write: Callable[..., Path]) -> None:
    """What one post says cannot fill the memory; what plugins keep with it does not count."""
    huge = "x" * (TEXT_LIMIT + 1)
    meta = f"<wp:postmeta><wp:meta_key>k</wp:meta_key><wp:meta_value>{huge}</wp:meta_value>"
    items = read(write(post(huge), post("b", "2", f"{meta}</wp:postmeta>")))
    assert [what for what in problems(items) if "was cut" in what] == [
        f"its text has more than {TEXT_LIMIT:,} characters, and was cut"
    ]


def test_scripts_are_not_imported(write: Callable[..., Path]) -> None:
    """Nor what else acts."""
    bad = "<script>x()</script><a href='javascript:x()' onclick='x()'>a</a>"
    assert only(write(post(f"{bad}<iframe src=data:x></iframe>"))).body == "a"


def test_an_unknown_version_is_reported(write: Callable[..., Path]) -> None:
    """And read all the same."""
    items = read(write(post(), head=HEAD.replace(">1.2<", ">3.0<")))
    assert list(updates(items)) == ["post 1"]
    assert "its version of WXR is unknown ('3.0')" in problems(items)[0]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_every_version_is_read(version: str, write: Callable[..., Path]) -> None:
    """They differ in the address of their namespace, and in fields that are missing."""
    head = HEAD.replace("/1.2/", f"/{version}/").replace(">1.2<", f">{version}<")
    assert problems(read(write(post(), head=head))) == []


def test_the_files_of_one_export_are_read_together(tmp_path: Path) -> None:
    """A post in one shows the pictures of another."""
    head, items, _ = re.split(r"(?<=<generator>)|(?=</channel>)", NEWSROOM.read_text("utf-8"))
    head = head.removesuffix("<generator>")
    parts = re.findall(r"<item>.*?</item>", items, re.DOTALL)
    for number, part in enumerate(parts):
        (tmp_path / f"{number:02}.xml").write_text(f"{head}{part}{TAIL}", "utf-8")
    assert updates(read(tmp_path)).keys() == updates(read(NEWSROOM)).keys()
    assert [p.name for p in pictures(tmp_path)] == [p.name for p in pictures(NEWSROOM)]


@settings(max_examples=60)
@given(st.data())
def test_no_damage_is_more_than_an_error_or_a_report(data: st.DataObject) -> None:
    """Bytes changed, lost or doubled anywhere: refused with a reason, or read."""
    source = data.draw(st.sampled_from([NEWSROOM, LIVEBLOG])).read_bytes()
    place = data.draw(st.integers(0, len(source)))
    width = data.draw(st.integers(0, 200))
    change = data.draw(
        st.one_of(st.binary(max_size=20), st.just(source[place : place + width] * 2))
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xml"
        path.write_bytes(source[:place] + change + source[place + width :])
        with contextlib.suppress(LiveblogError):
            assert all(isinstance(item, Update | Problem) for item in read(path))


@pytest.mark.slow
def test_memory_stays_small_whatever_the_size(tmp_path: Path) -> None:
    """An export of fifty megabytes takes no more than one of five, but for numbers and names."""

    def peak(posts: int) -> tuple[int, int]:
        path = tmp_path / "export.xml"
        filler = "<p>" + "A sentence that says little. " * 160 + "</p>"
        picture = "<wp:attachment_url>https://e.org/{}.jpg</wp:attachment_url>"
        with path.open("w", encoding="utf-8") as file:
            file.write(HEAD)
            for number in range(posts):
                file.write(post(filler, str(number + 1), comment(str(number + 1), filler)))
                if number % 10 == 0:
                    more = picture.format(number)
                    file.write(post("", str(posts + number + 1), more, post_type="attachment"))
            file.write(TAIL)
        size = path.stat().st_size
        tracemalloc.start()
        count = sum(isinstance(item, Update) for item in Export(path, zone=PARIS).items())
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 2 * posts
        return size, top

    small, large = peak(550), peak(5_500)
    assert large[0] > 50_000_000
    assert large[1] < 12_000_000
    assert large[1] - small[1] < 4_000_000


@pytest.mark.parametrize(
    "inside",
    [
        "<title " + " ".join(f"a{n}='x'" for n in range(101)) + ">x</title>",
        "<a>" * 201 + "</a>" * 201,
    ],
)
def test_an_export_for_which_parsers_take_too_long_is_refused(
    inside: str, write: Callable[..., Path]
) -> None:
    """By the same limits as a feed: attributes of an element, elements in each other."""
    with pytest.raises(InvalidInput, match="more than 100 attributes"):
        read(write(post("One."), inside))


def test_a_date_beyond_the_limits_is_reported_and_the_rest_is_imported(
    write: Callable[..., Path],
) -> None:
    """The years 1000 to 9000."""
    beyond = {"post_date": "9999-12-31 23:59:59", "post_date_gmt": "9999-12-31 22:59:59"}
    items = read(write(post("One.", "1"), post("Two.", "2", **beyond)))
    assert list(updates(items)) == ["post 1"]
    assert any("its date cannot be read" in said for said in problems(items))


@pytest.mark.parametrize(
    "dates",
    [
        {"post_date": "2012-07-15", "post_date_gmt": ""},
        {"post_date": "", "post_date_gmt": "", "more": "<pubDate>Sun, 15 Jul 2012</pubDate>"},
    ],
)
def test_a_date_without_a_time_is_a_whole_day(
    write: Callable[..., Path], dates: dict[str, str]
) -> None:
    """WordPress always writes a time, other programs do not; midnight is a time."""
    published = only(write(post(**dates))).published
    assert (published.precision, published.instant.hour) == ("day", 22)
    midnight = {"post_date": "2012-07-15 00:00:00", "post_date_gmt": "2012-07-14 22:00:00"}
    assert only(write(post(**midnight))).published.precision == "instant"
