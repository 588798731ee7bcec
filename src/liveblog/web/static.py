"""Serves the published site: files from memory, redirects, 404 and 410 (RFC 9110, RFC 9111).

Each file is read, hashed and compressed once, then served from memory until it changes on disk, no
matter which process published it. ETags depend on the bytes alone, so they are the same after a
restart and in every process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote, urlsplit

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from ..blog import Blog
from ..feeds.model import ENDED_MINUTES, LIVE_MINUTES
from ..model import addresses
from ..model.hashing import blake2b
from ..pages.data import FeedDocument
from ..site.storage.compressed import Compressed
from .link_header import link_header
from .removed_entries import RemovedEntries
from .static_file import (
    COMPRESSIBLE,
    PAGE_HEADERS,
    Answer,
    File,
    FileState,
    encodings,
    is_known,
    send_answer,
)

CACHE_BYTES = 128_000_000
"""Bytes of memory for files; the least recently requested are evicted."""

LARGE = 2_000_000
"""Bytes above which a file is not cached but sent from disk."""

TYPES = {
    "atom.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json",
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
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".vtt": "text/vtt; charset=utf-8",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Media types by file name, else by ending."""
PUBLICATION_TIMEOUT = 2.0
"""Seconds that a request waits for the publication of entries that were broadcast already."""

IMMUTABLE = "public, max-age=31536000, immutable"
PAGE = "public, no-cache"
POLLED = "public, max-age=5"

READERS = 4
"""Threads that read, compress or render files."""

LOOKUPS = 2
"""Threads that look for removed entries in the journal."""

_EMPTY = (b"content-length", b"0")


class SiteFiles:
    """The files of a published site, and their cache."""

    def __init__(
        self,
        blog: Blog,
        removed: RemovedEntries,
        *,
        is_over: Callable[[], bool],
        is_published: asyncio.Event,
    ) -> None:
        """Serve the site of *blog*.

        *is_over* says whether the coverage is over. *is_published* is set while the site shows all
        entries that were broadcast.
        """
        self._blog = blog
        self._removed = removed
        self._is_over = is_over
        self._is_published = is_published
        self._root = str(blog.paths.site)
        self._config = blog.config
        self._compressed = Compressed(blog.paths.compressed)
        self._files: OrderedDict[str, File] = OrderedDict()
        self._reading: dict[str, asyncio.Future[File | None]] = {}
        self._threads = CapacityLimiter(READERS)
        self._lookups = CapacityLimiter(LOOKUPS)
        self.cached_bytes = 0

    async def serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a path below the site's root."""
        if scope["method"] not in ("GET", "HEAD"):
            return await send_answer(send, Answer(405, [(b"allow", b"GET, HEAD"), _EMPTY]))
        headers: dict[bytes, bytes] = dict(scope["headers"])
        is_head = scope["method"] == "HEAD"
        answer = self.cached(path, headers) or await self._answer(path, scope, headers)
        if isinstance(answer, Answer):
            return await send_answer(send, answer, is_head)
        await self._send_large(scope, receive, send, _file_name(path), answer)

    async def _answer(
        self, path: str, scope: Scope, headers: Mapping[bytes, bytes]
    ) -> Answer | File:
        """Return the answer to a request, or the file if it is not cached but sent from disk."""
        query: bytes = scope["query_string"]
        if target := self._redirect(path):
            caching = (b"cache-control", b"public, max-age=300")
            return _redirection(target.encode("latin-1", "replace"), query, caching)
        if self._is_retired(path):
            return await self._error(410)
        name = _file_name(path)
        if name == "live.json":
            await self._wait_for_publication()
        find = self._feed_preview if _is_feed_preview(name, headers) else self.file
        file = await find(name)
        if file is None:
            if path and not path.endswith("/") and await self.file(f"{path}/index.html"):
                return _redirection(quote(path.rpartition("/")[2]).encode() + b"/", query)
            if await run_sync(self._removed.has, path, limiter=self._lookups):
                return await self._error(410)
            if await self._wait_for_publication():
                file = await find(name)
        if file is None:
            return await self._error(404)
        return file.answer(headers) if file.bodies else file

    def cached(self, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """Return the answer to a GET if it is in memory and up to date."""
        name = _file_name(path)
        file = self._files.get(name)
        if (
            file is None
            or not file.bodies
            or path in self._config.redirects
            or self._is_retired(path)
            or _is_feed_preview(name, headers)
            or (name == "live.json" and not self._is_published.is_set())
            or file.state != _state(f"{self._root}/{name}")
        ):
            return None
        self._files.move_to_end(name)
        return file.answer(headers)

    async def _wait_for_publication(self) -> bool:
        """Wait until the site shows all that was broadcast; return whether there was a wait."""
        if self._is_published.is_set():
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_published.wait(), PUBLICATION_TIMEOUT)
        return True

    # -- files --------------------------------------------------------------------------------

    async def file(self, name: str) -> File | None:
        """Return a file of the site as it is now, or None if there is none.

        A file that is not cached is read in a worker thread, once for all concurrent requests.
        """
        path = f"{self._root}/{name}"
        if not _is_plain(name) or not (state := _state(path)):
            return None
        known = self._files.get(name)
        if known is not None and known.state == state:
            self._files.move_to_end(name)
            return known
        return await self._load(name, partial(self._read, name, path, state))

    async def _load(self, name: str, make: Callable[[], File | None]) -> File | None:
        """Call *make* in a worker thread, once for all concurrent requests; cache the result."""
        if name not in self._reading:

            async def load() -> File | None:
                try:
                    return self._store(name, await run_sync(make, limiter=self._threads))
                finally:
                    del self._reading[name]

            task = self._reading[name] = asyncio.ensure_future(load())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # The first client may disconnect while others wait for the same file.
        return await asyncio.shield(self._reading[name])

    def _store(self, name: str, file: File | None) -> File | None:
        """Cache a file; evict the least recently requested ones."""
        if name in self._files:
            self.cached_bytes -= self._files.pop(name).size
        if file is None:
            return None
        self._files[name] = file
        self.cached_bytes += file.size
        while self.cached_bytes > CACHE_BYTES and len(self._files) > 1:
            _, old = self._files.popitem(last=False)
            self.cached_bytes -= old.size
        return file

    def _read(self, name: str, path: str, state: FileState) -> File | None:
        if not os.path.isfile(path) or not os.path.realpath(path).startswith(
            os.path.realpath(self._root) + os.sep
        ):
            return None
        folder, _, last = name.rpartition("/")
        ending = os.path.splitext(last)[1]
        kind = TYPES.get(last) or TYPES.get(ending, "application/octet-stream")
        cache = self._cache_control(name, last)
        modified = state[0] // 1_000_000_000
        is_shared = last in addresses.FORMATS or last in ("live.json", "embed.js", "figures.csv")
        if name.startswith("media/") or state[1] > LARGE:
            return File(state, modified, kind, cache, {}, shared=is_shared)
        try:
            with open(path, "rb") as opened:
                data = opened.read()
        except OSError:
            return None
        vary = "Accept-Encoding" if kind.startswith(COMPRESSIBLE) else ""
        link = ""
        if last in addresses.FORMATS:
            vary += ", Sec-Fetch-Dest"
            link = f'<{addresses.url(self._config.url, name)}>; rel="self"'
            link += "".join(f', <{hub}>; rel="hub"' for hub in self._config.websub.hubs)
        elif name == "live.json":
            link = '<events>; rel="alternate"; type="text/event-stream"'
        elif last.endswith(".html"):
            url = addresses.url(self._config.url, f"{folder}/" if folder else "")
            link = link_header(data.decode("utf-8", "replace"), url)
        bodies = encodings(data, kind, self._compressed.get(name, data))
        return File(state, modified, kind, cache, bodies, vary, link, is_shared)

    def _cache_control(self, name: str, last: str) -> str:
        if name.startswith(("assets/", "media/")):
            return IMMUTABLE
        if last in addresses.FORMATS:
            minutes = ENDED_MINUTES if self._is_over() else LIVE_MINUTES
            return f"public, max-age={minutes * 60}"
        return POLLED if last == "live.json" else PAGE

    async def _feed_preview(self, name: str) -> File | None:
        """Return the page that a browser shows at the address of a feed."""
        feed = await self.file(name)
        folder = name.rpartition("/")[0]
        source = await self.file(f"{folder}/feed.json" if folder else "feed.json")
        if feed is None or source is None or "" not in source.bodies:
            return feed
        key = f"{name} preview"
        known = self._files.get(key)
        if known is not None and known.state == source.state:
            return known
        return await self._load(key, partial(self._read_preview, name, feed, source))

    def _read_preview(self, name: str, feed: File, source: File) -> File:
        document = msgspec.json.decode(source.bodies[""].data, type=FeedDocument)
        document.feed_url = addresses.url(self._config.url, name)
        data = self._blog.publisher.pages.feed(name, document)
        kind = TYPES[".html"]
        bodies = encodings(data, kind)
        return File(source.state, feed.modified, kind, feed.cache, bodies, feed.vary, feed.link)

    # -- redirects and errors -----------------------------------------------------------------

    def _redirect(self, path: str) -> str:
        """Return the target of a path by ``redirects`` in the settings, or an empty string."""
        target = self._config.redirects.get(path)
        if target is None:
            return ""
        return target if "://" in target else addresses.url(self._config.url, target)

    def _is_retired(self, path: str) -> bool:
        """Whether a path is listed in ``gone`` in the settings."""
        return any(
            path == gone or (gone.endswith("/") and path.startswith(gone))
            for gone in self._config.gone
        )

    async def _error(self, status: int) -> Answer:
        def render() -> bytes:
            root = urlsplit(self._config.url).path
            return self._blog.publisher.pages.not_found(root, is_gone=status == 410)

        data = await run_sync(render, limiter=self._threads)
        headers = [
            *PAGE_HEADERS,
            (b"content-type", TYPES[".html"].encode()),
            (b"content-length", b"%d" % len(data)),
            (b"cache-control", b"no-cache" if status == 404 else b"public, max-age=300"),
        ]
        return Answer(status, headers, data)

    # -- large files --------------------------------------------------------------------------

    async def _send_large(
        self, scope: Scope, receive: Receive, send: Send, name: str, file: File
    ) -> None:
        """Send a picture or another large file from disk, whole or a range of it."""
        # The name of a picture contains a hash of its bytes.
        named = name if name.startswith("media/") else f"{name} {file.state[:2]}"
        etag = f'"{blake2b(named.encode(), digest_size=8).hexdigest()}"'.encode()
        headers = file.validators(etag, file.date)
        if is_known(dict(scope["headers"]), etag, file.modified):
            return await send_answer(send, Answer(304, headers))
        response = FileResponse(
            f"{self._root}/{name}",
            media_type=file.type,
            headers={key.decode(): value.decode("latin-1") for key, value in headers},
        )
        await response(scope, receive, send)


def _redirection(target: bytes, query: bytes, *headers: tuple[bytes, bytes]) -> Answer:
    location = target + (b"?" + query if query else b"")
    return Answer(308, [(b"location", location), *headers, _EMPTY])


def _is_plain(name: str) -> bool:
    """Whether a path stays inside the site and names no hidden file."""
    return not any(part.startswith(".") or not part for part in name.split("/")) and not (
        "\0" in name or "\\" in name
    )


def _file_name(path: str) -> str:
    return path + "index.html" if path.endswith("/") or not path else path


def _is_feed_preview(name: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser navigates to the address of a feed."""
    is_navigation = headers.get(b"sec-fetch-dest") == b"document"
    return is_navigation and name.rpartition("/")[2] in addresses.FORMATS


def _state(path: str) -> FileState | None:
    """Return the state of a file on disk, or None if there is no file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
