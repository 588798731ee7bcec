"""The published site over HTTP: what feed fetchers and browsers deserve (RFC 9110, RFC 9111).

In comes a request for a path below the site's root; out goes the file there, or what the settings
say of it. Each file is read, hashed and compressed once and then served from memory, until it
changes on disk; whoever published it. ETags come from the bytes alone, so they are the same after
a restart and in every process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urljoin

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from ..config import Config
from ..feeds.model import ENDED_MINUTES, LIVE_MINUTES
from ..model import addresses
from ..model.hashing import blake2b
from ..site.storage.compressed import Compressed
from .static_file import PACKED, PAGE_HEADERS, Answer, File, Mark, encodings, is_known

MEMORY = 128_000_000  #: bytes of files held ready
LARGE = 2_000_000
"""Files of more bytes than this are sent from disk."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FEED_TYPES = {
    "atom.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json",
}

LANDS_WITHIN = 2.0
"""Seconds that a request waits for what readers were told of and is not on the site yet."""

IMMUTABLE = "public, max-age=31536000, immutable"
PAGE = "public, no-cache"
POLLED = "public, max-age=5"

AT_ONCE = 4
"""Files and pages that are read, compressed or rendered at the same time, in worker threads."""

LOOKUPS = 2
"""Requests for what is not there that look into the journal at the same time."""

_EMPTY = (b"content-length", b"0")

Page = Callable[[str, int], bytes]
"""Makes the page for a path and a status of 404 or 410."""


class Files:
    """An ASGI application over the site in a folder."""

    def __init__(
        self,
        root: Path,
        config: Config,
        compressed: Compressed,
        *,
        preview: Callable[[str, bytes], bytes],
        missing: Page,
        is_gone: Callable[[str], bool],
        is_over: Callable[[], bool],
        landed: asyncio.Event,
    ) -> None:
        """Serve *root*, of which *compressed* has copies.

        *preview* makes a page of a feed (its folder, its JSON Feed); *missing* the page for what is
        not there; *is_gone* says whether a path was there and was removed; *is_over* whether the
        coverage is; *landed* is set unless readers were told of what is not on the site yet.
        """
        self._root = str(root)
        self._config = config
        self._compressed = compressed
        self._preview = preview
        self._missing = missing
        self._is_gone = is_gone
        self._is_over = is_over
        self._landed = landed
        self._files: OrderedDict[str, File] = OrderedDict()
        self._reading: dict[str, asyncio.Future[File | None]] = {}
        self._threads = CapacityLimiter(AT_ONCE)
        self._lookups = CapacityLimiter(LOOKUPS)
        self._refreshing: set[asyncio.Task[None]] = set()
        self.held = 0  #: bytes held ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; ``path`` in the scope's state is below the blog's own."""
        path: str = scope["state"]["path"]
        if scope["method"] not in ("GET", "HEAD"):
            return await _send(send, Answer(405, [(b"allow", b"GET, HEAD"), _EMPTY]))
        asked: dict[bytes, bytes] = dict(scope["headers"])
        is_head = scope["method"] == "HEAD"
        if answer := self.ready(path, asked):
            return await _send(send, answer, is_head)
        if moved := self._moved(path):
            query = scope["query_string"]
            target = moved + (f"?{query.decode('latin-1')}" if query else "")
            location = (b"location", target.encode("latin-1", "replace"))
            kept = (b"cache-control", b"public, max-age=300")
            return await _send(send, Answer(308, [location, kept, _EMPTY]))
        if self._retired(path):
            return await self._send_missing(send, path, 410, is_head)
        name = _name(path)
        if name == "live.json":
            await self._landing()
        find = self._page_of_feed if _is_page_of_feed(name, asked) else self.file
        file = await find(name)
        if file is None:
            if path and not path.endswith("/") and await self.file(f"{path}/index.html"):
                query = scope["query_string"]
                here = quote(path.rpartition("/")[2]) + "/"
                where = here.encode() + (b"?" + query if query else b"")
                return await _send(send, Answer(308, [(b"location", where), _EMPTY]))
            if await run_sync(self._is_gone, path, limiter=self._lookups):
                return await self._send_missing(send, path, 410, is_head)
            if await self._landing():
                file = await find(name)
        if file is None:
            return await self._send_missing(send, path, 404, is_head)
        if not file.bodies:
            return await self._send_large(scope, receive, send, name, file)
        await _send(send, file.answer(asked), is_head)

    def ready(self, path: str, asked: Mapping[bytes, bytes]) -> Answer | None:
        """Return the answer to a GET that can be given from memory; None if it takes more."""
        name = _name(path)
        file = self._files.get(name)
        if (
            file is None
            or not file.bodies
            or path in self._config.redirects
            or self._retired(path)
            or _is_page_of_feed(name, asked)
            or (name == "live.json" and not self._landed.is_set())
            or file.mark != _mark(f"{self._root}/{name}")
        ):
            return None
        self._files.move_to_end(name)
        return file.answer(asked)

    async def _landing(self) -> bool:
        """Wait until the site shows what readers were told of; return whether it had to."""
        if self._landed.is_set():
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._landed.wait(), LANDS_WITHIN)
        return True

    # -- files --------------------------------------------------------------------------------

    async def file(self, name: str) -> File | None:
        """Return a file of the site as it is now, or None if there is none.

        It is read, hashed and compressed in a worker thread, once for all who ask meanwhile.
        """
        path = f"{self._root}/{name}"
        if not _is_plain(name) or not (mark := _mark(path)):
            return None
        known = self._files.get(name)
        if known is not None and known.mark == mark:
            self._files.move_to_end(name)
            return known
        return await self._once(name, partial(self._read, name, path, mark))

    async def _once(self, name: str, make: Callable[[], File | None]) -> File | None:
        """Return what *make* makes in a worker thread, and hold it under *name*."""
        if name not in self._reading:

            async def making() -> File | None:
                try:
                    return self._keep(name, await run_sync(make, limiter=self._threads))
                finally:
                    del self._reading[name]

            made = self._reading[name] = asyncio.ensure_future(making())
            made.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Whoever asked first may leave; the others still wait for it.
        return await asyncio.shield(self._reading[name])

    def refresh(self, names: Iterable[str]) -> None:
        """Make ready again, before anybody asks, what is held and was published anew."""
        held = [name for name in names if name in self._files]

        async def refreshing() -> None:
            for name in held:
                await self.file(name)

        task = asyncio.get_running_loop().create_task(refreshing())
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    def _keep(self, name: str, file: File | None) -> File | None:
        """Hold a file ready; let go of those that nobody asked for lately."""
        if name in self._files:
            self.held -= self._files.pop(name).size
        if file is None:
            return None
        self._files[name] = file
        self.held += file.size
        while self.held > MEMORY and len(self._files) > 1:
            _, old = self._files.popitem(last=False)
            self.held -= old.size
        return file

    def _read(self, name: str, path: str, mark: Mark) -> File | None:
        if not os.path.isfile(path) or not os.path.realpath(path).startswith(
            os.path.realpath(self._root) + os.sep
        ):
            return None
        folder, _, last = name.rpartition("/")
        kind = FEED_TYPES.get(last) or TYPES.get(
            os.path.splitext(last)[1], "application/octet-stream"
        )
        cache = self._cache_control(name, last)
        modified = mark[0] // 1_000_000_000
        is_shared = last in FEED_TYPES or last in ("live.json", "embed.js", "figures.csv")
        if name.startswith("media/") or mark[1] > LARGE:
            return File(mark, modified, kind, cache, {}, shared=is_shared)
        try:
            with open(path, "rb") as opened:
                data = opened.read()
        except OSError:
            return None
        vary = "Accept-Encoding" if kind.startswith(PACKED) else ""
        link = ""
        if last in FEED_TYPES:
            vary += ", Sec-Fetch-Dest"
            link = f'<{addresses.url(self._config.url, name)}>; rel="self"'
            link += "".join(f', <{hub}>; rel="hub"' for hub in self._config.websub.hubs)
        elif name == "live.json":
            link = '<events>; rel="alternate"; type="text/event-stream"'
        elif last.endswith(".html"):
            here = addresses.url(self._config.url, f"{folder}/" if folder else "")
            link = _links_of(data.decode("utf-8", "replace"), here)
        bodies = encodings(data, kind, self._compressed.get(name, data))
        return File(mark, modified, kind, cache, bodies, vary, link, is_shared)

    def _cache_control(self, name: str, last: str) -> str:
        if name.startswith(("assets/", "media/")):
            return IMMUTABLE
        if last in FEED_TYPES:
            minutes = ENDED_MINUTES if self._is_over() else LIVE_MINUTES
            return f"public, max-age={minutes * 60}"
        return POLLED if last == "live.json" else PAGE

    async def _page_of_feed(self, name: str) -> File | None:
        """Return a page that shows a feed to somebody who opened its address in a browser."""
        feed = await self.file(name)
        folder = name.rpartition("/")[0]
        source = await self.file(f"{folder}/feed.json" if folder else "feed.json")
        if feed is None or source is None or "" not in source.bodies:
            return feed
        key = f"{name} as a page"
        known = self._files.get(key)
        if known is not None and known.mark == source.mark:
            return known
        return await self._once(key, partial(self._read_preview, name, feed, source))

    def _read_preview(self, name: str, feed: File, source: File) -> File:
        data = self._preview(name, source.bodies[""].data)
        kind = TYPES[".html"]
        bodies = encodings(data, kind)
        return File(source.mark, feed.modified, kind, feed.cache, bodies, feed.vary, feed.link)

    # -- what is not there --------------------------------------------------------------------

    def _moved(self, path: str) -> str:
        """Return where a path moved to by the settings, or an empty string."""
        target = self._config.redirects.get(path)
        if target is None:
            return ""
        return target if "://" in target else addresses.url(self._config.url, target)

    def _retired(self, path: str) -> bool:
        return any(
            path == gone or (gone.endswith("/") and path.startswith(gone))
            for gone in self._config.gone
        )

    async def _send_missing(self, send: Send, path: str, status: int, is_head: bool) -> None:
        data = await run_sync(self._missing, path, status, limiter=self._threads)
        headers = [
            *PAGE_HEADERS,
            (b"content-type", TYPES[".html"].encode()),
            (b"content-length", b"%d" % len(data)),
            (b"cache-control", b"no-cache" if status == 404 else b"public, max-age=300"),
        ]
        await _send(send, Answer(status, headers, data), is_head)

    # -- what is ------------------------------------------------------------------------------

    async def _send_large(
        self, scope: Scope, receive: Receive, send: Send, name: str, file: File
    ) -> None:
        """Send a picture or another large file from disk, whole or a range of it."""
        # The name of a picture holds a hash of its bytes; what else is large has its date.
        named = name if name.startswith("media/") else f"{name} {file.mark[:2]}"
        etag = f'"{blake2b(named.encode(), digest_size=8).hexdigest()}"'.encode()
        headers = file.validators(etag, file.date)
        if is_known(dict(scope["headers"]), etag, file.modified):
            return await _send(send, Answer(304, headers))
        response = FileResponse(
            f"{self._root}/{name}",
            media_type=file.type,
            headers={key.decode(): value.decode("latin-1") for key, value in headers},
        )
        await response(scope, receive, send)


def _is_plain(name: str) -> bool:
    """Whether a path leads nowhere but down, to no hidden file."""
    return not any(part.startswith(".") or not part for part in name.split("/")) and not (
        "\0" in name or "\\" in name
    )


def _name(path: str) -> str:
    return path + "index.html" if path.endswith("/") or not path else path


def _is_page_of_feed(name: str, asked: Mapping[bytes, bytes]) -> bool:
    """Whether somebody opened the address of a feed in a browser."""
    is_opened = asked.get(b"sec-fetch-dest") == b"document"
    return is_opened and name.rpartition("/")[2] in FEED_TYPES


def _mark(path: str) -> Mark | None:
    """Return what tells one state of a file from another, or None if there is no file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class _Head(HTMLParser):
    """Gathers the links in a page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []
        self.is_done = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "link":
            self.links.append({name: value or "" for name, value in attrs})
        elif tag == "body":
            self.is_done = True


SAID_IN_HEADERS = {"alternate", "canonical", "hub", "self", "prev", "next", "micropub", "me"}


def _links_of(html: str, here: str) -> str:
    """Return the links of a page's head as a Link header (RFC 8288), so that the two agree."""
    parser = _Head()
    parser.feed(html.partition("<body")[0])
    found = []
    for link in parser.links:
        if not SAID_IN_HEADERS & set(link.get("rel", "").split()):
            continue
        text = f'<{urljoin(here, link.get("href", ""))}>; rel="{link["rel"]}"'
        if kind := link.get("type"):
            text += f'; type="{kind}"'
        if title := link.get("title"):
            text += f"; title*=UTF-8''{quote(title, safe='')}"
        found.append(text)
    return ", ".join(found)


async def _send(send: Send, answer: Answer, is_head: bool = False) -> None:
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if is_head else answer.data})
