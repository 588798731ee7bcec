"""Writes redirects for the earlier addresses of a blog, to be put where it was served.

The blog's ids do not depend on its address, so only the addresses change. ``liveblog serve``
redirects by itself (``web/redirects.py``). For hosts that serve files, a folder ``moved/…`` for
each earlier address has redirect rules for common hosts, and for all others a page in place of each
page and a last document in place of each feed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from ..config import Config
from ..config.writing import at_address
from ..feeds import Feed, Item, documents
from ..model import addresses
from ..model.errors import storage_errors
from ..pages.data import FeedDocument
from ..pages.render import Pages
from ..storage.atomic import replace_file
from ..storage.paths import Paths
from .report import Report
from .storage.folder import Folder

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that only this machine knows: no redirects are needed from there."""


@dataclass(frozen=True)
class Relocation:
    """The result of a relocation."""

    url: str  #: the current address
    before: tuple[str, ...]  #: its earlier addresses
    folders: tuple[Path, ...]  #: with the redirects, one for each of them
    report: Report


def change_address(path: Path, config: Config, url: str) -> tuple[str, ...]:
    """Write the new address *url* to the settings file; return the blog's earlier addresses.

    Raises :class:`ConfigError` for an invalid address.
    """
    url = url if url.endswith("/") else f"{url}/"
    before = blog_addresses(config, url)
    with storage_errors("change", path):
        text = path.read_bytes().decode()
        changed = at_address(text, url, before)
        if changed != text:
            target = path.resolve()  # replace the file, not a symbolic link to it
            replace_file(target, changed.encode(), mode=target.stat().st_mode & 0o777)
    return before


def blog_addresses(config: Config, url: str) -> tuple[str, ...]:
    """Return the earlier addresses of a blog once it is at *url*, the latest last."""
    before = dict.fromkeys((*config.moved_from, config.url))
    return tuple(a for a in before if a != url and urlsplit(a).hostname not in LOOPBACK)


def folder_of(paths: Paths, old: str) -> Path:
    """Return the folder with the redirects from an earlier address."""
    parts = urlsplit(old)
    return paths.redirects / re.sub(r"[^A-Za-z0-9.-]+", "-", parts.netloc + parts.path).strip("-")


def write(
    old: str, config: Config, paths: Paths, site: Folder, pages: Pages, now: datetime
) -> Path:
    """Write the redirects from the earlier address *old*; return their folder, which is replaced.

    Raises :class:`StorageError`.
    """
    target = folder_of(paths, old)
    with storage_errors("write to", target):
        if target.exists():
            shutil.rmtree(target)
        names = [path for path in site.paths() if not path.startswith(".")]
        top = sorted({first + slash for first, slash, _ in (name.partition("/") for name in names)})
        ours = filter(addresses.is_generated, sorted(names))
        pages_and_feeds = _redirect_pages(ours, config, site, pages, now)
        for name, data in (*rules(old, config.url, top), *pages_and_feeds):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return target


def rules(old: str, new: str, top: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield files with redirect rules for common hosts; *top* names the items in the site's root.

    If the new address lies below the old one, no rule may redirect it to itself.
    """
    before, after = urlsplit(old), urlsplit(new)
    path = before.path
    is_below = before.netloc == after.netloc and after.path.startswith(path)
    rest = f"(?!{re.escape(after.path[len(path) :])})(.*)" if is_below else "(.*)"
    pattern = f"^{re.escape(path)}{rest}$"
    if is_below:
        listed = [f"{path}  {new}  301"]
        for name in top:
            star, splat = ("*", ":splat") if name.endswith("/") else ("", "")
            listed.append(f"{path}{quote(name)}{star}  {new}{quote(name)}{splat}  301")
    else:
        listed = [f"{path}*  {new}:splat  301"]
        if path != "/":
            listed.insert(0, f"{path.rstrip('/')}  {new}  301")
    yield "_redirects", ("\n".join(listed) + "\n").encode()
    yield ".htaccess", f'RedirectMatch 301 "{pattern}" "{new}$1"\n'.encode()
    yield (
        "nginx.conf",
        (
            f"# In the server block of {before.netloc}:\n"
            f"location {path} {{\n"
            f'    rewrite "{pattern}" "{new}$1" permanent;\n'
            "}\n"
        ).encode(),
    )
    yield "README.txt", _README.format(old=old, new=new).encode()


def _redirect_pages(
    names: Iterable[str], config: Config, site: Folder, pages: Pages, now: datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield a redirect page for each page of the site, and a last document for each feed."""
    for name in names:
        folder, _, last = name.rpartition("/")
        folder += "/" if folder else ""
        if last == "index.html":
            yield f"pages/{name}", pages.redirect(addresses.url(config.url, folder)).encode()
        elif name == "404.html":
            yield f"pages/{name}", pages.redirect(config.url).encode()
        elif last == "feed.json" and not folder[:4].isdigit():  # no archive
            title = msgspec.json.decode(site.read(name) or b"{}", type=FeedDocument).title
            feed = last_feed(folder, title, config, pages, now)
            for name_of, data in documents(feed):
                yield f"pages/{folder}{name_of}", data


def last_feed(folder: str, title: str, config: Config, pages: Pages, now: datetime) -> Feed:
    """Return the last document of a feed at an earlier address.

    Feed readers follow a redirect; few follow a new ``rel=self``, and none informs its user. So the
    document has the feed's own id and its new address, and one entry that names that address.
    """
    url = addresses.url(config.url, folder)
    feed_id = addresses.feed_urn(config.id, re.sub("^tags/", "tag/", folder.rstrip("/")))
    words = pages.words
    text = words.say("This feed has moved. Subscribe to its new address:")
    atom_url = f"{url}atom.xml"
    moved = Item(
        id=f"{feed_id}/moved/{quote(url, safe='')}",
        url=url,
        title=words.say("This feed has moved"),
        content=str(pages.link_paragraph(text, atom_url)),
        summary=f"{text} {atom_url}",
        published=now,
        updated=now,
        author=config.author or config.title,
    )
    return Feed(
        id=feed_id,
        title=title,
        subtitle=config.description,
        home_url=url,
        folder_url=url,
        language=config.language,
        author=config.author or config.title,
        updated=now,
        items=(moved,),
    )


_README = """\
{old}
has moved to
{new}

Put one of these where the site was served, as far as the host there knows it:

_redirects   Netlify, Cloudflare Pages, GitLab Pages: at the root of the host, in an otherwise
             empty site
.htaccess    Apache: in the site's folder, or at the root of the host
nginx.conf   nginx: in the server's configuration
pages/       any other host, such as GitHub Pages: its content, over what was there. Each page leads
             to its new address, and each feed names it. Leave media/ where it is.

Readers of feeds follow redirects and find everything under the ids that they know. With pages/
only, they have to subscribe again, as the feeds say.
"""
