"""Moving: what is put at an address that a blog had before, so that readers find the new one.

A blog's ids do not depend on its address, so after a move only the way there changes. Our own
server sends readers on by itself (``web/moves.py``). For hosts that serve files, this writes a
folder ``moved/…`` for each earlier address: rules in the words of common hosts, and for those that
know no rules a page for each page and a last document for each feed.
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
from ..feeds import Feed, Item, documents
from ..model import addresses
from ..model.errors import storage_errors
from ..pages.data import FeedDocument
from ..pages.render import Pages
from ..storage.paths import Paths
from .report import Report
from .storage.folder import Folder

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""An address that only this machine knew needs no signpost."""


@dataclass(frozen=True)
class Relocation:
    """What a move did."""

    url: str  #: where the blog is now
    before: tuple[str, ...]  #: its earlier addresses
    folders: tuple[Path, ...]  #: what to put there, one for each
    report: Report


def blog_addresses(config: Config, url: str) -> tuple[str, ...]:
    """Return the addresses that a blog will have had once it is at *url*, the latest last."""
    before = dict.fromkeys((*config.moved_from, config.url))
    return tuple(a for a in before if a != url and urlsplit(a).hostname not in LOOPBACK)


def folder_of(folders: Paths, old: str) -> Path:
    """Return the folder with what is for an earlier address."""
    parts = urlsplit(old)
    return folders.moved / re.sub(r"[^A-Za-z0-9.-]+", "-", parts.netloc + parts.path).strip("-")


def write(
    old: str, config: Config, folders: Paths, site: Folder, pages: Pages, now: datetime
) -> Path:
    """Write what is for an earlier address, in the place of what was there; return its folder.

    Raises :class:`StorageError`.
    """
    target = folder_of(folders, old)
    with storage_errors("write to", target):
        if target.exists():
            shutil.rmtree(target)
        paths = [path for path in site.paths() if not path.startswith(".")]
        top = sorted({first + slash for first, slash, _ in (p.partition("/") for p in paths)})
        ours = filter(addresses.is_generated, sorted(paths))
        stand_ins = _stand_ins(ours, config, site, pages, now)
        for name, data in (*rules(old, config.url, top), *stand_ins):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return target


def rules(old: str, new: str, top: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the rules for common hosts; *top* names what the site's root holds.

    Where the new address lies below the old one, no rule may send it on to itself.
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


def _stand_ins(
    names: Iterable[str], config: Config, site: Folder, pages: Pages, now: datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield a page for each page and a last document for each feed of the site."""
    for name in names:
        folder, _, last = name.rpartition("/")
        folder += "/" if folder else ""
        if last == "index.html":
            yield f"pages/{name}", pages.redirect(addresses.url(config.url, folder)).encode()
        elif name == "404.html":
            yield f"pages/{name}", pages.redirect(config.url).encode()
        elif last == "feed.json" and not folder[:4].isdigit():  # nobody subscribes to an archive
            # It was published just now.
            title = msgspec.json.decode(site.read(name) or b"{}", type=FeedDocument).title
            feed = last_feed(folder, title, config, pages, now)
            for name_of, data in documents(feed):
                yield f"pages/{folder}{name_of}", data


def last_feed(folder: str, title: str, config: Config, pages: Pages, now: datetime) -> Feed:
    """Return the last document of a feed at an earlier address.

    Readers follow a redirect; few follow a new rel=self, and none tells its user. So it has the
    feed's own id and its new address, and one entry that says where it went.
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
             to its new place, and each feed says where it went. Leave media/ where it is.

Readers of feeds follow redirects and find everything under the ids that they know. With pages/
only, they have to subscribe again, and the feeds tell them so.
"""
