"""Pictures are published in several sizes, and every page names them; other documents do not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from liveblog import Blog
from liveblog.blog import Image
from liveblog.exports import html as one_file
from liveblog.model.chapter import ChapterDraft
from liveblog.model.errors import ConfigError

from ..conftest import coverage_digest, site_bytes
from ..test_media import encoded, two_colours


def wide(folder: Path, width: int = 1200, ending: str = "png") -> Image:
    """Write a wide picture."""
    path = folder / f"{width}.{ending}"
    path.write_bytes(encoded(two_colours(width, width // 40), ending.upper()))
    return Image(path, "Rouge et bleu", "Deux couleurs")


def images_of(blog: Blog, entry_id: str) -> list[Any]:
    """Return the pictures of an entry on the live page."""
    page = lxml_html.fromstring((blog.paths.site / "index.html").read_bytes())
    article = page.find(f".//article[@id='e-{entry_id}']")
    assert article is not None
    return list(article.iter("img"))


def media_of(blog: Blog) -> set[str]:
    """Return the published pictures: the end of each name."""
    folder = blog.paths.site / "media"
    return {path.name.rpartition("-")[2] for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_smaller_files_are_made_beside_the_picture(blog: Blog, tmp_path: Path) -> None:
    """480 and 960 pixels wide, where the picture is wider; they go with it."""
    entry = blog.post("Trois images.", images=[wide(tmp_path), wide(tmp_path, 600)])
    small = blog.post("Petite.", images=[wide(tmp_path, 480)])
    animated = blog.post("Animée.", images=[wide(tmp_path, 800, "gif")])
    blog.publish()
    files = [path.name for path in (blog.paths.site / "media").rglob("*.webp")]
    assert sorted(name.rpartition("-")[2] for name in files) == ["480.webp", "480.webp", "960.webp"]
    assert not blog.check().faults
    widest, narrow = images_of(blog, entry.id)
    assert [part.split()[1] for part in widest.get("srcset").split(",")] == [
        "480w",
        "960w",
        "1200w",
    ]
    for address in [part.split()[0] for part in widest.get("srcset").split(",")]:
        assert (blog.paths.site / address).is_file()
    assert widest.getparent().tag == "a"
    assert (blog.paths.site / widest.getparent().get("href")).is_file()
    assert narrow.getparent().tag == "figure"  # it is shown as it is
    for other in (small, animated):
        (image,) = images_of(blog, other.id)
        assert image.get("srcset") is None
    blog.edit(entry.id, images=[])
    blog.publish()
    assert not list((blog.paths.site / "media").rglob("*.webp"))
    assert not blog.check().faults


@pytest.mark.parametrize("how", ["remove", pytest.param("retract", marks=pytest.mark.slow)])
def test_what_is_removed_takes_its_smaller_files_along(
    blog: Blog, tmp_path: Path, how: str
) -> None:
    """At once, and nothing of the picture stays on the site."""
    entry = blog.post("Une image.", images=[wide(tmp_path)])
    blog.publish()
    assert media_of(blog) >= {"480.webp", "960.webp"}
    if how == "remove":
        blog.remove(entry.id)
    else:
        blog.retract(entry.id, why="x")
    blog.publish()
    assert media_of(blog) == set()


@pytest.mark.slow
def test_only_what_changed_is_made(
    blog: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if everything is published again, unless a file was altered or the index is lost."""
    from liveblog import imaging

    made: list[int] = []
    original = imaging.smaller

    def smaller(data: bytes, width: int) -> bytes:
        made.append(width)
        return original(data, width)

    monkeypatch.setattr(imaging, "smaller", smaller)
    blog.post("Une image.", images=[wide(tmp_path)])
    blog.publish()
    assert made == [480, 960]
    before = site_bytes(blog.paths.site)
    blog.post("Autre.")
    blog.publish()
    assert blog.publish(full=True).written == []
    assert not blog.check().faults
    assert made == [480, 960]
    (file,) = (blog.paths.site / "media").rglob("*-480.webp")
    file.write_bytes(b"altered")
    assert [fault.place for fault in blog.check().faults] == [
        f"feeds/{file.relative_to(blog.paths.site)}"
    ]
    blog.publish(full=True)
    assert made == [480, 960, 480]
    shutil.rmtree(blog.paths.derived)
    blog.publish()
    assert made == [480, 960, 480, 480, 960]
    after = site_bytes(blog.paths.site)
    assert all(after[name] == data for name, data in before.items() if name.startswith("media/"))


@pytest.mark.slow
def test_a_blog_without_pictures_loads_no_encoder_again(blog: Blog) -> None:
    """The picture for sharing is drawn once; then an update costs what it did."""
    blog.post("Sans image.")
    blog.publish()
    sys.modules.pop("liveblog.imaging", None)
    blog.post("Encore.")
    blog.publish()
    assert "liveblog.imaging" not in sys.modules


@pytest.mark.slow
def test_a_picture_within_a_link_or_without_words_is_still_a_link_with_a_name(
    blog: Blog, tmp_path: Path
) -> None:
    """An author's link is not torn open; a picture in the text has all that others have."""
    entry = blog.post("x", images=[wide(tmp_path)])
    (path,) = (p.relative_to(blog.paths.media) for p in blog.paths.media.rglob("*.png"))
    blog.edit(entry.id, body=f"![](media/{path})\n\n[![Lié](media/{path})](https://example.org/)")
    blog.publish()
    bare, linked, attached = images_of(blog, entry.id)
    assert bare.getparent().get("aria-label") == "Agrandir l’image"
    assert linked.getparent().get("href") == "https://example.org/"
    assert attached.getparent().get("aria-label") is None
    assert {image.get("width") for image in (bare, linked, attached)} == {"1200"}
    assert all("960w" in image.get("srcset") for image in (bare, linked, attached))
    assert [image.getparent().getparent().tag for image in (bare, linked)] == ["p", "p"]


@pytest.mark.slow
def test_only_pages_name_the_smaller_files(blog: Blog, tmp_path: Path) -> None:
    """Not feeds, mails, books or a document that stands alone, which have no others."""
    blog.post("Une image.", images=[wide(tmp_path)], title="Une image")
    blog.chapters.create(
        ChapterDraft(title="Un jour", period="2012-07-15", introduction="x"), image=wide(tmp_path)
    )
    blog.publish()
    site = blog.paths.site
    for feed in (*site.rglob("*.xml"), *site.rglob("feed.json"), *site.rglob("*.md")):
        assert "960" not in feed.read_text("utf-8"), feed
    alone = one_file.render(coverage_digest(blog), blog.config, blog.paths)
    assert "srcset" not in alone.partition("</style>")[2]
    assert "enlarge" not in alone.partition("</style>")[2]
    named = [p for p in site.rglob("index.html") if "srcset" in p.read_text("utf-8")]
    assert {site / "index.html", site / "chapters/index.html"} < set(named)
    assert site / "chapters/un-jour/index.html" in named


def shared_picture(blog: Blog, path: str) -> str:
    """Return the path of the picture that is shown where a page of the site is shared."""
    page = lxml_html.fromstring((blog.paths.site / path).read_bytes())
    found = {
        meta.get("property") or meta.get("name"): meta.get("content") for meta in page.iter("meta")
    }
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:image:alt"]
    address = found["og:image"]
    assert address is not None
    assert address.startswith(blog.config.url)
    assert (blog.paths.site / address.removeprefix(blog.config.url)).is_file()
    return address.removeprefix(blog.config.url)


@pytest.mark.slow
def test_every_page_has_a_picture_for_sharing(blog: Blog, tmp_path: Path) -> None:
    """Its own, or one with the title and the state; the address of that never changes."""
    entry = blog.post("Une image.", images=[wide(tmp_path)], tags=["Alep"])
    blog.post("Sans image.")
    blog.publish()
    site = blog.paths.site
    found = {str(p.relative_to(site)): "" for p in site.rglob("*.html")}
    assert len(found) > 7
    for path in found:
        found[path] = shared_picture(blog, path)
    own = {path for path, picture in found.items() if picture.startswith("media/")}
    assert f"2012/07/15/{entry.id[9:]}/index.html" in own
    assert {found[path] for path in found.keys() - own} == {"card.png"}
    before = (site / "card.png").read_bytes()
    blog.post("Encore.")
    assert "card.png" not in blog.publish().written
    blog.frame("coverage", headline="Un autre titre")
    assert "card.png" in blog.publish().written
    assert blog.publish(full=True).written == []
    blog.end()
    assert "card.png" in blog.publish().written
    assert before != (site / "card.png").read_bytes()
    assert not blog.check().faults


@pytest.mark.slow
def test_a_blog_can_have_its_own_picture_for_sharing(blog: Blog, tmp_path: Path) -> None:
    """A file in static/; then none is drawn. One that is not there is an error with advice."""
    blog.post("Sans image.")
    blog.publish()
    settings = blog.paths.root / "liveblog.toml"
    settings.write_text(f'picture = "nous.png"\n{settings.read_text("utf-8")}', "utf-8")
    with pytest.raises(ConfigError, match=r"nous\.png"):
        Blog(blog.paths.root, clock=blog._clock).publish()
    blog.paths.static.mkdir()
    (blog.paths.static / "nous.png").write_bytes(encoded(two_colours(), "PNG"))
    again = Blog(blog.paths.root, clock=blog._clock)
    again.publish()
    assert shared_picture(again, "index.html").startswith("assets/nous.")
    assert not (again.paths.site / "card.png").exists()
    assert not again.check().faults
